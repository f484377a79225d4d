-- Makes charges in their order, and stops after the first that its limit refuses. Every host runs this same script: on one server for a whole
-- list, in a cluster for each run of one group.
--
-- KEYS: names of counters. ARGV: amount, limit and life in seconds of each. Answers the server's time in seconds, then total and seconds left
-- of each charge that was tried. A counter that comes to 0 is deleted. One without an end, which only another program could have made, gets
-- one; what is no count is an error.
--
-- Commands: two for all counters together, and for each of them one for its end, if it has one, and one for a change.
local call = redis.call
local out, values = { tonumber(call('TIME')[1]) }, call('MGET', unpack(KEYS))
-- What this list made of a counter that it charges twice.
local totals, lefts = {}, {}
for at, key in ipairs(KEYS) do
  local amount, limit, ttl = tonumber(ARGV[3 * at - 2]), tonumber(ARGV[3 * at - 1]), ARGV[3 * at] * 1000
  local value = not totals[key] and values[at]
  local before = totals[key] or tonumber(value or 0)
  if not before or before < 0 or before % 1 ~= 0 then return redis.error_reply('ERR not a count') end
  local total = math.min(math.max(before + amount, 0), 4294967295)
  local refused = amount >= 0 and total > limit
  local left = ttl
  if before > 0 and (total > 0 or refused) then
    left = lefts[key] or call('PTTL', key)
    if left < 0 then
      left = ttl
      call('PEXPIRE', key, ttl)
    end
  end
  if total ~= before and not refused then
    if total == 0 then
      call('DEL', key)
    elseif before > 0 then
      call('INCRBY', key, total - before)
    elseif not call('SET', key, total, 'PX', ttl, value and 'XX' or 'NX') then
      return redis.error_reply('ERR not a count')
    end
  end
  totals[key], lefts[key] = total, left
  out[#out + 1] = total
  out[#out + 1] = math.ceil(left / 1000)
  if refused then break end
end
return out
