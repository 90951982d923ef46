-- Counts the signers that may still use an older ring, and forgets leases that ran out. A server that this ring has not met
-- before, after a restart or a fail-over, may lack leases that were given: nobody knows until they have all run out.
-- KEYS[1]  the ring's hash
-- KEYS[2]  the hash of its leases
-- ARGV[1]  the epoch of the present ring
-- ARGV[2]  its stamp
-- ARGV[3]  how long after meeting a server its leases are known, milliseconds
-- answers  {holders, known}: how many leases of other rings have not run out, and 1 when that is all there can be
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local server = (string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or '')
  .. ':' .. (string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or '')
if redis.call('HGET', KEYS[1], 'server') ~= server then
  redis.call('HSET', KEYS[1], 'server', server, 'since', string.format('%.0f', now))
end
local since = tonumber(redis.call('HGET', KEYS[1], 'since') or '0')
local entries = redis.call('HGETALL', KEYS[2])
local holders = 0
for i = 1, #entries, 2 do
  local ends, epoch, stamp = string.match(entries[i + 1], '^(%d+):(%d+):(.*)$')
  if ends == nil or tonumber(ends) <= now then
    redis.call('HDEL', KEYS[2], entries[i])
  elseif tonumber(epoch) < tonumber(ARGV[1]) or (epoch == ARGV[1] and stamp ~= ARGV[2]) then
    holders = holders + 1
  end
end
return {holders, now - since >= tonumber(ARGV[3]) and 1 or 0}
