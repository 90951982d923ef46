-- Drops a full segment of a tenant's audit chain that is archived, if it is what was archived. Safe to repeat.
-- KEYS[1]  the chain's end: fence, dropped
-- KEYS[2]  the segment
-- KEYS[3]  the segment before it: gone already, unless a crash tore an earlier call
-- ARGV[1]  the writer's fence
-- ARGV[2]  how many entries are dropped already
-- ARGV[3]  how many with this segment
-- ARGV[4]  the first entry of the segment
-- ARGV[5]  the last one
-- answers  1, or 0 when the segment is another one, or the chain somebody else's
local chain = redis.call('HMGET', KEYS[1], 'fence', 'dropped')
if (chain[1] or '0') ~= ARGV[1] or (chain[2] or '0') ~= ARGV[2] then
  return 0
end
if redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[3]) - tonumber(ARGV[2])
  or redis.call('LRANGE', KEYS[2], 0, 0)[1] ~= ARGV[4] or redis.call('LRANGE', KEYS[2], -1, -1)[1] ~= ARGV[5] then
  return 0
end
redis.call('HSET', KEYS[1], 'dropped', ARGV[3])
redis.call('UNLINK', KEYS[2])
if KEYS[3] ~= KEYS[2] then
  redis.call('UNLINK', KEYS[3])
end
return 1
