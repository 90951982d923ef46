-- Replaces a tenant's key ring, if it is still the one that was read. Safe to repeat with the same arguments.
-- KEYS[1]  the ring's hash
-- ARGV[1]  the epoch that was read, 0 for none
-- ARGV[2]  the stamp that was read, empty for none
-- ARGV[3]  the epoch of the new ring
-- ARGV[4]  the stamp of the new ring
-- ARGV[5]  the new ring
-- answers  1 when it is the ring now, 0 when there is another one
local epoch = redis.call('HGET', KEYS[1], 'epoch') or '0'
local stamp = redis.call('HGET', KEYS[1], 'stamp') or ''
if epoch == ARGV[3] and stamp == ARGV[4] then
  return 1
end
if epoch ~= ARGV[1] or stamp ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'stamp', ARGV[4], 'ring', ARGV[5])
if epoch == '0' then
  -- Nobody can have had a lease on it before, wherever this server comes from.
  local server = (string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or '')
    .. ':' .. (string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or '')
  redis.call('HSET', KEYS[1], 'server', server, 'since', '0')
end
return 1
