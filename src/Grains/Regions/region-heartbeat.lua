-- Records that a region is alive, in the global store's time, and answers with every region that was in the last day.
-- KEYS[1]  the hash of all regions: name -> "heardAt:startedAt"
-- ARGV[1]  the region
-- ARGV[2]  when it started, milliseconds since the Unix epoch in its own store's time; 0: not known
-- answers  {name, startedAt, milliseconds since it was heard, ...}, numbers as strings
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ':' .. ARGV[2])
local answer = {}
local stored = redis.call('HGETALL', KEYS[1])
for i = 1, #stored, 2 do
  local colon = string.find(stored[i + 1], ':', 1, true)
  local ago = math.max(0, now - tonumber(string.sub(stored[i + 1], 1, colon - 1)))
  if ago > 86400000 then
    redis.call('HDEL', KEYS[1], stored[i])
  else
    answer[#answer + 1] = stored[i]
    answer[#answer + 1] = string.sub(stored[i + 1], colon + 1)
    answer[#answer + 1] = string.format('%.0f', ago)
  end
end

return answer
