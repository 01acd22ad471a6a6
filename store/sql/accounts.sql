-- name: insert
INSERT INTO accounts (account_id, email, email_key, role, state, first_name, last_name, password_hash, password_set_on,
    password_expires_on, approved_at, facility)
VALUES (:account_id, :email, :email_key, :role, 'active', :first_name, :last_name, :password_hash, :password_set_on,
    :password_expires_on, :approved_at, :facility)

-- name: form_of
-- The form that an account was opened with.
SELECT applicant FROM registrations WHERE registration_id = :registration_id

-- name: one
SELECT account_id, email, role, state, first_name, last_name, password_hash, password_set_on, password_expires_on
FROM accounts WHERE account_id = :account_id

-- name: hold sqlite
-- The account as it stands, nobody else's to change until this transaction ends.
SELECT account_id, email, role, state, first_name, last_name, password_hash, password_set_on, password_expires_on
FROM accounts WHERE account_id = :account_id

-- name: hold postgres
SELECT account_id, email, role, state, first_name, last_name, password_hash, password_set_on, password_expires_on
FROM accounts WHERE account_id = :account_id FOR UPDATE

-- name: set_password
-- R31, R32: the new hash replaces the one it was compared with, the expiry is counted anew.
UPDATE accounts SET password_hash = :password_hash, password_set_on = :password_set_on,
    password_expires_on = :password_expires_on
WHERE account_id = :account_id AND password_set_on <= :password_set_on AND password_hash = :replaces

-- name: set_state
-- 0 rows when another transaction moved it first.
UPDATE accounts SET state = :state WHERE account_id = :account_id AND state = :was

-- name: set_profile
UPDATE accounts SET first_name = :first_name, last_name = :last_name,
    facility = CASE WHEN :facility = '' THEN facility ELSE :facility END,
    job = CASE WHEN :job = '' THEN job ELSE :job END,
    employment = CASE WHEN :employment = '' THEN employment ELSE :employment END
WHERE account_id = :account_id

-- name: set_email
-- R22; the unique index keeps one open account an address (R2).
UPDATE accounts SET email = :email, email_key = :email_key WHERE account_id = :account_id

-- name: passwords_expiring
-- R33, R35: active accounts whose password expires in the given days, a page at a time.
SELECT no, account_id, email, first_name, last_name, password_expires_on FROM accounts
WHERE state = 'active' AND password_expires_on >= :expires_from AND password_expires_on <= :expires_to
    AND password_expires_on >= :after_date
    AND (password_expires_on > :after_date OR (password_expires_on = :after_date AND no > :after_no))
ORDER BY password_expires_on, no LIMIT :most

-- name: by_address
-- R2: at most one account that is not closed holds an address.
SELECT account_id, email, role, state, first_name, last_name, password_hash, password_set_on, password_expires_on
FROM accounts WHERE email_key = :email_key AND state IN ('active', 'suspended')
