-- Moves a key on for whoever has begun: completes it, gives it back, or keeps it for longer. Safe to repeat. Follows
-- idempotency-layouts.lua.
-- KEYS[1], KEYS[2], ARGV[1] to ARGV[3]  as there
-- ARGV[4]  the epoch of the claim; empty: any claim of the owner ARGV[5]
-- ARGV[5]  the owner, where the epoch is empty
-- ARGV[6]  the new state: completed, tombstoned, unknown, released, or in_progress to renew
-- ARGV[7]  how long the key is known, ms; to renew: once the claim has run out
-- ARGV[8]  the status; to renew: how long the claim is kept, ms
-- ARGV[9]  the headers
-- ARGV[10] the body
-- answers  'done', 'stale' (another claim, or another end), 'absent'
if not known then
  return 'absent'
end
if (ARGV[4] ~= '' and known.epoch ~= ARGV[4]) or (ARGV[4] == '' and known.owner ~= ARGV[5]) then
  return 'stale'
end

-- Every record of this claim moves on. One that is behind is brought up first: by itself it might end otherwise.
local names = {}
local function takePart(name, found, from)
  if not found or found.epoch ~= known.epoch or found.state ~= known.state then
    copy(from, name)
  end
  names[#names + 1] = name
end
if old and old.epoch == known.epoch then
  takePart(KEYS[2], old, KEYS[1])
end
if (current and current.epoch == known.epoch) or (isOnlyOld and isReadBoth) then
  takePart(KEYS[1], current, KEYS[2])
end

if ARGV[6] == 'in_progress' then
  if known.state ~= 'in_progress' then
    return 'stale'
  end
  local lease = string.format('%.0f', now() + tonumber(ARGV[8]))
  for _, name in ipairs(names) do
    redis.call('HSET', name, 'lease', lease)
    keep(name, ARGV[7] + ARGV[8], true)
  end
  return 'done'
end
if known.state == ARGV[6] then
  return 'done'
end
if known.state ~= 'in_progress' and known.state ~= 'unknown' then
  return 'stale'
end
for _, name in ipairs(names) do
  redis.call('HSET', name, 'state', ARGV[6], 'status', ARGV[8], 'headers', ARGV[9], 'body', ARGV[10])
  keep(name, tonumber(ARGV[7]), true)
end
return 'done'
