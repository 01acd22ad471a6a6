-- Who did what to which record, when, on whose behalf (R60). Rows are only ever added; each holds the hash of the one before it in its
-- chain, so that a change, a removal or another order shows. A transaction takes a chain that no other holds: SQLite has one
-- writer and uses the first, PostgreSQL's writers use as many as they are at a time.
-- changes: JSON, a list of statements, each with its fields and their hashes; no value stands here, only its hash.
CREATE TABLE audit (
    no {identity},
    chain BIGINT NOT NULL,
    place BIGINT NOT NULL,
    acted_at TEXT NOT NULL,
    actor TEXT NOT NULL,
    on_behalf TEXT NOT NULL,
    act TEXT NOT NULL,
    outcome TEXT NOT NULL,
    message_id TEXT NOT NULL,
    record TEXT NOT NULL,
    changes TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE UNIQUE INDEX audit_place ON audit (chain, place);
CREATE INDEX audit_by_time ON audit (acted_at);
CREATE INDEX audit_by_record ON audit (record) WHERE record <> '';
CREATE INDEX audit_by_person ON audit (on_behalf) WHERE on_behalf <> '';

-- The end of each chain: what a verification must arrive at.
CREATE TABLE audit_heads (
    chain BIGINT PRIMARY KEY,
    place BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_heads (chain, place, hash) VALUES (0, 0, ''), (1, 0, ''), (2, 0, ''), (3, 0, ''), (4, 0, ''), (5, 0, ''),
    (6, 0, ''), (7, 0, ''), (8, 0, ''), (9, 0, ''), (10, 0, ''), (11, 0, ''), (12, 0, ''), (13, 0, ''), (14, 0, ''), (15, 0, '');
