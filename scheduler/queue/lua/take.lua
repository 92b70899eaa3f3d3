-- Leases the next jobs: those whose lease ran out, then ready ones in order.
-- Answers whether the mark is there, whether there may be more, then the members. What a limit keeps back waits in a
-- set of its own; each call looks at some thousands only, so that nobody else waits long.
-- KEYS ready, leased, turns, mark, running, held; ARGV now, until, count, most of a tenant, most in all (0: no limit).
local now, till, count = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
local most, total = tonumber(ARGV[4]), tonumber(ARGV[5])
local looks = 5000
local out = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, count)
local left = count - #out
if total > 0 then left = math.min(left, total - redis.call('ZCARD', KEYS[2])) end
local more = 0
while left > 0 do
  if looks <= 0 then more = 1 break end
  local popped = redis.call('ZPOPMIN', KEYS[1], math.min(left, looks))
  if #popped == 0 then break end
  looks = looks - #popped / 2
  for i = 1, #popped, 2 do
    local member, score = popped[i], tonumber(popped[i + 1])
    local tenant = string.sub(member, 38)
    if redis.call('ZSCORE', KEYS[2], member) then
      -- leased meanwhile: whoever has it made its lease known after Redis had forgotten it
    elseif most > 0 and tonumber(redis.call('HGET', KEYS[5], tenant) or '0') >= most then
      redis.call('ZADD', KEYS[6] .. tenant, score, member)
    else
      if most > 0 then redis.call('HINCRBY', KEYS[5], tenant, 1) end
      local priority = string.format('%d', 0 - math.floor(score / 1099511627776)) -- as put says it: 0, never -0
      redis.call('HSET', KEYS[3], priority, score + priority * 1099511627776)
      out[#out + 1] = member
      left = left - 1
    end
  end
end
for i = 1, #out do redis.call('ZADD', KEYS[2], till, out[i]) end
return {redis.call('EXISTS', KEYS[4]), more, unpack(out)}
