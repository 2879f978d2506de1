local xs = {}
local seed = 42
for i = 0, 600000 - 1 do
  seed = (seed * 1103515245 + 12345) % 2147483648
  xs[#xs + 1] = seed
end
table.sort(xs)
print(xs[1] .. " " .. xs[300001] .. " " .. xs[#xs])
