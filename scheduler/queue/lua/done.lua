-- Forgets leases, and jobs that had their turn without Redis; a job that a limit kept back takes the place. Whoever asked
-- before there was room is told when there is.
-- KEYS ready, leased, running, held, turns; ARGV channel, most of a tenant, most in all (0: no limit), then members.
local most, total = tonumber(ARGV[2]), tonumber(ARGV[3])
local ended, freed = 0, 0
if most == 0 then
  for first = 4, #ARGV, 1000 do -- Lua passes no more than some thousands
    local members = {unpack(ARGV, first, math.min(first + 999, #ARGV))}
    ended = ended + redis.call('ZREM', KEYS[2], unpack(members))
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
else
  for i = 4, #ARGV do
    if redis.call('ZREM', KEYS[2], ARGV[i]) == 1 then
      ended = ended + 1
      local tenant = string.sub(ARGV[i], 38)
      if redis.call('HINCRBY', KEYS[3], tenant, -1) <= 0 then redis.call('HDEL', KEYS[3], tenant) end
      local next = redis.call('ZPOPMIN', KEYS[4] .. tenant)
      if #next > 0 then
        redis.call('ZADD', KEYS[1], next[2], next[1])
        freed = freed + 1
      end
    end
  end
end
local room = total > 0 and ended > 0 and redis.call('ZCARD', KEYS[2]) < total and redis.call('ZCARD', KEYS[1]) > 0
if freed > 0 or room then redis.call('PUBLISH', ARGV[1], 'ready') end
return freed
