-- What the scripts of a key begin with: its record, in whichever layout it lies, and whether it may lie in the older
-- one. A record of the older layout that is not marked as this tenant's and endpoint's is somebody else's: it is not
-- read, and never written.
-- KEYS[1]  the key: state, epoch, owner, fingerprint, lease, status, headers, body
-- KEYS[2]  its name in the older layout, if there is one to look at: the same, and the mark: tenant, endpoint
-- ARGV[1]  'ReadBoth' or 'WriteOld'; else there is no KEYS[2]
-- ARGV[2]  the tenant, as the mark has it
-- ARGV[3]  the endpoint, as the mark has it
-- answers  nothing; the script that follows does
local isReadBoth = ARGV[1] == 'ReadBoth'

local function fields(call, name)
  return call('HMGET', name, 'state', 'epoch', 'owner', 'fingerprint', 'lease', 'status', 'headers', 'body',
    'tenant', 'endpoint')
end

local function record(found)
  if not found[1] then
    return nil
  end
  return {
    state = found[1], epoch = found[2], owner = found[3], fingerprint = found[4], lease = found[5],
    status = found[6], headers = found[7], body = found[8],
  }
end

-- The later claim; of one claim, the record that knows more of its end.
local notEnded = {in_progress = 0, unknown = 1}
local function isLater(one, other)
  local epoch, otherEpoch = tonumber(one.epoch), tonumber(other.epoch)
  if epoch ~= otherEpoch then
    return epoch > otherEpoch
  end
  return (notEnded[one.state] or 2) > (notEnded[other.state] or 2)
end

local current = record(fields(redis.call, KEYS[1]))
local old, mayWriteOld
if KEYS[2] then
  -- An error is an answer, too: what is no hash is somebody else's.
  local found = fields(redis.pcall, KEYS[2])
  if not found.err and found[9] == ARGV[2] and found[10] == ARGV[3] then
    old, mayWriteOld = record(found), true
  else
    mayWriteOld = redis.call('EXISTS', KEYS[2]) == 0
  end
end

local known = current
if old and (not current or isLater(old, current)) then
  known = old
end
local isOnlyOld = known ~= nil and known == old

-- Never for a shorter time than before. A silo that does not write the older layout moves on one record of two; were
-- that one gone first, the other, which is behind, would count.
local function keep(name, ms, found)
  if not found or redis.call('PTTL', name) < ms then
    redis.call('PEXPIRE', name, string.format('%.0f', ms))
  end
end

-- Puts the record that counts under its other name, for as long as it is known.
local function copy(from, to)
  redis.call('HSET', to, 'state', known.state, 'epoch', known.epoch, 'owner', known.owner,
    'fingerprint', known.fingerprint, 'lease', known.lease)
  if known.status then
    redis.call('HSET', to, 'status', known.status, 'headers', known.headers, 'body', known.body)
  else
    redis.call('HDEL', to, 'status', 'headers', 'body')
  end
  keep(to, redis.call('PTTL', from), true)
end

local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function answer()
  local left = known.state == 'in_progress' and string.format('%.0f', tonumber(known.lease) - now()) or '0'
  return {known.state, known.epoch, known.fingerprint, left, known.status or '', known.headers or '', known.body or '',
    isOnlyOld and '1' or '0'}
end
