-- Sweeps and relays that failed where they must not: what, since when, how often, until it went well again.
CREATE TABLE troubles (
    part TEXT PRIMARY KEY,
    error TEXT NOT NULL,
    failures BIGINT NOT NULL,
    since_at TEXT NOT NULL,
    last_at TEXT NOT NULL,
    ended_at TEXT
);
