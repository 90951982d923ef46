-- Publishes a signed checkpoint of a tenant's audit chain, unless the key that signed it is not the active one any more.
-- KEYS[1]  the chain's end: fence, size
-- KEYS[2]  the tenant's key ring: epoch, stamp
-- KEYS[3]  the last checkpoint: size, root, at, note, keys
-- ARGV[1]  the writer's fence
-- ARGV[2]  the ring's epoch when it signed
-- ARGV[3]  the ring's stamp when it signed
-- ARGV[4]  the checkpoint's size
-- ARGV[5]  its root
-- ARGV[6]  when it was signed
-- ARGV[7]  the signed note
-- ARGV[8]  which changes of keys are recorded in the chain
-- answers  'ok', 'stale_key', 'fenced', 'behind' (the chain is shorter than that), 'older' (a larger one is published)
local chain = redis.call('HMGET', KEYS[1], 'fence', 'size')
local ring = redis.call('HMGET', KEYS[2], 'epoch', 'stamp')
if ring[1] ~= ARGV[2] or ring[2] ~= ARGV[3] then
  return 'stale_key'
end
if tonumber(chain[1] or '0') > tonumber(ARGV[1]) then
  return 'fenced'
end
if tonumber(chain[2] or '0') < tonumber(ARGV[4]) then
  return 'behind'
end
if tonumber(redis.call('HGET', KEYS[3], 'size') or '0') > tonumber(ARGV[4]) then
  return 'older'
end
redis.call('HSET', KEYS[3], 'size', ARGV[4], 'root', ARGV[5], 'at', ARGV[6], 'note', ARGV[7], 'keys', ARGV[8])
return 'ok'
