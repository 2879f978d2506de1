local xs = {}
local seed = 42
for i = 0, 300000 - 1 do
  seed = (seed * 1103515245 + 12345) % 2147483648
  xs[#xs + 1] = seed
end
table.sort(xs, function(a, b) return a > b end)
print(xs[1] .. " " .. xs[150001] .. " " .. xs[#xs])
