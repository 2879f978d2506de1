local s = ""
for i = 0, 30000 - 1 do s = s .. "word " end
print(#s)
