-- name: insert
INSERT INTO accounts (account_id, email, email_key, role, state, first_name, last_name, password_hash, password_set_on,
    password_expires_on, approved_at)
VALUES (:account_id, :email, :email_key, :role, 'active', :first_name, :last_name, :password_hash, :password_set_on,
    :password_expires_on, :approved_at)

-- name: one
SELECT account_id, email, role, state, first_name, last_name, password_hash, password_set_on, password_expires_on
FROM accounts WHERE account_id = :account_id

-- name: set_password
-- R31, R32: the new hash replaces the previous one, the expiry is counted anew.
UPDATE accounts SET password_hash = :password_hash, password_set_on = :password_set_on,
    password_expires_on = :password_expires_on
WHERE account_id = :account_id AND password_set_on <= :password_set_on

-- name: passwords_expiring
-- R33, R35: active accounts whose password expires in the given days, a page at a time.
SELECT no, account_id, email, first_name, last_name, password_expires_on FROM accounts
WHERE state = 'active' AND password_expires_on >= :expires_from AND password_expires_on <= :expires_to
    AND (password_expires_on > :after_date OR (password_expires_on = :after_date AND no > :after_no))
ORDER BY password_expires_on, no LIMIT :most

-- name: by_address
-- R2: at most one account that is not closed holds an address.
SELECT account_id, email, role, state, first_name, last_name, password_hash, password_set_on, password_expires_on
FROM accounts WHERE email_key = :email_key AND state IN ('active', 'suspended')
