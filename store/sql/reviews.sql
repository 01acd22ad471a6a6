-- name: insert
INSERT INTO reviews (patient_key, part, reviewer_id, prescriber_id, prescriber_dea, prescriber_npi, prescriber_others, reviewed_on, reviewed_at, seq)
VALUES (:patient_key, :part, :reviewer_id, :prescriber_id, :prescriber_dea, :prescriber_npi, :prescriber_others, :reviewed_on, :reviewed_at, :seq)

-- name: of_patients sqlite
-- The reviews made of these keys, with the numbers of the prescribers they count for.
SELECT patient_key, part, prescriber_dea, prescriber_npi, prescriber_others, reviewed_on FROM reviews
WHERE patient_key IN (SELECT value FROM json_each(:keys))

-- name: of_patients postgres
SELECT patient_key, part, prescriber_dea, prescriber_npi, prescriber_others, reviewed_on FROM reviews
WHERE patient_key = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(:keys AS jsonb))))

-- name: numbers sqlite
-- The numbers under which records know an account's holder: those of the approved form, and the DEA number held now (R21).
SELECT coalesce(applicant ->> 'dea_number', '') AS dea, coalesce(applicant ->> 'npi', '') AS npi,
    coalesce(applicant ->> 'institution_dea_number', '') AS institution_dea,
    coalesce(applicant ->> 'institution_dea_suffix', '') AS suffix, coalesce(held.number_key, '') AS held_dea
FROM registrations
LEFT JOIN held_credentials AS held ON held.account_id = registration_id AND held.credential = 'dea'
WHERE registration_id = :account_id

-- name: numbers postgres
SELECT coalesce(CAST(applicant AS jsonb) ->> 'dea_number', '') AS dea, coalesce(CAST(applicant AS jsonb) ->> 'npi', '') AS npi,
    coalesce(CAST(applicant AS jsonb) ->> 'institution_dea_number', '') AS institution_dea,
    coalesce(CAST(applicant AS jsonb) ->> 'institution_dea_suffix', '') AS suffix, coalesce(held.number_key, '') AS held_dea
FROM registrations
LEFT JOIN held_credentials AS held ON held.account_id = registration_id AND held.credential = 'dea'
WHERE registration_id = :account_id

-- name: prescribers sqlite
-- The active accounts whose holders records know by a number, a page at a time.
SELECT a.no, a.account_id, a.email, a.first_name, a.last_name, coalesce(r.applicant ->> 'dea_number', '') AS dea,
    coalesce(r.applicant ->> 'npi', '') AS npi, coalesce(r.applicant ->> 'institution_dea_number', '') AS institution_dea,
    coalesce(r.applicant ->> 'institution_dea_suffix', '') AS suffix, coalesce(held.number_key, '') AS held_dea
FROM accounts AS a JOIN registrations AS r ON r.registration_id = a.account_id
LEFT JOIN held_credentials AS held ON held.account_id = a.account_id AND held.credential = 'dea'
WHERE a.state = 'active' AND a.no > :after
    AND (r.applicant ->> 'dea_number' IS NOT NULL OR r.applicant ->> 'npi' IS NOT NULL
        OR r.applicant ->> 'institution_dea_suffix' IS NOT NULL OR held.number_key IS NOT NULL)
ORDER BY a.no LIMIT :most

-- name: prescribers postgres
SELECT a.no, a.account_id, a.email, a.first_name, a.last_name, coalesce(CAST(r.applicant AS jsonb) ->> 'dea_number', '') AS dea,
    coalesce(CAST(r.applicant AS jsonb) ->> 'npi', '') AS npi,
    coalesce(CAST(r.applicant AS jsonb) ->> 'institution_dea_number', '') AS institution_dea,
    coalesce(CAST(r.applicant AS jsonb) ->> 'institution_dea_suffix', '') AS suffix, coalesce(held.number_key, '') AS held_dea
FROM accounts AS a JOIN registrations AS r ON r.registration_id = a.account_id
LEFT JOIN held_credentials AS held ON held.account_id = a.account_id AND held.credential = 'dea'
WHERE a.state = 'active' AND a.no > :after
    AND (CAST(r.applicant AS jsonb) ->> 'dea_number' IS NOT NULL OR CAST(r.applicant AS jsonb) ->> 'npi' IS NOT NULL
        OR CAST(r.applicant AS jsonb) ->> 'institution_dea_suffix' IS NOT NULL OR held.number_key IS NOT NULL)
ORDER BY a.no LIMIT :most

-- name: open_case
-- R24: a case is open once at a time for an account.
INSERT INTO cases (case_number, account_id, opened_on, seq) VALUES (:case_number, :account_id, :opened_on, :seq)
ON CONFLICT (account_id, case_number) WHERE closed_on IS NULL DO NOTHING

-- name: close_case
UPDATE cases SET closed_on = :closed_on
WHERE account_id = :account_id AND case_number = :case_number AND closed_on IS NULL

-- name: active_case
-- R24: the case has been opened, and not closed.
SELECT no FROM cases
WHERE account_id = :account_id AND case_number = :case_number AND opened_on <= :today AND closed_on IS NULL

-- name: note_query
-- R60: who used which patient's record, when, on whose behalf, for which case.
INSERT INTO patient_queries (requester_id, on_behalf_of, patient_key, part, case_number, asked_at, seq)
VALUES (:requester_id, :on_behalf_of, :patient_key, :part, :case_number, :asked_at, :seq)

-- name: note_refusal
-- R24: a refused query is recorded, without the patient.
INSERT INTO refused_queries (requester_id, on_behalf_of, code, asked_at, seq)
VALUES (:requester_id, :on_behalf_of, :code, :asked_at, :seq)

-- name: refusals
-- R24: who was refused a patient's record between two moments, why, and how often, a page at a time.
SELECT requester_id, code, count(*) AS queries FROM refused_queries
WHERE asked_at >= :from_at AND asked_at < :to_at
    AND (requester_id > :after_requester OR (requester_id = :after_requester AND code > :after_code))
GROUP BY requester_id, code ORDER BY requester_id, code LIMIT :most
