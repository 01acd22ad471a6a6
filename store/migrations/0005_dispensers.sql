-- Which drugs are monitored, and how (R44). ndc: 11 digits of a package, or the first 9 (labeler and product) for all of them.
-- monitoring: over_48_hours | any_supply
CREATE TABLE drugs (
    ndc TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    schedule TEXT NOT NULL,
    class TEXT NOT NULL,
    monitoring TEXT NOT NULL,
    for_animals BIGINT NOT NULL,
    loaded_at TEXT NOT NULL
);

-- Who must report (R40-R43). dispenser is what its records are known by: DEA, else NPI, else NCPDP (R48).
-- kind: pharmacy | practitioner | veterinarian. facility: '' | institutional | treatment_programme | licensed_facility.
-- state: active | closed. covered_to is the last day that a submission or a zero report covers (R42).
CREATE TABLE dispensers (
    dispenser TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    facility TEXT NOT NULL,
    dea TEXT NOT NULL,
    npi TEXT NOT NULL,
    ncpdp TEXT NOT NULL,
    contact_email TEXT NOT NULL,
    submitters TEXT NOT NULL,
    state TEXT NOT NULL,
    registered_on TEXT NOT NULL,
    covered_to TEXT NOT NULL,
    last_report_on TEXT NOT NULL,
    closed_on TEXT,
    seq BIGINT NOT NULL
);
CREATE INDEX dispensers_by_cover ON dispensers (kind, covered_to, dispenser) WHERE state = 'active';

-- Every number that a dispenser may be named by; one number names one dispenser.
CREATE TABLE dispenser_numbers (
    number TEXT PRIMARY KEY,
    dispenser TEXT NOT NULL
);
CREATE INDEX dispenser_numbers_of ON dispenser_numbers (dispenser);

-- Standing exemptions, declared from a day to a day or for good (R43).
CREATE TABLE dispenser_exemptions (
    no {identity},
    dispenser TEXT NOT NULL,
    reason TEXT NOT NULL,
    from_on TEXT NOT NULL,
    to_on TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX dispenser_exemptions_of ON dispenser_exemptions (dispenser, from_on);

-- R49: said_at is when the transaction was made that the record's state comes from, basis what it said (new | revise);
-- confirmed_at when a later one said the same again. An older statement finds its place in the history and changes no more.
-- marks: late (R40) | not_reportable (R44) | exempt:<reason> (R43), separated by blanks.
ALTER TABLE dispensations ADD COLUMN said_at TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensations ADD COLUMN basis TEXT NOT NULL DEFAULT 'new';
ALTER TABLE dispensations ADD COLUMN confirmed_at TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensations ADD COLUMN confirmed_seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE dispensations ADD COLUMN marks TEXT NOT NULL DEFAULT '';
-- A version is a statement: what was said (new | revise | void), when, and the whole of it.
ALTER TABLE dispensation_versions ADD COLUMN status TEXT NOT NULL DEFAULT 'new';
ALTER TABLE dispensation_versions ADD COLUMN said_at TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN received_on TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN written_on TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN product_id TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN prescriber_dea TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN prescriber_npi TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN patient_last_name TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN patient_first_name TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN patient_born_on TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN patient_gender TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN patient_zip TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN species TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN payment_type TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN warnings TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN marks TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN days_supply BIGINT NOT NULL DEFAULT 0;
ALTER TABLE submissions ADD COLUMN created_at TEXT NOT NULL DEFAULT '';

-- Records that could not be stored and were not corrected yet (R47); one row a record of a submission.
CREATE TABLE open_errors (
    no {identity},
    seq BIGINT NOT NULL,
    sender TEXT NOT NULL,
    dispenser TEXT NOT NULL,
    prescription_number TEXT NOT NULL,
    filled_on TEXT NOT NULL,
    checks TEXT NOT NULL,
    reported_on TEXT NOT NULL,
    corrected_at TEXT
);
CREATE INDEX open_errors_of ON open_errors (dispenser, prescription_number) WHERE corrected_at IS NULL;
CREATE INDEX open_errors_by_day ON open_errors (reported_on, seq) WHERE corrected_at IS NULL;
CREATE INDEX open_errors_by_message ON open_errors (seq) WHERE corrected_at IS NULL;
CREATE INDEX submissions_by_message ON submissions (seq);
-- A void that overtook the transaction it names (R49: TH03 = 04).
CREATE INDEX submissions_voids ON submissions (sender, transaction_control) WHERE verdict = 'void';
