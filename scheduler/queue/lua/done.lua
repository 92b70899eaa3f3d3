-- Forgets leases, and jobs that had their turn without Redis; a job that a limit kept back takes the place.
-- KEYS ready, leased, running, held, turns; ARGV channel, most of a tenant (0: no limit), then members.
if tonumber(ARGV[2]) == 0 then
  for first = 3, #ARGV, 1000 do -- Lua passes no more than some thousands
    local members = {unpack(ARGV, first, math.min(first + 999, #ARGV))}
    redis.call('ZREM', KEYS[2], unpack(members))
    local scores = redis.call('ZMSCORE', KEYS[1], unpack(members))
    for i, member in ipairs(members) do
      if scores[i] then
        redis.call('ZREM', KEYS[1], member)
        local priority = 0 - math.floor(scores[i] / 1099511627776)
        local name, turn = string.format('%d', priority), scores[i] + priority * 1099511627776
        if turn > tonumber(redis.call('HGET', KEYS[5], name) or '0') then redis.call('HSET', KEYS[5], name, turn) end
      end
    end
  end
  return 0
end
local freed = 0
for i = 3, #ARGV do
  if redis.call('ZREM', KEYS[2], ARGV[i]) == 1 then
    local tenant = string.sub(ARGV[i], 38)
    if redis.call('HINCRBY', KEYS[3], tenant, -1) <= 0 then redis.call('HDEL', KEYS[3], tenant) end
    local next = redis.call('ZPOPMIN', KEYS[4] .. tenant)
    if #next > 0 then
      redis.call('ZADD', KEYS[1], next[2], next[1])
      freed = freed + 1
    end
  end
end
if freed > 0 then redis.call('PUBLISH', ARGV[1], 'ready') end
return freed
