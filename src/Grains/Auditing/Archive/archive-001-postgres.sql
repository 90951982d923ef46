-- Version 1: chains, entries, tiles. Text is compared byte by byte (COLLATE "C"): an index does not depend on the
-- system's locale, which an upgrade can change under it.

-- One row for each chain: what is archived of it, what was signed, how long it is kept.
CREATE TABLE chains (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    region TEXT COLLATE "C" NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    size BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    frontier BYTEA NOT NULL,
    signed_size BIGINT,
    signed_root BYTEA,
    signed_at BIGINT,
    signed_note TEXT,
    pruned_before BIGINT NOT NULL DEFAULT 0,
    keep_for BIGINT,
    held INTEGER NOT NULL DEFAULT 0,
    hold_reason TEXT,
    UNIQUE (region, tenant)
);

-- Entries in the order of their chain. Two of one place, or two that name the same one before them, are a fork: no
-- writer, however wrong, can leave one here. Times are Unix milliseconds.
CREATE TABLE entries (
    chain_id BIGINT NOT NULL REFERENCES chains (id),
    seq BIGINT NOT NULL,
    prev_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    recorded_at BIGINT NOT NULL,
    actor_type TEXT COLLATE "C" NOT NULL,
    actor_id TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    resource_type TEXT COLLATE "C",
    resource_id TEXT COLLATE "C",
    outcome TEXT COLLATE "C" NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (chain_id, seq),
    UNIQUE (chain_id, prev_hash)
);

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
    chain_id BIGINT NOT NULL REFERENCES chains (id),
    level INTEGER NOT NULL,
    idx BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    PRIMARY KEY (chain_id, level, idx)
);
