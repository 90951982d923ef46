-- Records when this store first saw a region, once, in the store's own time.
-- KEYS[1]  the region's hash
-- ARGV[1]  a generation id, used only if the store has none
-- answers  {startedAt, generation, now}, times in milliseconds since the Unix epoch, as strings
local time = redis.call('TIME')
local now = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
redis.call('HSETNX', KEYS[1], 'startedAt', now)
redis.call('HSETNX', KEYS[1], 'generation', ARGV[1])
return {redis.call('HGET', KEYS[1], 'startedAt'), redis.call('HGET', KEYS[1], 'generation'), now}
