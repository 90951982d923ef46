-- Takes a tenant's audit chain over: whoever took it over before is fenced off from here on.
-- KEYS[1]  the chain's end: fence, size, hash, tree, frozen, dropped, forgotten, repaired
-- KEYS[2]  its last checkpoint: size, root, at, note, keys
-- answers  {fence, size, hash, tree, frozen, dropped, forgotten, repaired, size, root, at, note, keys}: empty for what is not
--          there; frozen says why nobody may append, repaired what the chain has to record
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
local stored = redis.call('HMGET', KEYS[1], 'size', 'hash', 'tree', 'frozen', 'dropped', 'forgotten', 'repaired')
local signed = redis.call('HMGET', KEYS[2], 'size', 'root', 'at', 'note', 'keys')
local answer = {fence}
for i = 1, 7 do answer[#answer + 1] = stored[i] or '' end
for i = 1, 5 do answer[#answer + 1] = signed[i] or '' end
return answer
