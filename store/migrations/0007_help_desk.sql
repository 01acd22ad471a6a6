-- A ticket as it stands (R70-R75). What the help desk did to it, and in which order, is in ticket_history.
ALTER TABLE tickets ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN period BIGINT NOT NULL DEFAULT 1;
ALTER TABLE tickets ADD COLUMN assignee TEXT;
ALTER TABLE tickets ADD COLUMN escalated_to TEXT;
ALTER TABLE tickets ADD COLUMN answered_at TEXT;
ALTER TABLE tickets ADD COLUMN ended_at TEXT;
CREATE UNIQUE INDEX tickets_by_number ON tickets (number) WHERE number <> '';

-- Every step of every ticket (R73, R75), never changed: who, when, what, brought by which message.
CREATE TABLE ticket_history (
    no {identity},
    ticket_no BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    act TEXT NOT NULL,
    actor TEXT NOT NULL,
    state TEXT NOT NULL,
    category TEXT NOT NULL,
    target TEXT,
    text TEXT,
    acted_at TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX ticket_history_by_ticket ON ticket_history (ticket_no, revision);

-- The promises of R71: one response and one resolution a period of a ticket (opened, moved to another category, reopened).
-- speaks_at: when the administrators hear of it next (a warning, then that it was missed); empty when there is nothing to say.
CREATE TABLE ticket_targets (
    no {identity},
    ticket_no BIGINT NOT NULL,
    period BIGINT NOT NULL,
    what TEXT NOT NULL,
    category TEXT NOT NULL,
    begun_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    speaks_at TEXT,
    ended_at TEXT,
    ended_by TEXT
);
CREATE UNIQUE INDEX ticket_targets_by_ticket ON ticket_targets (ticket_no, period, what);
CREATE INDEX ticket_targets_speaking ON ticket_targets (speaks_at, no) WHERE speaks_at IS NOT NULL;
CREATE INDEX ticket_targets_running ON ticket_targets (due_at, no) WHERE ended_at IS NULL;

-- When a sweep that runs at an interval ran last: one row each, moved on by whoever is first.
CREATE TABLE interval_runs (
    sweep TEXT PRIMARY KEY,
    slot TEXT NOT NULL,
    ran_at TEXT NOT NULL,
    ran_by TEXT NOT NULL,
    notices BIGINT NOT NULL
);

-- Reported conduct, followed to an outcome (R25, R64). state: open | referred | closed
-- occasion: a case that the system raised itself, once a day for the same cause.
CREATE TABLE conduct_cases (
    no {identity},
    case_id TEXT NOT NULL UNIQUE,
    reference TEXT NOT NULL,
    what TEXT NOT NULL,
    state TEXT NOT NULL,
    account_id TEXT,
    reporter_name TEXT,
    reporter_email TEXT,
    occasion TEXT UNIQUE,
    text TEXT NOT NULL,
    reported_at TEXT NOT NULL,
    revision BIGINT NOT NULL,
    outcome TEXT,
    closed_at TEXT,
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX conduct_cases_by_reference ON conduct_cases (reference) WHERE reference <> '';
CREATE INDEX conduct_cases_unclosed ON conduct_cases (reported_at, no) WHERE state <> 'closed';

-- Every step of every case, never changed.
CREATE TABLE conduct_history (
    no {identity},
    case_no BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    act TEXT NOT NULL,
    actor TEXT NOT NULL,
    state TEXT NOT NULL,
    agency TEXT,
    agency_email TEXT,
    text TEXT,
    acted_at TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX conduct_history_by_case ON conduct_history (case_no, revision);

-- Addresses that a bounce has marked: nothing more is sent there until somebody restores them. state: bounced | restored
CREATE TABLE bounced_addresses (
    no {identity},
    address_key TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    state TEXT NOT NULL,
    status TEXT,
    bounced_at TEXT NOT NULL,
    restored_at TEXT
);
CREATE INDEX bounced_addresses_marked ON bounced_addresses (bounced_at, no) WHERE state = 'bounced';

-- Every bounce and every restoring, never changed. act: permanent | transient | restored
CREATE TABLE bounce_history (
    no {identity},
    address_key TEXT NOT NULL,
    act TEXT NOT NULL,
    status TEXT,
    actor TEXT,
    text TEXT,
    acted_at TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX bounce_history_by_address ON bounce_history (address_key, acted_at);

-- What a recipient was sent lately: the hourly limit counts in it.
CREATE INDEX outbox_sent ON outbox (lower(destination), settled_at) WHERE channel = 'mail' AND state = 'sent';

-- Who sent what and when, of messages that have left the inbox: kept for ever, since records name them by seq (R50).
CREATE TABLE origins (
    seq BIGINT PRIMARY KEY,
    sender TEXT NOT NULL,
    message_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    body_bytes BIGINT NOT NULL,
    received_at TEXT NOT NULL,
    settled_at TEXT
);
CREATE INDEX origins_by_message ON origins (message_id);

-- How many messages have left the inbox, by the day (UTC) they were received, kind and outcome: the ledger still adds up.
CREATE TABLE inbox_tally (
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (day, kind, state)
);

-- How far each chore of retention has come: what lies before was looked at when it was old enough, and is not looked at again.
CREATE TABLE retention_marks (
    chore TEXT PRIMARY KEY,
    upto BIGINT NOT NULL
);
