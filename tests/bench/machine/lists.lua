local total = 0
for round = 0, 10 - 1 do
  local xs = {}
  for i = 0, 500000 - 1 do xs[#xs + 1] = i * 2 end
  for i = 1, #xs do total = total + xs[i] end
  for _, x in ipairs(xs) do total = total + x end
  xs[round + 1] = total
end
print(total)
