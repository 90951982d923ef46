-- Claims keys, each for one request, or answers what is known of them. A key may come more than once. For the layout of
-- today alone: idempotency-begin.lua does the same where there are two.
-- KEYS[1], ... a key each: state, epoch, owner, fingerprint, lease, status, headers, body
-- ARGV[1], ... five for each key, ARGV[5i-4] on:
--              names the request
--              its fingerprint
--              how long the claim is kept, ms
--              how long the key is known, ms: until the claim has run out, and the retention after that
--              'retry' to start again what was abandoned
-- answers      for each key its epoch, if it is the request's now; else {state, epoch, fingerprint, how long the claim
--              lasts in ms, status, headers, body}
local call, format = redis.call, string.format
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answers = {}
for i, name in ipairs(KEYS) do
  local owner, fingerprint, lease, keep, policy = unpack(ARGV, 5 * i - 4, 5 * i)
  local known = call('HMGET', name, 'state', 'epoch', 'owner', 'fingerprint', 'lease', 'status', 'headers', 'body')
  local state = known[1]
  local isAbandoned = state == 'unknown' or (state == 'in_progress' and tonumber(known[5]) <= now)
  local isTakenOver = isAbandoned and policy == 'retry' and known[4] == fingerprint
  if not state then
    call('HSET', name, 'state', 'in_progress', 'epoch', '1', 'owner', owner, 'fingerprint', fingerprint,
      'lease', format('%.0f', now + lease))
    -- A key that is gone while its request runs would let it run twice.
    call('PEXPIRE', name, keep)
    answers[i] = 1
  elseif state == 'in_progress' and known[3] == owner then
    answers[i] = tonumber(known[2])
  elseif state == 'released' or isTakenOver then
    local epoch = known[2] + 1
    call('HSET', name, 'state', 'in_progress', 'epoch', format('%.0f', epoch), 'owner', owner,
      'fingerprint', fingerprint, 'lease', format('%.0f', now + lease))
    call('HDEL', name, 'status', 'headers', 'body')
    -- Never for a shorter time than before: a record of the older layout, which may be behind, would count.
    if call('PTTL', name) < tonumber(keep) then
      call('PEXPIRE', name, keep)
    end
    answers[i] = epoch
  else
    local left = state == 'in_progress' and format('%.0f', known[5] - now) or '0'
    answers[i] = {state, known[2], known[4], left, known[6] or '', known[7] or '', known[8] or ''}
  end
end
return answers
