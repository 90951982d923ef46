-- Claims keys, each for one request, or answers what is known of them. A key may come more than once. For the layout of
-- today alone: idempotency-begin.lua does the same where there are two.
-- KEYS[1], ... a key each: state, epoch, owner, fingerprint, lease, status, headers, body
-- ARGV[1]      how long a key is known once its claim has run out, ms
-- ARGV[2], ... four for each key, ARGV[4i-2] on:
--              names the request
--              its fingerprint
--              how long the claim is kept, ms
--              'retry' to start again what was abandoned
-- answers      for each key its epoch, if it is the request's now; else {state, epoch, fingerprint, how long the claim
--              lasts in ms, status, headers, body}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answers = {}
for i, name in ipairs(KEYS) do
  local owner, fingerprint, lease, policy = ARGV[4 * i - 2], ARGV[4 * i - 1], ARGV[4 * i], ARGV[4 * i + 1]
  local known = redis.call('HMGET', name, 'state', 'epoch', 'owner', 'fingerprint', 'lease', 'status', 'headers', 'body')
  local state = known[1]
  local isFree = not state or state == 'released'
  local isAbandoned = (state == 'in_progress' and tonumber(known[5]) <= now) or state == 'unknown'
  if state == 'in_progress' and known[3] == owner then
    answers[i] = tonumber(known[2])
  elseif isFree or (isAbandoned and policy == 'retry' and known[4] == fingerprint) then
    local epoch = tonumber(known[2] or '0') + 1
    redis.call('HSET', name, 'state', 'in_progress', 'epoch', string.format('%.0f', epoch), 'owner', owner,
      'fingerprint', fingerprint, 'lease', string.format('%.0f', now + tonumber(lease)))
    -- The retention counts from the claim's end: a key that is gone while its request runs would let it run twice. Never
    -- for a shorter time than before: a record of the older layout, which may be behind, would count.
    local ms = lease + ARGV[1]
    if not state then
      redis.call('PEXPIRE', name, string.format('%.0f', ms))
    else
      redis.call('HDEL', name, 'status', 'headers', 'body')
      if redis.call('PTTL', name) < ms then
        redis.call('PEXPIRE', name, string.format('%.0f', ms))
      end
    end
    answers[i] = epoch
  else
    local left = state == 'in_progress' and string.format('%.0f', tonumber(known[5]) - now) or '0'
    answers[i] = {state, known[2], known[4], left, known[6] or '', known[7] or '', known[8] or ''}
  end
end
return answers
