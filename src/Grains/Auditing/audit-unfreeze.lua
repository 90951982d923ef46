-- Lets the owner of a tenant's audit chain append again, and notes what the chain has to record of that.
-- KEYS[1]  the chain's end: fence, frozen, forgotten, repaired
-- ARGV[1]  the writer's fence
-- ARGV[2]  the place before which ids are forgotten
-- ARGV[3]  what is to be recorded
-- answers  1, or 0 when the chain is somebody else's
if (redis.call('HGET', KEYS[1], 'fence') or '0') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'forgotten', ARGV[2], 'repaired', ARGV[3])
redis.call('HDEL', KEYS[1], 'frozen')
return 1
