-- Knows the ids of entries of a tenant's audit chain again that follow one another, the last one first: an id that is known
-- already is that of a later entry. Safe to repeat.
-- KEYS[1]  the chain's end: fence
-- KEYS[2]  the ids of its events, with their places
-- ARGV[1]  the writer's fence
-- ARGV[2]  the place of the first of the entries
-- ARGV[3...]  their ids
-- answers  1, or 0 when the chain is somebody else's
if (redis.call('HGET', KEYS[1], 'fence') or '0') ~= ARGV[1] then
  return 0
end
for i = #ARGV, 3, -1 do
  redis.call('HSETNX', KEYS[2], ARGV[i], string.format('%.0f', tonumber(ARGV[2]) + i - 3))
end
return 1
