-- Forgets the ids of entries of a tenant's audit chain that were recorded long ago, or deleted. Safe to repeat.
-- KEYS[1]  the chain's end: fence, forgotten
-- KEYS[2]  the ids of its events, with their places
-- ARGV[1]  the writer's fence
-- ARGV[2]  the place before which ids are forgotten already
-- ARGV[3]  the place before which they are from here on
-- ARGV[4...]  an id and a place each: those of the entries between, or of any that were deleted when both places are the same;
--             an id that names a later entry by now is kept
-- answers  1, or 0 when the chain is somebody else's
local chain = redis.call('HMGET', KEYS[1], 'fence', 'forgotten')
if (chain[1] or '0') ~= ARGV[1] or (chain[2] or '0') ~= ARGV[2] then
  return 0
end
for i = 4, #ARGV, 2 do
  local seq = redis.call('HGET', KEYS[2], ARGV[i])
  if seq and tonumber(seq) <= tonumber(ARGV[i + 1]) then
    redis.call('HDEL', KEYS[2], ARGV[i])
  end
end
redis.call('HSET', KEYS[1], 'forgotten', ARGV[3])
return 1
