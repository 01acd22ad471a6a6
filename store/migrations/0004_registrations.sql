-- A registration is a machine (R4-R14). state: email_verification | documents | supervisor | agency_list | authorisation |
-- administrator | information while it is pending, then approved | rejected | withdrawn | expired. The state is derived from the
-- facts and kept for queries; revision counts every change, so that two changes at once are told apart.
ALTER TABLE registrations ADD COLUMN state_since TEXT NOT NULL DEFAULT '';
ALTER TABLE registrations ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
ALTER TABLE registrations ADD COLUMN verification_hash TEXT;
ALTER TABLE registrations ADD COLUMN verification_ends_at TEXT;
ALTER TABLE registrations ADD COLUMN verified_at TEXT;
ALTER TABLE registrations ADD COLUMN authorised_at TEXT;
ALTER TABLE registrations ADD COLUMN authorised_by TEXT;
UPDATE registrations SET state = 'email_verification' WHERE state = 'received';
UPDATE registrations SET state_since = COALESCE(decided_at, submitted_at);
DROP INDEX registrations_pending_email;
DROP INDEX registrations_waiting;
-- R2: one pending registration for an address.
CREATE UNIQUE INDEX registrations_pending_email ON registrations (email_key) WHERE decided_at IS NULL;
-- R11, R12: what waits, by whom it waits for and since when.
CREATE INDEX registrations_waiting ON registrations (state, state_since, no) WHERE decided_at IS NULL;

-- References to documents that were sent in; nothing deletes them (R4, R62). state: received | accepted | deficient
CREATE TABLE registration_documents (
    no {identity},
    registration_id TEXT NOT NULL,
    document_id TEXT NOT NULL,
    document TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    location TEXT NOT NULL,
    state TEXT NOT NULL,
    received_at TEXT NOT NULL,
    judged_at TEXT,
    judged_by TEXT,
    lacks TEXT,
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX registration_documents_by_name ON registration_documents (registration_id, document_id);

-- What administrators asked an applicant, and the answer; a question without one pauses the registration (R6).
CREATE TABLE registration_questions (
    no {identity},
    registration_id TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    question TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    answer TEXT,
    answered_at TEXT
);
CREATE INDEX registration_questions_open ON registration_questions (registration_id) WHERE answered_at IS NULL;

-- The lists of people that agencies' highest-ranking officials sent in (R8).
CREATE TABLE agency_lists (
    no {identity},
    agency_key TEXT NOT NULL,
    agency TEXT NOT NULL,
    official_name TEXT NOT NULL,
    official_title TEXT NOT NULL,
    sent_on TEXT NOT NULL,
    persons BIGINT NOT NULL,
    recorded_by TEXT NOT NULL,
    received_at TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX agency_lists_by_agency ON agency_lists (agency_key, sent_on);

-- Who stands on an agency's present list; dropped_on is set when a newer list leaves a person out.
CREATE TABLE agency_persons (
    agency_key TEXT NOT NULL,
    email_key TEXT NOT NULL,
    name TEXT NOT NULL,
    listed_on TEXT NOT NULL,
    dropped_on TEXT,
    PRIMARY KEY (agency_key, email_key)
);
CREATE INDEX agency_persons_dropped ON agency_persons (dropped_on) WHERE dropped_on IS NOT NULL;

-- Who completed the training in person (R8); the id is the registration's, later the account's.
CREATE TABLE trainings (
    registration_id TEXT PRIMARY KEY,
    trained_on TEXT NOT NULL,
    recorded_by TEXT NOT NULL,
    recorded_at TEXT NOT NULL
);

-- When a supervisor last confirmed the list of delegates (R23).
CREATE TABLE roster_confirmations (
    supervisor_id TEXT PRIMARY KEY,
    confirmed_at TEXT NOT NULL
);
