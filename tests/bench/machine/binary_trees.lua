local function tree(depth)
  if depth == 0 then return {left = nil, right = nil} end
  return {left = tree(depth - 1), right = tree(depth - 1)}
end
local function count(node)
  if node.left == nil then return 1 end
  return 1 + count(node.left) + count(node.right)
end
local long_lived = tree(15)
local nodes = 0
for i = 0, 40 - 1 do nodes = nodes + count(tree(13)) end
print(nodes .. " " .. count(long_lived))
