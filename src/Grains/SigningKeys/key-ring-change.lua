-- Replaces a tenant's key ring, if it is still the one that was read. Safe to repeat with the same arguments.
-- KEYS[1]  the ring's hash
-- ARGV[1]  the epoch that was read, 0 for none
-- ARGV[2]  the epoch of the new ring
-- ARGV[3]  the new ring
-- answers  1 when it is the ring now, 0 when there is another one
local epoch = redis.call('HGET', KEYS[1], 'epoch') or '0'
if epoch == ARGV[1] then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[2], 'ring', ARGV[3])
  return 1
end
if epoch == ARGV[2] and redis.call('HGET', KEYS[1], 'ring') == ARGV[3] then
  return 1
end
return 0
