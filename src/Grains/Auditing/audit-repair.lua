-- Moves the end of a tenant's audit chain on to entries that are stored already: a crash wrote them and not the end.
-- KEYS[1]  the chain's end: fence, size, hash, tree
-- KEYS[2]  the ids of its events, with their places
-- ARGV[1]  the writer's fence
-- ARGV[2]  the size that the end must say
-- ARGV[3]  the size with those entries
-- ARGV[4]  the hash of the last of them
-- ARGV[5]  the frontier of the tree with them
-- ARGV[6...]  their ids
-- answers  1, or 0 when the end is another one or somebody else's
local stored = redis.call('HMGET', KEYS[1], 'fence', 'size')
if (stored[1] or '0') ~= ARGV[1] or (stored[2] or '0') ~= ARGV[2] then
  return 0
end
for i = 6, #ARGV do
  redis.call('HSET', KEYS[2], ARGV[i], string.format('%.0f', tonumber(ARGV[2]) + i - 6))
end
redis.call('HSET', KEYS[1], 'size', ARGV[3], 'hash', ARGV[4], 'tree', ARGV[5])
return 1
