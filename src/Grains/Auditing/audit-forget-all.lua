-- Begins a repair of a tenant's audit chain: it knows no id any more, and is frozen until its ids are made anew.
-- KEYS[1]  the chain's end: fence, frozen
-- KEYS[2]  the ids of its events, with their places
-- ARGV[1]  the writer's fence
-- ARGV[2]  why it is frozen; the first reason stays
-- answers  1, or 0 when the chain is somebody else's
if (redis.call('HGET', KEYS[1], 'fence') or '0') ~= ARGV[1] then
  return 0
end
redis.call('HSETNX', KEYS[1], 'frozen', ARGV[2])
redis.call('UNLINK', KEYS[2])
return 1
