-- Takes a tenant's audit chain over: whoever took it over before is fenced off from here on.
-- KEYS[1]  the chain's end: fence, size, hash, tree, frozen
-- answers  {fence, size, hash, tree, frozen}: size, hash and tree are empty for a chain without entries, frozen says why
--          nobody may append
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
local stored = redis.call('HMGET', KEYS[1], 'size', 'hash', 'tree', 'frozen')
return {fence, stored[1] or '', stored[2] or '', stored[3] or '', stored[4] or ''}
