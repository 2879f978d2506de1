local i, odd, even = 0, 0, 0
while i < 20000000 do
  if i % 2 == 0 then even = even + 1 else odd = odd + i end
  i = i + 1
end
print(odd .. " " .. even)
