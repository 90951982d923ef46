-- Moves a key on for whoever has begun: completes it, gives it back, or keeps it for longer. Safe to repeat.
-- KEYS[1]  the key: state, epoch, owner, fingerprint, lease, status, headers, body
-- ARGV[1]  the epoch of the claim; empty: any claim of the owner ARGV[2]
-- ARGV[2]  the owner, where the epoch is empty
-- ARGV[3]  the new state: completed, tombstoned, unknown, released, or in_progress to renew
-- ARGV[4]  how long the key is known, ms; to renew: once the claim has run out
-- ARGV[5]  the status; to renew: how long the claim is kept, ms
-- ARGV[6]  the headers
-- ARGV[7]  the body
-- answers  'done', 'stale' (another claim, or another end), 'absent'
local known = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'owner')
local state = known[1]
if not state then
  return 'absent'
end
if (ARGV[1] ~= '' and known[2] ~= ARGV[1]) or (ARGV[1] == '' and known[3] ~= ARGV[2]) then
  return 'stale'
end
if ARGV[3] == 'in_progress' then
  if state ~= 'in_progress' then
    return 'stale'
  end
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', KEYS[1], 'lease', string.format('%.0f', now + tonumber(ARGV[5])))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ARGV[4] + ARGV[5]))
  return 'done'
end
if state == ARGV[3] then
  return 'done'
end
if state ~= 'in_progress' and state ~= 'unknown' then
  return 'stale'
end
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'status', ARGV[5], 'headers', ARGV[6], 'body', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 'done'
