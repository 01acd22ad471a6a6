-- Who asked for access (R1-R14). state: received | approved | rejected | withdrawn | expired
CREATE TABLE registrations (
    no {identity},
    registration_id TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    applicant TEXT NOT NULL,
    supervisors TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    terms_version TEXT NOT NULL,
    terms_agreed_at TEXT NOT NULL,
    submitted_at TEXT NOT NULL,
    decided_at TEXT,
    decided_by TEXT,
    decision_reason TEXT,
    seq BIGINT NOT NULL
);
-- R2: one pending registration for an address.
CREATE UNIQUE INDEX registrations_pending_email ON registrations (email_key) WHERE state = 'received';
CREATE INDEX registrations_waiting ON registrations (submitted_at) WHERE state = 'received';

-- Who has access (R20-R38). state: active | suspended | revoked | deactivated
CREATE TABLE accounts (
    no {identity},
    account_id TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    password_set_on TEXT NOT NULL,
    password_expires_on TEXT NOT NULL,
    approved_at TEXT NOT NULL
);
CREATE UNIQUE INDEX accounts_active_email ON accounts (email_key) WHERE state IN ('active', 'suspended');
CREATE INDEX accounts_password_expiry ON accounts (password_expires_on, no) WHERE state = 'active';

-- One row a transaction (TH02) of a sender: what came, what became of it (R46, R47, F11).
CREATE TABLE submissions (
    no {identity},
    sender TEXT NOT NULL,
    transaction_control TEXT NOT NULL,
    verdict TEXT NOT NULL,
    version TEXT NOT NULL,
    file_name TEXT NOT NULL,
    body_bytes BIGINT NOT NULL,
    report TEXT NOT NULL,
    received_at TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX submissions_by_transaction ON submissions (sender, transaction_control)
    WHERE verdict IN ('accepted', 'zero_report');

-- What was dispensed. The unique key is the record's identity (R48) and leads with the dispenser, so that a file's rows are
-- neighbours; the other index leads with a date. state: active | voided
CREATE TABLE dispensations (
    dispenser TEXT NOT NULL,
    prescription_number TEXT NOT NULL,
    filled_on TEXT NOT NULL,
    fill_number BIGINT NOT NULL,
    quantity TEXT NOT NULL,
    partial_fill BIGINT NOT NULL,
    state TEXT NOT NULL,
    received_on TEXT NOT NULL,
    written_on TEXT NOT NULL,
    days_supply BIGINT NOT NULL,
    product_id TEXT NOT NULL,
    prescriber_dea TEXT NOT NULL,
    prescriber_npi TEXT NOT NULL,
    patient_last_name TEXT NOT NULL,
    patient_first_name TEXT NOT NULL,
    patient_born_on TEXT NOT NULL,
    patient_gender TEXT NOT NULL,
    patient_zip TEXT NOT NULL,
    species TEXT NOT NULL,
    payment_type TEXT NOT NULL,
    original TEXT NOT NULL,
    warnings TEXT NOT NULL,
    revision BIGINT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX dispensations_identity
    ON dispensations (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill);
CREATE INDEX dispensations_by_day ON dispensations (received_on);
-- What one message brought (whole-transaction void); its numbers only grow, so this index grows at its end.
CREATE INDEX dispensations_by_message ON dispensations (seq);
CREATE INDEX dispensations_voided ON dispensations (dispenser, filled_on) WHERE state = 'voided';

-- Every earlier version of a record that was revised, voided or sent anew (R49): nothing is ever overwritten.
CREATE TABLE dispensation_versions (
    no {identity},
    dispenser TEXT NOT NULL,
    prescription_number TEXT NOT NULL,
    filled_on TEXT NOT NULL,
    fill_number BIGINT NOT NULL,
    quantity TEXT NOT NULL,
    partial_fill BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    state TEXT NOT NULL,
    original TEXT NOT NULL,
    seq BIGINT NOT NULL,
    superseded_by_seq BIGINT NOT NULL,
    superseded_at TEXT NOT NULL
);
CREATE INDEX dispensation_versions_identity ON dispensation_versions (dispenser, prescription_number, filled_on);

-- A dispenser said that it had nothing to report (R42).
CREATE TABLE zero_reports (
    no {identity},
    dispenser TEXT NOT NULL,
    period_from TEXT NOT NULL,
    period_to TEXT NOT NULL,
    received_at TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX zero_reports_by_day ON zero_reports (period_to, dispenser);

-- Problems reported to the help desk (R70-R75). state: open | resolved | closed
CREATE TABLE tickets (
    no {identity},
    ticket_id TEXT NOT NULL UNIQUE,
    number TEXT NOT NULL,
    category TEXT NOT NULL,
    state TEXT NOT NULL,
    requester_name TEXT NOT NULL,
    requester_email TEXT NOT NULL,
    subject TEXT NOT NULL,
    description TEXT NOT NULL,
    opened_at TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX tickets_open ON tickets (category, opened_at) WHERE state = 'open';
