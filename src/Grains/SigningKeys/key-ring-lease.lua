-- Lets a signer use the ring that it holds for a while longer, in the store's own time; one that holds another ring gets
-- the present one instead, and no lease before it has dropped the old one.
-- KEYS[1]  the ring's hash
-- KEYS[2]  the hash of its leases
-- ARGV[1]  the signer
-- ARGV[2]  the epoch of the ring that the signer holds, 0 for none
-- ARGV[3]  its stamp
-- ARGV[4]  how long the lease lasts, milliseconds
-- answers  {epoch, ring}: the ring is empty when the lease was given, or when there is none (epoch 0)
local epoch = redis.call('HGET', KEYS[1], 'epoch') or '0'
if epoch == '0' then
  return {epoch, ''}
end
local stamp = redis.call('HGET', KEYS[1], 'stamp')
if epoch ~= ARGV[2] or stamp ~= ARGV[3] then
  return {epoch, redis.call('HGET', KEYS[1], 'ring')}
end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HSET', KEYS[2], ARGV[1], string.format('%.0f:%s:%s', now + tonumber(ARGV[4]), epoch, stamp))
redis.call('PEXPIRE', KEYS[2], 60000)
return {epoch, ''}
