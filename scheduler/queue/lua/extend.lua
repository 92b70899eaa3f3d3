-- Prolongs leases; one that is not known, because Redis was emptied, is made again.
-- KEYS ready, leased, running, held; ARGV most of a tenant (0: no limit), then member and until.
for i = 2, #ARGV, 2 do
  if not redis.call('ZSCORE', KEYS[2], ARGV[i]) then
    redis.call('ZREM', KEYS[1], ARGV[i])
    redis.call('ZREM', KEYS[4] .. string.sub(ARGV[i], 38), ARGV[i])
    if tonumber(ARGV[1]) > 0 then redis.call('HINCRBY', KEYS[3], string.sub(ARGV[i], 38), 1) end
  end
  redis.call('ZADD', KEYS[2], ARGV[i + 1], ARGV[i])
end
return #ARGV
