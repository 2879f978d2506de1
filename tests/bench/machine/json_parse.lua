local cjson = require("cjson")
local rows = {}
for i = 0, 20000 - 1 do
  rows[#rows + 1] = {id = i, name = "customer " .. i, active = i % 3 == 0, score = i * 0.25, tags = {"a", "b\n", "c"}, address = {street = "Main Street " .. i, zip = "0" .. i}}
end
local text = cjson.encode(rows)
local total = 0
for round = 0, 5 - 1 do total = total + #cjson.decode(text) end
print(total)
