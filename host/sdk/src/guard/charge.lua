-- Makes charges in their order, and stops after the first that its limit refuses. Every host runs this same script.
--
-- KEYS: names of counters. ARGV: amount, limit and life in seconds of each. Answers total and seconds left of each charge that was tried.
-- A counter without an end, which only another program could have made, gets one.
local out = {}
for at = 1, #KEYS do
  local key, amount, limit, ttl = KEYS[at], tonumber(ARGV[3 * at - 2]), tonumber(ARGV[3 * at - 1]), tonumber(ARGV[3 * at]) * 1000
  local before = tonumber(redis.call('GET', key) or '0')
  local left = redis.call('PTTL', key)
  local total = math.min(math.max(before + amount, 0), 4294967295)
  local refused = amount >= 0 and total > limit
  if not refused then
    if left ~= -2 then
      redis.call('INCRBY', key, total - before)
      if left == -1 then redis.call('PEXPIRE', key, ttl) end
    elseif amount > 0 then
      redis.call('SET', key, total, 'PX', ttl)
    end
  end
  if left < 0 then left = ttl end
  out[#out + 1] = total
  out[#out + 1] = math.ceil(left / 1000)
  if refused then break end
end
return out
