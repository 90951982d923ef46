-- Version 1: chains, entries, tiles. STRICT: a value of another type is an error when it is written, not when it is read.

-- One row for each chain: what is archived of it, what was signed, how long it is kept.
CREATE TABLE chains (
    id INTEGER PRIMARY KEY,
    region TEXT NOT NULL,
    tenant TEXT NOT NULL,
    size INTEGER NOT NULL,
    hash BLOB NOT NULL,
    frontier BLOB NOT NULL,
    signed_size INTEGER,
    signed_root BLOB,
    signed_at INTEGER,
    signed_note TEXT,
    pruned_before INTEGER NOT NULL DEFAULT 0,
    keep_for INTEGER,
    held INTEGER NOT NULL DEFAULT 0,
    hold_reason TEXT,
    UNIQUE (region, tenant)
) STRICT;

-- Entries in the order of their chain. Two of one place, or two that name the same one before them, are a fork: no
-- writer, however wrong, can leave one here. Times are Unix milliseconds.
CREATE TABLE entries (
    chain_id INTEGER NOT NULL REFERENCES chains (id),
    seq INTEGER NOT NULL,
    prev_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    actor_type TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    action TEXT NOT NULL,
    resource_type TEXT,
    resource_id TEXT,
    outcome TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (chain_id, seq),
    UNIQUE (chain_id, prev_hash)
) STRICT, WITHOUT ROWID;

-- One for each field that can be searched by. Each ends with the place: a page is read along the index.
CREATE INDEX entries_actor_type ON entries (chain_id, actor_type, seq);
CREATE INDEX entries_actor_id ON entries (chain_id, actor_id, seq);
CREATE INDEX entries_action ON entries (chain_id, action, seq);
CREATE INDEX entries_resource_type ON entries (chain_id, resource_type, seq);
CREATE INDEX entries_resource_id ON entries (chain_id, resource_id, seq);
CREATE INDEX entries_outcome ON entries (chain_id, outcome, seq);
CREATE INDEX entries_recorded_at ON entries (chain_id, recorded_at, seq);

-- Hashes of the tree, up to 256 side by side. They outlive the entries.
CREATE TABLE tiles (
    chain_id INTEGER NOT NULL REFERENCES chains (id),
    level INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (chain_id, level, idx)
) STRICT, WITHOUT ROWID;
