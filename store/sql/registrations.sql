-- name: insert
-- A new registration; R2's unique index keeps one pending per address.
INSERT INTO registrations (registration_id, email, email_key, role, state, state_since, first_name, last_name, applicant,
    supervisors, password_hash, terms_version, terms_agreed_at, verification_hash, verification_ends_at, submitted_at, seq)
VALUES (:registration_id, :email, :email_key, :role, :state, :submitted_at, :first_name, :last_name, :applicant,
    :supervisors, :password_hash, :terms_version, :terms_agreed_at, :verification_hash, :verification_ends_at, :submitted_at,
    :seq)

-- name: one
SELECT registration_id, email, role, state, state_since, revision, first_name, last_name, applicant, password_hash,
    verification_hash, verification_ends_at, verified_at, authorised_at, authorised_by
FROM registrations WHERE registration_id = :registration_id

-- name: address_in_use
-- R2: an address of a pending registration or of an account that is not closed.
SELECT 'registration' AS what FROM registrations WHERE email_key = :email_key AND decided_at IS NULL
UNION ALL SELECT 'account' FROM accounts WHERE email_key = :email_key AND state IN ('active', 'suspended')

-- name: save
-- Writes what changed on a pending registration; 0 rows when another change came first, or it was decided.
UPDATE registrations SET state = :state, state_since = :state_since, first_name = :first_name, last_name = :last_name,
    applicant = :applicant, verification_hash = :verification_hash, verification_ends_at = :verification_ends_at,
    verified_at = :verified_at, authorised_at = :authorised_at, authorised_by = :authorised_by, revision = revision + 1
WHERE registration_id = :registration_id AND revision = :revision AND decided_at IS NULL

-- name: decide
-- Writes the decision on a pending registration; 0 rows when another change came first, or it was decided.
UPDATE registrations SET state = :state, state_since = :decided_at, decided_at = :decided_at, decided_by = :decided_by,
    decision_reason = :decision_reason, revision = revision + 1
WHERE registration_id = :registration_id AND revision = :revision AND decided_at IS NULL

-- name: waiting_on_applicants
-- R12: pending registrations whose turn is not the programme's, the longest waiting first, a page at a time.
SELECT no, registration_id, state_since FROM registrations
WHERE decided_at IS NULL AND state NOT IN ('authorisation', 'administrator') AND state_since < :before
    AND (state_since > :after_since OR (state_since = :after_since AND no > :after_no))
ORDER BY state_since, no LIMIT :most

-- name: waiting_on_programme
-- R11: pending registrations whose turn is the programme's, the longest waiting first, a page at a time.
SELECT no, registration_id, role, state, state_since FROM registrations
WHERE decided_at IS NULL AND state IN ('authorisation', 'administrator')
    AND (state_since > :after_since OR (state_since = :after_since AND no > :after_no))
ORDER BY state_since, no LIMIT :most

-- name: pending_on_list
-- R8: pending registrations of people who stand, or stood, on an agency's list, a page at a time.
SELECT registrations.no, registration_id FROM registrations
JOIN agency_persons ON agency_persons.email_key = registrations.email_key AND agency_key = :agency_key
WHERE decided_at IS NULL AND registrations.no > :after_no ORDER BY registrations.no LIMIT :most

-- name: ask
INSERT INTO registration_questions (registration_id, asked_by, question, asked_at)
VALUES (:registration_id, :asked_by, :question, :asked_at)

-- name: open_question
SELECT 1 AS is_open FROM registration_questions WHERE registration_id = :registration_id AND answered_at IS NULL LIMIT 1

-- name: answer
-- One answer answers whatever was asked so far.
UPDATE registration_questions SET answer = :answer, answered_at = :answered_at
WHERE registration_id = :registration_id AND answered_at IS NULL
