-- Makes jobs ready, unless they are ready, leased or kept back by a limit. Answers how many are new.
-- KEYS ready, leased, turns, held; ARGV channel, front (1: before all others of the priority), then member and priority.
local added = 0
for i = 3, #ARGV, 2 do
  local member, priority = ARGV[i], tonumber(ARGV[i + 1])
  local held = KEYS[4] .. string.sub(member, 38)
  if not redis.call('ZSCORE', KEYS[2], member) and not redis.call('ZSCORE', KEYS[1], member)
    and not redis.call('ZSCORE', held, member) then
    local present = tonumber(redis.call('HGET', KEYS[3], ARGV[i + 1]) or '0')
    local turn = present
    if ARGV[2] ~= '1' then
      local mine = ARGV[i + 1] .. ':' .. string.sub(member, 38)
      turn = math.max(present, tonumber(redis.call('HGET', KEYS[3], mine) or '-1') + 1)
      redis.call('HSET', KEYS[3], mine, turn)
    end
    redis.call('ZADD', KEYS[1], turn - priority * 1099511627776, member)
    added = added + 1
  end
end
if added > 0 then redis.call('PUBLISH', ARGV[1], 'ready') end
return added
