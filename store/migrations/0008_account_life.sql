-- What users report of their work (R22).
ALTER TABLE accounts ADD COLUMN facility TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN job TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN employment TEXT NOT NULL DEFAULT '';

-- Who changed what about an account, when and why (R20, R22). Rows are only ever added; values of the profile are not repeated.
CREATE TABLE account_history (
    no {identity},
    account_id TEXT NOT NULL,
    what TEXT NOT NULL,
    ground TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    changed_at TEXT NOT NULL
);
CREATE INDEX account_history_of ON account_history (account_id, no);

-- Why an account is suspended: one open row a cause (administrator | credential:csp | credential:dea | credential:license).
-- The account is active only while none is open (R20, R21).
CREATE TABLE suspensions (
    no {identity},
    account_id TEXT NOT NULL,
    cause TEXT NOT NULL,
    until_on TEXT,
    since_at TEXT NOT NULL,
    ended_at TEXT
);
CREATE UNIQUE INDEX suspensions_open ON suspensions (account_id, cause) WHERE ended_at IS NULL;
CREATE INDEX suspensions_until ON suspensions (until_on, no) WHERE ended_at IS NULL AND until_on IS NOT NULL;

-- Failed logins of an address, known or not: whoever watches learns nothing of who has an account (R37).
CREATE TABLE login_failures (
    address_key TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    failing_since TEXT NOT NULL,
    locked_until TEXT NOT NULL
);
CREATE INDEX login_failures_by_age ON login_failures (failing_since);

-- Links to choose a new password (R36). An address without account has rows too (account_id is empty), and no link leaves.
-- state: open | used | replaced
CREATE TABLE password_resets (
    no {identity},
    reset_id TEXT NOT NULL UNIQUE,
    address_key TEXT NOT NULL,
    account_id TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE INDEX password_resets_by_address ON password_resets (address_key, requested_at);
CREATE UNIQUE INDEX password_resets_open ON password_resets (address_key) WHERE state = 'open';
CREATE INDEX password_resets_by_account ON password_resets (account_id) WHERE state = 'open';
CREATE INDEX password_resets_by_age ON password_resets (requested_at);

-- Links that prove a new address (R22). state: open | used | replaced
CREATE TABLE address_changes (
    no {identity},
    change_id TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL,
    new_email TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    expires_at TEXT NOT NULL
);
CREATE UNIQUE INDEX address_changes_open ON address_changes (account_id) WHERE state = 'open';

-- Versions of the terms of use, and who accepted which (R1, R26); rows are only ever added.
CREATE TABLE terms (
    version TEXT PRIMARY KEY,
    effective_on TEXT NOT NULL,
    published_at TEXT NOT NULL,
    published_by TEXT NOT NULL
);
CREATE INDEX terms_in_force ON terms (effective_on, published_at);
CREATE TABLE terms_acceptances (
    account_id TEXT NOT NULL,
    version TEXT NOT NULL,
    accepted_at TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    PRIMARY KEY (account_id, version)
);

-- What the licensing system last said of a credential (R5, R21). lapses_on is the first day without it: of one that ended early,
-- the day that was said; of one without end, 9999-12-31.
CREATE TABLE credentials (
    no {identity},
    credential TEXT NOT NULL,
    number_key TEXT NOT NULL,
    status TEXT NOT NULL,
    lapses_on TEXT NOT NULL,
    as_of TEXT NOT NULL,
    holder_name TEXT NOT NULL,
    holder_email TEXT NOT NULL,
    holder_email_key TEXT NOT NULL,
    npi TEXT NOT NULL,
    seq BIGINT NOT NULL,
    invited_on TEXT NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX credentials_number ON credentials (credential, number_key);
CREATE INDEX credentials_lapsing ON credentials (lapses_on, no);
CREATE INDEX credentials_by_message ON credentials (seq, no);

-- Which numbers an account's form gave.
CREATE TABLE held_credentials (
    account_id TEXT NOT NULL,
    credential TEXT NOT NULL,
    number_key TEXT NOT NULL,
    PRIMARY KEY (account_id, credential)
);
CREATE INDEX held_credentials_number ON held_credentials (credential, number_key);

-- Changes that may end an account's eligibility, for an administrator to look at (R22). state: open | kept | closed
CREATE TABLE eligibility_reports (
    no {identity},
    account_id TEXT NOT NULL,
    why TEXT NOT NULL,
    state TEXT NOT NULL,
    reported_at TEXT NOT NULL,
    decided_at TEXT,
    decided_by TEXT
);
CREATE UNIQUE INDEX eligibility_reports_open ON eligibility_reports (account_id) WHERE state = 'open';
-- R5: whether a holder's registration is pending.
CREATE INDEX registrations_by_email ON registrations (email_key);
