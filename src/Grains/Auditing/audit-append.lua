-- Appends entries to a tenant's audit chain: all or nothing, and validated before anything is written, because a script that
-- fails in the middle keeps what it wrote.
-- KEYS[1]  the chain's end: fence, size, hash, tree, frozen
-- KEYS[2]  the ids of its events, with their places
-- KEYS[3]  the segment that the first entry goes to
-- KEYS[4]  the segment after it
-- ARGV[1]  the writer's fence
-- ARGV[2]  the size that the chain must have
-- ARGV[3]  the hash that its last entry must have
-- ARGV[4]  the size that it has with the new entries
-- ARGV[5]  the hash of the last of them
-- ARGV[6]  the frontier of its tree with them
-- ARGV[7]  how many entries KEYS[3] must hold before
-- ARGV[8]  how many of the new entries go there; the rest goes to KEYS[4]
-- ARGV[9...]  an id and an entry each
-- answers  {1, 'ok', hash}; {1, 'duplicate', hash}: just so already; {0, 'hash_mismatch', hash}, {0, 'fenced', hash},
--          {0, 'corrupt', hash}, {0, 'frozen', hash}; {0, 'known', hash, index, seq, ...}: those ids are recorded already
local stored = redis.call('HMGET', KEYS[1], 'fence', 'size', 'hash', 'frozen')
local size = stored[2] or '0'
local hash = stored[3] or string.rep('0', 64)
if size == ARGV[4] and hash == ARGV[5] then
  return {1, 'duplicate', hash}
end
if stored[4] then
  return {0, 'frozen', hash}
end
if tonumber(stored[1] or '0') > tonumber(ARGV[1]) then
  return {0, 'fenced', hash}
end
if size ~= ARGV[2] or hash ~= ARGV[3] then
  return {0, 'hash_mismatch', hash}
end
if redis.call('LLEN', KEYS[3]) ~= tonumber(ARGV[7]) or redis.call('EXISTS', KEYS[4]) == 1 then
  return {0, 'corrupt', hash}
end
local known = {0, 'known', hash}
for i = 9, #ARGV, 2 do
  local seq = redis.call('HGET', KEYS[2], ARGV[i])
  if seq then
    known[#known + 1] = string.format('%.0f', (i - 9) / 2)
    known[#known + 1] = seq
  end
end
if #known > 3 then
  return known
end
local first = tonumber(ARGV[8])
for i = 9, #ARGV, 2 do
  local index = (i - 9) / 2
  redis.call('RPUSH', index < first and KEYS[3] or KEYS[4], ARGV[i + 1])
  redis.call('HSET', KEYS[2], ARGV[i], string.format('%.0f', tonumber(ARGV[2]) + index))
end
redis.call('HSET', KEYS[1], 'size', ARGV[4], 'hash', ARGV[5], 'tree', ARGV[6])
return {1, 'ok', ARGV[5]}
