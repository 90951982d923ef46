-- Claims a key for one request, or answers what is known of it.
-- KEYS[1]  the key: state, epoch, owner, fingerprint, lease, status, headers, body
-- ARGV[1]  names the request
-- ARGV[2]  its fingerprint
-- ARGV[3]  how long the claim is kept, ms
-- ARGV[4]  how long the key is known once the claim has run out, ms
-- ARGV[5]  'retry' to start again what was abandoned
-- answers  {'started', epoch}; or {state, epoch, fingerprint, how long the claim lasts in ms, status, headers, body}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'owner', 'fingerprint', 'lease', 'status', 'headers', 'body')
local state = known[1]
if state == 'in_progress' and known[3] == ARGV[1] then
  return {'started', known[2]}
end
local isFree = not state or state == 'released'
local isAbandoned = (state == 'in_progress' and tonumber(known[5]) <= now) or state == 'unknown'
if isFree or (isAbandoned and ARGV[5] == 'retry' and known[4] == ARGV[2]) then
  local epoch = string.format('%.0f', tonumber(known[2] or '0') + 1)
  redis.call('HSET', KEYS[1], 'state', 'in_progress', 'epoch', epoch, 'owner', ARGV[1], 'fingerprint', ARGV[2],
    'lease', string.format('%.0f', now + tonumber(ARGV[3])))
  redis.call('HDEL', KEYS[1], 'status', 'headers', 'body')
  -- The retention counts from the claim's end: a key that is gone while its request runs would let it run twice.
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', ARGV[3] + ARGV[4]))
  return {'started', epoch}
end
local left = state == 'in_progress' and string.format('%.0f', tonumber(known[5]) - now) or '0'
return {state, known[2], known[4], left, known[6] or '', known[7] or '', known[8] or ''}
