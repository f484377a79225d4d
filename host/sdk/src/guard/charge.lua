-- Makes charges in their order, and stops after the first that its limit refuses. Every host runs this same script: on one server for a whole
-- list, in a cluster for each run of one group.
--
-- KEYS: names of counters. ARGV: amount, limit and life in seconds of each. Answers the server's time in seconds, then total and seconds left
-- of each charge that was tried. A counter that comes to 0 is deleted. One without an end, which only another program could have made, gets
-- one; what is no count is an error.
--
-- A look at a counter is at most two commands, and a charge three.
local out = { tonumber(redis.call('TIME')[1]) }
for at = 1, #KEYS do
  local key, amount, limit, ttl = KEYS[at], tonumber(ARGV[3 * at - 2]), tonumber(ARGV[3 * at - 1]), tonumber(ARGV[3 * at]) * 1000
  local value = redis.call('GET', key)
  local before, left = 0, ttl
  if value then
    before, left = tonumber(value), redis.call('PTTL', key)
    if not before or before < 0 or before % 1 ~= 0 then return redis.error_reply('ERR not a count') end
  end
  local total = math.min(math.max(before + amount, 0), 4294967295)
  local refused = amount >= 0 and total > limit
  if not refused and total ~= before then
    if total == 0 then
      redis.call('DEL', key)
    elseif value then
      redis.call('INCRBY', key, total - before)
    else
      redis.call('SET', key, total, 'PX', ttl)
    end
  end
  if left < 0 then
    left = ttl
    redis.call('PEXPIRE', key, ttl)
  end
  out[#out + 1] = total
  out[#out + 1] = math.ceil(left / 1000)
  if refused then break end
end
return out
