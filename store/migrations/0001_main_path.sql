-- The ledger of everything that was ever taken: one row a message, never more (promise 2).
-- state: done | refused | waiting (stands in deferred) | dead (stands in dead_letters) | discarded (by an operator)
CREATE TABLE inbox (
    seq {identity},
    sender TEXT NOT NULL,
    message_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    digest TEXT NOT NULL,
    body_bytes BIGINT NOT NULL,
    state TEXT NOT NULL,
    answer TEXT,
    traceparent TEXT NOT NULL,
    received_at TEXT NOT NULL,
    settled_at TEXT
);
CREATE UNIQUE INDEX inbox_by_message ON inbox (sender, message_id);
CREATE INDEX inbox_open ON inbox (state) WHERE state <> 'done';

-- Messages whose turn has not come: what they build on is missing, or a try failed. Due times live here, not in broker queues.
CREATE TABLE deferred (
    seq BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    sender TEXT NOT NULL,
    message_id TEXT NOT NULL,
    properties TEXT NOT NULL,
    body {blob} NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    deferred_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    gives_up_at TEXT NOT NULL,
    leased_until TEXT,
    lost_turns BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX deferred_due ON deferred (due_at);

-- What could not be processed, whole, with its reason in words; state: open | replayed | discarded.
CREATE TABLE dead_letters (
    no {identity},
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    sender TEXT NOT NULL,
    message_id TEXT NOT NULL,
    properties TEXT NOT NULL,
    body {blob} NOT NULL,
    origin TEXT NOT NULL,
    code TEXT NOT NULL,
    field TEXT,
    text TEXT NOT NULL,
    faults TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    died_at TEXT NOT NULL,
    state TEXT NOT NULL,
    resolved_at TEXT,
    resolved_by TEXT,
    resolved_why TEXT
);
CREATE INDEX dead_letters_open ON dead_letters (state, died_at);
CREATE INDEX dead_letters_by_message ON dead_letters (seq);

-- Attempts of redelivered messages, committed before any of our code runs, so that a message that kills the process counts.
CREATE TABLE attempts (
    sender TEXT NOT NULL,
    message_id TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (sender, message_id)
);

-- Whatever must leave: e-mails, events, answers; written with the effects, sent by the relay.
-- state: due | claimed | handed_over | sent | refused | unknown | held
CREATE TABLE outbox (
    no {identity},
    channel TEXT NOT NULL,
    name TEXT NOT NULL,
    destination TEXT NOT NULL,
    key TEXT,
    facts TEXT NOT NULL,
    seq BIGINT,
    correlation_id TEXT,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    created_at TEXT NOT NULL,
    due_at TEXT NOT NULL,
    leased_until TEXT,
    leased_by TEXT,
    settled_at TEXT,
    reply TEXT,
    unknowns BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX outbox_by_key ON outbox (key) WHERE key IS NOT NULL;
CREATE INDEX outbox_due ON outbox (channel, due_at) WHERE state = 'due';
CREATE INDEX outbox_leased ON outbox (leased_until) WHERE state IN ('claimed', 'handed_over');
CREATE INDEX outbox_wanting ON outbox (state) WHERE state IN ('refused', 'unknown', 'held');
CREATE INDEX outbox_by_message ON outbox (seq);

-- A sweep runs once for a local date, whoever runs it.
CREATE TABLE sweep_runs (
    sweep TEXT NOT NULL,
    for_date TEXT NOT NULL,
    ran_at TEXT NOT NULL,
    ran_by TEXT NOT NULL,
    notices BIGINT NOT NULL,
    PRIMARY KEY (sweep, for_date)
);

-- What operators did, with their reason.
CREATE TABLE operator_acts (
    no {identity},
    act TEXT NOT NULL,
    object TEXT NOT NULL,
    operator TEXT NOT NULL,
    why TEXT NOT NULL,
    acted_at TEXT NOT NULL
);
