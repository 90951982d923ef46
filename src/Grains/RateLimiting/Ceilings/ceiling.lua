-- Changes the counts of one subject, once per sequence number of an owner, and answers with everybody's.
-- KEYS[1]  the subject's hash: w window, o<owner> "sequence:first:time", d debt "time:...", and one field per sub-bucket
-- ARGV[1]  the owner: one activation of the subject's grain
-- ARGV[2]  the owner's sequence number, from 1; applied once, so a request may be repeated until it is answered
-- ARGV[3]  milliseconds that the counts matter if nobody comes back to them
-- ARGV[4]  the window that the buckets belong to, in milliseconds
-- ARGV[5]  another window whose counts are replaced; 0: none
-- ARGV[6]  buckets before this one no longer count and are dropped
-- ARGV[7]  token bucket: "time:level:peak", kept when it is the latest; empty: none
-- ARGV[8..] bucket, units to add (may be negative; a bucket never falls below 0)
-- answers  {1, window, the owner's first sequence number known here without a gap, latest debt, bucket, units, ...}, numbers as strings
--          {0, ...} the same, but nothing was changed: the counts belong to a window that is not replaced
local sequence, oldest = tonumber(ARGV[2]), tonumber(ARGV[6])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local window, prior, first, debt, counts, dropped = '0', 0, sequence, '', {}, {}
local stored = redis.call('HGETALL', KEYS[1])
for i = 1, #stored, 2 do
  local field, value = stored[i], stored[i + 1]
  local bucket = tonumber(field)
  if bucket then
    counts[field] = tonumber(value)
  elseif field == 'w' then
    window = value
  elseif field == 'd' then
    debt = value
  else
    local last, earliest, at = string.match(value, '^(%d+):(%d+):(%d+)$')
    if field == 'o' .. ARGV[1] then
      prior, first = tonumber(last), tonumber(earliest)
    elseif tonumber(at) + tonumber(ARGV[3]) < now then
      dropped[#dropped + 1] = field
    end
  end
end

local applied = 1
if window ~= '0' and window ~= ARGV[4] and window ~= ARGV[5] then
  applied = 0
elseif prior < sequence then
  -- What is missing in between was acknowledged by another store, whose place this one has taken: a replica that lagged.
  if prior > 0 and prior < sequence - 1 then first = sequence end
  if window ~= ARGV[4] then
    -- Not where there is nothing: a script that has deleted may write although the store is full.
    if window ~= '0' then redis.call('DEL', KEYS[1]) end
    first = sequence
    window, debt, counts, dropped = ARGV[4], '', {}, {}
  end

  local set = {'w', window, 'o' .. ARGV[1], string.format('%.0f:%.0f:%.0f', sequence, first, now)}
  if ARGV[7] ~= '' and (debt == '' or tonumber(string.match(ARGV[7], '^%d+')) >= tonumber(string.match(debt, '^%d+'))) then
    debt = ARGV[7]
    set[#set + 1] = 'd'
    set[#set + 1] = debt
  end

  for i = 8, #ARGV, 2 do
    local bucket = ARGV[i]
    counts[bucket] = math.max(0, (counts[bucket] or 0) + tonumber(ARGV[i + 1]))
    if counts[bucket] > 0 and tonumber(bucket) >= oldest then
      set[#set + 1] = bucket
      set[#set + 1] = string.format('%.0f', counts[bucket])
    end
  end

  for bucket, count in pairs(counts) do
    if count == 0 or tonumber(bucket) < oldest then
      dropped[#dropped + 1] = bucket
      counts[bucket] = 0
    end
  end

  redis.call('HSET', KEYS[1], unpack(set))
  if #dropped > 0 then redis.call('HDEL', KEYS[1], unpack(dropped)) end
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end

local answer = {applied, window, string.format('%.0f', first), debt}
for bucket, count in pairs(counts) do
  if count > 0 then
    answer[#answer + 1] = bucket
    answer[#answer + 1] = string.format('%.0f', count)
  end
end

return answer
