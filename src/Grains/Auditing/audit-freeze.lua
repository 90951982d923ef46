-- Lets nobody append to a tenant's audit chain any more. Only its present owner may say so: what another one found may be the
-- work of this one.
-- KEYS[1]  the chain's end: fence, frozen
-- ARGV[1]  the writer's fence
-- ARGV[2]  why; the first reason stays
-- answers  1, or 0 when the chain is somebody else's
if (redis.call('HGET', KEYS[1], 'fence') or '0') ~= ARGV[1] then
  return 0
end
redis.call('HSETNX', KEYS[1], 'frozen', ARGV[2])
return 1
