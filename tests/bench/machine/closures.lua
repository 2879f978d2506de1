local function counter(step)
  local count = 0
  return function() count = count + step; return count end
end
local a, b = counter(1), counter(2)
local total = 0
for i = 0, 5000000 - 1 do total = total + a() + b() end
print(total)
local adders = {}
for i = 0, 300000 - 1 do adders[#adders + 1] = function(x) return x + i end end
local sum = 0
for _, f in ipairs(adders) do sum = sum + f(1) end
print(sum)
