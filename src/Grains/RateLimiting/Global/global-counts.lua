-- Publishes one region's counts of a subject, which only grow, and answers with every region's sum.
-- KEYS[1]  the subject's hash, one field per sub-bucket and region: "<bucket>|<region>"
-- ARGV[1]  the region that publishes
-- ARGV[2]  buckets before this one no longer count
-- ARGV[3]  milliseconds that the counts matter if nobody comes back to them
-- ARGV[4..] bucket, units used in it
-- answers  {region, units, ...} of every region that has counts, the publishing one too; numbers as strings
local region, oldest, sums, own, dropped = ARGV[1], tonumber(ARGV[2]), {}, {}, {}
local stored = redis.call('HGETALL', KEYS[1])
for i = 1, #stored, 2 do
  local bar = string.find(stored[i], '|', 1, true)
  local bucket, of = string.sub(stored[i], 1, bar - 1), string.sub(stored[i], bar + 1)
  if of == region then
    own[bucket] = tonumber(stored[i + 1])
    if tonumber(bucket) < oldest then dropped[#dropped + 1] = stored[i] end
  end
  if tonumber(bucket) >= oldest then sums[of] = (sums[of] or 0) + tonumber(stored[i + 1]) end
end

local set = {}
for i = 4, #ARGV, 2 do
  local before, units = own[ARGV[i]] or 0, tonumber(ARGV[i + 1])
  if units > before and tonumber(ARGV[i]) >= oldest then
    set[#set + 1] = ARGV[i] .. '|' .. region
    set[#set + 1] = string.format('%.0f', units)
    sums[region] = (sums[region] or 0) + units - before
  end
end

if #set > 0 then
  redis.call('HSET', KEYS[1], unpack(set))
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
if #dropped > 0 then redis.call('HDEL', KEYS[1], unpack(dropped)) end

local answer = {}
for of, units in pairs(sums) do
  answer[#answer + 1] = of
  answer[#answer + 1] = string.format('%.0f', units)
end

return answer
