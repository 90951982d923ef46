-- Puts back the end of a tenant's audit chain as it is archived: whatever the store held beyond it is gone afterwards.
-- KEYS[1]  the chain's end
-- KEYS[2]  the ids of its events, with their places
-- KEYS[3]  the segment that the end lies in
-- KEYS[4...]  segments behind it, which hold what is given up
-- ARGV[1]  the writer's fence
-- ARGV[2]  the size
-- ARGV[3]  the hash of the last entry
-- ARGV[4]  the frontier of the tree
-- ARGV[5]  how many entries are dropped: where KEYS[3] begins
-- ARGV[6]  the place before which ids are forgotten
-- ARGV[7]  what is to be recorded of it
-- ARGV[8...]  an id and an entry each, from ARGV[5] on
-- answers  1, or 0 when the chain is somebody else's
if (redis.call('HGET', KEYS[1], 'fence') or '0') ~= ARGV[1] then
  return 0
end
for i = 3, #KEYS do
  redis.call('UNLINK', KEYS[i])
end
local first = tonumber(ARGV[5])
for i = 8, #ARGV, 2 do
  redis.call('RPUSH', KEYS[3], ARGV[i + 1])
  redis.call('HSET', KEYS[2], ARGV[i], string.format('%.0f', first + (i - 8) / 2))
end
redis.call('HSET', KEYS[1], 'size', ARGV[2], 'hash', ARGV[3], 'tree', ARGV[4], 'dropped', ARGV[5], 'forgotten', ARGV[6],
  'repaired', ARGV[7])
redis.call('HDEL', KEYS[1], 'frozen')
return 1
