-- Takes a tenant's audit chain over: whoever took it over before is fenced off from here on.
-- KEYS[1]  the chain's end: fence, size, hash, tree
-- answers  {fence, size, hash, tree}, the last three empty for a chain without entries
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
local stored = redis.call('HMGET', KEYS[1], 'size', 'hash', 'tree')
return {fence, stored[1] or '', stored[2] or '', stored[3] or ''}
