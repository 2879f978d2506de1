local cjson = require("cjson")
local rows = {}
for i = 0, 20000 - 1 do
  rows[#rows + 1] = {id = i, name = "customer " .. i, active = i % 3 == 0, score = i * 0.25, tags = {"a", "b\n", "c"}, address = {street = "Main Street " .. i, zip = "0" .. i}}
end
local same = 0
local first = #cjson.encode(rows)
for round = 0, 9 - 1 do if #cjson.encode(rows) == first then same = same + 1 end end
print(same)
