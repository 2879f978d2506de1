local keys = {}
for i = 0, 100000 - 1 do keys[#keys + 1] = "key-" .. i end
local m, count = {}, 0
for round = 0, 5 - 1 do
  for _, k in ipairs(keys) do
    local old = m[k]
    if old == nil then old = 0; count = count + 1 end
    m[k] = old + round
  end
end
local total = 0
for _, k in ipairs(keys) do total = total + m[k] end
print(total .. " " .. count)
