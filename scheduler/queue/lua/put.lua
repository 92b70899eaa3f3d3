-- Makes jobs ready, unless they are ready, leased or kept back by a limit. Answers how many are new.
-- KEYS ready, leased, turns, held; ARGV channel, front (1: before all others of the priority), then for each priority and
-- tenant: the priority, the tenant, and the ids in one text, as each word of its own is dear to the client.
local added, id = 0, 36 -- letters of an id
local at_once = 500 * id -- letters of members in one call; Lua passes no more than some thousand members
for place = 3, #ARGV, 3 do
  local priority, tenant, ids = ARGV[place], ARGV[place + 1], ARGV[place + 2]
  local base = 0 - tonumber(priority) * 1099511627776
  local mine, held = priority .. ':' .. tenant, KEYS[4] .. tenant
  local known = redis.call('HMGET', KEYS[3], priority, mine)
  local present, before = tonumber(known[1] or '0'), tonumber(known[2] or '-1')
  local turn = before
  for first = 1, #ids, at_once do
    local members = {}
    for begin = first, math.min(first + at_once - 1, #ids), id do
      members[#members + 1] = string.sub(ids, begin, begin + id - 1) .. ':' .. tenant
    end
    local leased = redis.call('ZMSCORE', KEYS[2], unpack(members))
    local ready = redis.call('ZMSCORE', KEYS[1], unpack(members))
    local kept = redis.call('ZMSCORE', held, unpack(members))
    local new, seen = {}, {}
    for i, member in ipairs(members) do
      if not (leased[i] or ready[i] or kept[i] or seen[member]) then
        seen[member] = true
        local mine_now = present
        if ARGV[2] ~= '1' then
          turn = math.max(present, turn + 1)
          mine_now = turn
        end
        new[#new + 1] = base + mine_now
        new[#new + 1] = member
      end
    end
    if #new > 0 then
      redis.call('ZADD', KEYS[1], unpack(new))
      added = added + #new / 2
    end
  end
  if turn ~= before then redis.call('HSET', KEYS[3], mine, turn) end
end
if added > 0 then redis.call('PUBLISH', ARGV[1], 'ready') end
return added
