-- Which patient a key stands for, where that is not the patient of the key's own; a row a merged key, never a chain.
CREATE TABLE patient_aliases (
    patient_key TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL
);
CREATE INDEX patient_aliases_by_patient ON patient_aliases (patient_id);

-- Every merging and splitting, for ever; act: merged | split. What it undid or did again can be read off it.
CREATE TABLE patient_links (
    no {identity},
    act TEXT NOT NULL,
    patient_key TEXT NOT NULL,
    from_patient_id TEXT NOT NULL,
    to_patient_id TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    decided_at TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX patient_links_by_key ON patient_links (patient_key, no);

-- How much of an opioid is in a unit of a drug (R29): ingredient as in handlers/rules/mme.toml, strength in milligrams.
CREATE TABLE drug_strengths (
    ndc TEXT PRIMARY KEY,
    ingredient TEXT NOT NULL,
    strength TEXT NOT NULL
);

-- How far a projection has read the stream, by which numbers of the policy, and who does it now.
CREATE TABLE projections (
    name TEXT PRIMARY KEY,
    passed_seq BIGINT NOT NULL,
    numbers TEXT NOT NULL,
    leased_by TEXT,
    leased_until TEXT
);
INSERT INTO projections (name, passed_seq, numbers) VALUES ('treatments', 0, '');

-- Messages that had no effect yet when the projection passed them: they waited, or were dead, and may still come.
CREATE TABLE projection_late (
    seq BIGINT PRIMARY KEY
);

-- Keys of which something changed; ``marks`` only makes a marking wait for whoever takes the row away just then.
CREATE TABLE stale_patients (
    patient_key TEXT PRIMARY KEY,
    marks BIGINT NOT NULL
);

-- The active records of persons that raise duties, found by patient; made from dispensations, behind the stream.
CREATE TABLE patient_records (
    dispenser TEXT NOT NULL,
    prescription_number TEXT NOT NULL,
    filled_on TEXT NOT NULL,
    fill_number BIGINT NOT NULL,
    quantity TEXT NOT NULL,
    partial_fill BIGINT NOT NULL,
    patient_key TEXT NOT NULL,
    prescriber TEXT NOT NULL,
    written_on TEXT NOT NULL,
    days_supply BIGINT NOT NULL,
    product_id TEXT NOT NULL
);
CREATE UNIQUE INDEX patient_records_identity
    ON patient_records (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill);
CREATE INDEX patient_records_by_patient ON patient_records (patient_key);
-- Who withdrew or replaced what, found in the order of the stream; its numbers only grow.
CREATE INDEX dispensation_versions_by_change ON dispensation_versions (superseded_by_seq);

-- Courses of treatment, one prescriber and one patient each (R54), with the next review's due date (R55; none: no duty).
CREATE TABLE treatments (
    patient_id TEXT NOT NULL,
    prescriber TEXT NOT NULL,
    began_on TEXT NOT NULL,
    supply_ends_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    records BIGINT NOT NULL,
    last_schedule TEXT NOT NULL,
    is_schedule_v_only BIGINT NOT NULL,
    is_continuous BIGINT NOT NULL,
    is_prolonged BIGINT NOT NULL,
    reviewed_on TEXT,
    due_on TEXT,
    PRIMARY KEY (patient_id, prescriber, began_on)
);
CREATE INDEX treatments_due ON treatments (prescriber, due_on, ends_on) WHERE due_on IS NOT NULL;

-- Records before which no review was made in time (R51).
CREATE TABLE missed_reviews (
    patient_id TEXT NOT NULL,
    dispenser TEXT NOT NULL,
    prescription_number TEXT NOT NULL,
    filled_on TEXT NOT NULL,
    fill_number BIGINT NOT NULL,
    quantity TEXT NOT NULL,
    partial_fill BIGINT NOT NULL,
    prescriber TEXT NOT NULL,
    written_on TEXT NOT NULL,
    PRIMARY KEY (patient_id, dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill)
);
CREATE INDEX missed_reviews_by_day ON missed_reviews (written_on, prescriber);

-- Thresholds that a patient's records crossed (R29), one row for each prescriber it concerns; noticed_on: told the day after.
CREATE TABLE clinical_alerts (
    patient_id TEXT NOT NULL,
    rule TEXT NOT NULL,
    raised_on TEXT NOT NULL,
    prescriber TEXT NOT NULL,
    noticed_on TEXT NOT NULL,
    PRIMARY KEY (patient_id, rule, raised_on, prescriber)
);
CREATE INDEX clinical_alerts_noticed ON clinical_alerts (noticed_on, prescriber);

-- Reviews that were made (R51-R56): by whom, for whom, and under which numbers of theirs the records know them.
CREATE TABLE reviews (
    no {identity},
    patient_key TEXT NOT NULL,
    reviewer_id TEXT NOT NULL,
    prescriber_id TEXT NOT NULL,
    prescriber_dea TEXT NOT NULL,
    prescriber_npi TEXT NOT NULL,
    reviewed_on TEXT NOT NULL,
    reviewed_at TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX reviews_by_patient ON reviews (patient_key, reviewed_on);

-- Law enforcement's cases (R24): active from the day of opening to the day before closing.
CREATE TABLE cases (
    no {identity},
    case_number TEXT NOT NULL,
    account_id TEXT NOT NULL,
    opened_on TEXT NOT NULL,
    closed_on TEXT,
    seq BIGINT NOT NULL
);
CREATE UNIQUE INDEX cases_open ON cases (account_id, case_number) WHERE closed_on IS NULL;

-- Queries of a patient's record that were granted, and those that were refused, these without a patient (R24, R60).
CREATE TABLE patient_queries (
    no {identity},
    requester_id TEXT NOT NULL,
    on_behalf_of TEXT,
    patient_key TEXT NOT NULL,
    case_number TEXT,
    asked_at TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE TABLE refused_queries (
    no {identity},
    requester_id TEXT NOT NULL,
    on_behalf_of TEXT,
    code TEXT NOT NULL,
    asked_at TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX refused_queries_by_time ON refused_queries (asked_at);
CREATE INDEX patient_queries_by_patient ON patient_queries (patient_key, asked_at);

-- Alerts that users posted about a patient (R28); state: posted | withdrawn. The text never leaves.
CREATE TABLE patient_alerts (
    no {identity},
    alert_id TEXT NOT NULL UNIQUE,
    patient_key TEXT NOT NULL,
    author_id TEXT NOT NULL,
    concern TEXT NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    posted_at TEXT NOT NULL,
    withdrawn_at TEXT,
    withdrawn_by TEXT,
    seq BIGINT NOT NULL
);
CREATE INDEX patient_alerts_posted ON patient_alerts (posted_at, no) WHERE state = 'posted';
