-- Prolongs leases; one that is not known, because Redis was emptied, is made again.
-- A job that was ready has had its turn.
-- KEYS ready, leased, running, held, turns; ARGV most of a tenant (0: no limit), then member and until.
for i = 2, #ARGV, 2 do
  if not redis.call('ZSCORE', KEYS[2], ARGV[i]) then
    local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
    if score then
      redis.call('ZREM', KEYS[1], ARGV[i])
      local priority = 0 - math.floor(score / 1099511627776)
      local name, turn = string.format('%d', priority), score + priority * 1099511627776
      if turn > tonumber(redis.call('HGET', KEYS[5], name) or '0') then redis.call('HSET', KEYS[5], name, turn) end
    end
    redis.call('ZREM', KEYS[4] .. string.sub(ARGV[i], 38), ARGV[i])
    if tonumber(ARGV[1]) > 0 then redis.call('HINCRBY', KEYS[3], string.sub(ARGV[i], 38), 1) end
  end
  redis.call('ZADD', KEYS[2], ARGV[i + 1], ARGV[i])
end
return #ARGV
