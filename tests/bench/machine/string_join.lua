local parts = {}
for i = 0, 1000000 - 1 do parts[#parts + 1] = "item-" .. i end
print(#table.concat(parts, ","))
