local p = {id = 1, name = "point", x = 0, y = 0, z = 1}
for i = 0, 8000000 - 1 do
  p.x = p.x + p.z
  p.y = p.y + p.x % 3
end
print(p.x .. " " .. p.y)
