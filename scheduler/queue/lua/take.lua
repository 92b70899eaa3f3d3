-- Leases the next jobs: those whose lease ran out, then ready ones in order.
-- Answers whether the mark is there, whether there may be more, then the members. What a limit keeps back waits in a
-- set of its own; each call looks at some thousands only, so that nobody else waits long.
-- KEYS ready, leased, turns, mark, running, held; ARGV now, until, count, most of a tenant, most in all (0: no limit).
local now, till, count = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local most, total = tonumber(ARGV[4]), tonumber(ARGV[5])
local looks = 5000
local at_once = 500 -- members in one call; Lua passes no more than some thousands
local out = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, count)
local left = count - #out
if total > 0 then left = math.min(left, total - redis.call('ZCARD', KEYS[2])) end
local more, present = 0, {}
while left > 0 do
  if looks <= 0 then more = 1 break end
  local popped = redis.call('ZPOPMIN', KEYS[1], math.min(left, looks, at_once))
  if #popped == 0 then break end
  looks = looks - #popped / 2
  local members = {}
  for i = 1, #popped, 2 do members[#members + 1] = popped[i] end
  local leased = redis.call('ZMSCORE', KEYS[2], unpack(members))
  for i, member in ipairs(members) do
    local score = tonumber(popped[2 * i])
    local tenant = most > 0 and string.sub(member, 38)
    if leased[i] then
      -- leased meanwhile: whoever has it made its lease known after Redis had forgotten it
    elseif tenant and tonumber(redis.call('HGET', KEYS[5], tenant) or '0') >= most then
      redis.call('ZADD', KEYS[6] .. tenant, score, member)
    else
      if tenant then redis.call('HINCRBY', KEYS[5], tenant, 1) end
      local priority = 0 - math.floor(score / 1099511627776)
      present[priority] = score + priority * 1099511627776
      out[#out + 1] = member
      left = left - 1
    end
  end
end
for priority, turn in pairs(present) do
  redis.call('HSET', KEYS[3], string.format('%d', priority), turn) -- as put says it: 0, never -0
end
for first = 1, #out, at_once do
  local words = {}
  for i = first, math.min(first + at_once - 1, #out) do
    words[#words + 1] = till
    words[#words + 1] = out[i]
  end
  redis.call('ZADD', KEYS[2], unpack(words))
end
return {redis.call('EXISTS', KEYS[4]), more, unpack(out)}
