-- Answers what is stored, and changes nothing. Follows idempotency-layouts.lua.
-- KEYS[1], KEYS[2], ARGV[1] to ARGV[3]  as there
-- answers  {state, epoch, fingerprint, how long the claim lasts in ms, status, headers, body, only the older layout
--          knew}; empty: nothing is stored
return known and answer() or {}
