-- name: insert
-- A new registration; R2's unique index keeps one pending per address.
INSERT INTO registrations (registration_id, email, email_key, role, state, first_name, last_name, applicant, supervisors,
    password_hash, terms_version, terms_agreed_at, submitted_at, seq)
VALUES (:registration_id, :email, :email_key, :role, 'received', :first_name, :last_name, :applicant, :supervisors,
    :password_hash, :terms_version, :terms_agreed_at, :submitted_at, :seq)

-- name: one
SELECT registration_id, email, role, state, first_name, last_name, applicant, password_hash, submitted_at
FROM registrations WHERE registration_id = :registration_id

-- name: address_in_use
-- R2: an address of a pending registration or of an account that is not closed.
SELECT 'registration' AS what FROM registrations WHERE email_key = :email_key AND state = 'received'
UNION ALL SELECT 'account' FROM accounts WHERE email_key = :email_key AND state IN ('active', 'suspended')

-- name: decide
-- Writes the decision on a pending registration; 0 rows when it is not pending any more.
UPDATE registrations SET state = :state, decided_at = :decided_at, decided_by = :decided_by,
    decision_reason = :decision_reason
WHERE registration_id = :registration_id AND state = 'received'
