local function change(account, amount)
  account.balance = account.balance + amount
  return account.balance
end
local function account(balance)
  local self = {balance = balance}
  self.deposit = function(amount) return change(self, amount) end
  return self
end
local a = account(100)
local last = 0
for i = 0, 5000000 - 1 do last = a.deposit(i) end
print(last)
