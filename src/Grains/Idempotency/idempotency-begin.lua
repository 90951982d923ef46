-- Claims a key for one request, or answers what is known of it. Follows idempotency-layouts.lua.
-- KEYS[1], KEYS[2], ARGV[1] to ARGV[3]  as there
-- ARGV[4]  names the request
-- ARGV[5]  its fingerprint
-- ARGV[6]  how long the claim is kept, ms
-- ARGV[7]  how long the key is known once the claim has run out, ms
-- ARGV[8]  'retry' to start again what was abandoned
-- answers  {'started', epoch, only the older layout knew}; or {state, epoch, fingerprint, how long the claim lasts in
--          ms, status, headers, body, only the older layout knew}
local at = now()
local function claim(name, epoch, found)
  redis.call('HSET', name, 'state', 'in_progress', 'epoch', epoch, 'owner', ARGV[4], 'fingerprint', ARGV[5],
    'lease', string.format('%.0f', at + tonumber(ARGV[6])))
  if found then
    redis.call('HDEL', name, 'status', 'headers', 'body')
  end
  -- The retention counts from the claim's end: a key that is gone while its request runs would let it run twice.
  keep(name, ARGV[6] + ARGV[7], found)
end

local state = known and known.state
local isOwners = state == 'in_progress' and known.owner == ARGV[4]
local isFree = not state or state == 'released'
local isAbandoned = (state == 'in_progress' and tonumber(known.lease) <= at) or state == 'unknown'
local isTakenOver = isAbandoned and not isOwners and ARGV[8] == 'retry' and known.fingerprint == ARGV[5]
if isFree or isTakenOver then
  local epoch = string.format('%.0f', tonumber(known and known.epoch or '0') + 1)
  -- The older name first, so that it is never known for longer than the other.
  if mayWriteOld then
    claim(KEYS[2], epoch, old)
    redis.call('HSET', KEYS[2], 'tenant', ARGV[2], 'endpoint', ARGV[3])
  end
  if isReadBoth or not mayWriteOld then
    claim(KEYS[1], epoch, current)
  end
  return {'started', epoch, '0'}
end
if isOnlyOld and isReadBoth then
  copy(KEYS[2], KEYS[1])
end
if isOwners then
  return {'started', known.epoch, isOnlyOld and '1' or '0'}
end
return answer()
