-- Counts the signers that may still use an older ring, and forgets leases that ran out.
-- KEYS[1]  the hash of the ring's leases
-- ARGV[1]  the epoch of the present ring
-- answers  {holders, uptime}: how many leases of older rings have not run out, and for how many seconds the store has run
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local entries = redis.call('HGETALL', KEYS[1])
local holders = 0
for i = 1, #entries, 2 do
  local ends, epoch = string.match(entries[i + 1], '^(%d+):(%d+)$')
  if ends == nil or tonumber(ends) <= now then
    redis.call('HDEL', KEYS[1], entries[i])
  elseif tonumber(epoch) < tonumber(ARGV[1]) then
    holders = holders + 1
  end
end
local uptime = string.match(redis.call('INFO', 'server'), 'uptime_in_seconds:(%d+)')
return {holders, uptime or ''}
