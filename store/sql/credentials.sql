-- name: put
-- What the licensing system says replaces what it said before; older news changes nothing.
INSERT INTO credentials (credential, number_key, status, lapses_on, as_of, holder_name, holder_email, holder_email_key, npi, seq)
VALUES (:credential, :number_key, :status, :lapses_on, :as_of, :holder_name, :holder_email, :holder_email_key, :npi, :seq)
ON CONFLICT (credential, number_key) DO UPDATE SET status = excluded.status, lapses_on = excluded.lapses_on,
    as_of = excluded.as_of, seq = excluded.seq,
    holder_name = CASE WHEN excluded.holder_name = '' THEN credentials.holder_name ELSE excluded.holder_name END,
    holder_email = CASE WHEN excluded.holder_email = '' THEN credentials.holder_email ELSE excluded.holder_email END,
    holder_email_key = CASE WHEN excluded.holder_email = '' THEN credentials.holder_email_key
        ELSE excluded.holder_email_key END,
    npi = CASE WHEN excluded.npi = '' THEN credentials.npi ELSE excluded.npi END
WHERE credentials.as_of <= excluded.as_of

-- name: hold_number
-- An account holds a credential under this number from now on.
INSERT INTO held_credentials (account_id, credential, number_key) VALUES (:account_id, :credential, :number_key)
ON CONFLICT (account_id, credential) DO UPDATE SET number_key = excluded.number_key

-- name: held_number
SELECT number_key FROM held_credentials WHERE account_id = :account_id AND credential = :credential

-- name: held_by
-- What an account holds and the registers know; at most one row a credential.
SELECT held.credential, credentials.lapses_on FROM held_credentials AS held
JOIN credentials ON credentials.credential = held.credential AND credentials.number_key = held.number_key
WHERE held.account_id = :account_id ORDER BY held.credential

-- name: lapsed_unnoticed
-- R21: credentials without which an account that is not closed should be suspended, and is not yet, a page at a time.
SELECT credentials.no, credentials.lapses_on, held.account_id, held.credential FROM credentials
JOIN held_credentials AS held
    ON held.credential = credentials.credential AND held.number_key = credentials.number_key
JOIN accounts ON accounts.account_id = held.account_id AND accounts.state IN ('active', 'suspended')
WHERE credentials.lapses_on <= :today AND credentials.lapses_on >= :after_date
    AND (credentials.lapses_on > :after_date OR (credentials.lapses_on = :after_date AND (credentials.no > :after_no
        OR (credentials.no = :after_no AND held.account_id > :after_account))))
    AND NOT EXISTS (SELECT 1 FROM suspensions WHERE suspensions.account_id = held.account_id
        AND suspensions.cause = 'credential:' || held.credential AND suspensions.ended_at IS NULL)
ORDER BY credentials.lapses_on, credentials.no, held.account_id LIMIT :most

-- name: told_by
-- The accounts that hold what one message told of, a page at a time.
SELECT credentials.no, credentials.lapses_on, held.account_id, held.credential FROM credentials
JOIN held_credentials AS held
    ON held.credential = credentials.credential AND held.number_key = credentials.number_key
JOIN accounts ON accounts.account_id = held.account_id AND accounts.state IN ('active', 'suspended')
WHERE credentials.seq = :seq
    AND (credentials.no > :after_no OR (credentials.no = :after_no AND held.account_id > :after_account))
ORDER BY credentials.no, held.account_id LIMIT :most

-- name: lapsing_on
-- R21: who is warned: holders of what lapses on a day, a page at a time.
SELECT credentials.no, held.account_id, held.credential, accounts.email, accounts.role, accounts.first_name,
    accounts.last_name
FROM credentials
JOIN held_credentials AS held
    ON held.credential = credentials.credential AND held.number_key = credentials.number_key
JOIN accounts ON accounts.account_id = held.account_id AND accounts.state IN ('active', 'suspended')
WHERE credentials.lapses_on = :lapses_on
    AND (credentials.no > :after_no OR (credentials.no = :after_no AND held.account_id > :after_account))
ORDER BY credentials.no, held.account_id LIMIT :most

-- name: unregistered
-- R5: holders of a CSP registration in force who have neither an account nor a pending registration, a page at a time.
SELECT number_key, holder_name, holder_email, npi, invited_on FROM credentials
WHERE credential = 'csp' AND lapses_on > :today AND number_key > :after_number
    AND NOT EXISTS (SELECT 1 FROM held_credentials AS held
        JOIN accounts ON accounts.account_id = held.account_id AND accounts.state IN ('active', 'suspended')
        WHERE held.credential = 'csp' AND held.number_key = credentials.number_key)
    AND NOT EXISTS (SELECT 1 FROM accounts
        WHERE accounts.email_key = credentials.holder_email_key AND accounts.state IN ('active', 'suspended'))
    AND NOT EXISTS (SELECT 1 FROM registrations
        WHERE registrations.email_key = credentials.holder_email_key AND registrations.state NOT IN
        ('approved', 'rejected', 'withdrawn', 'expired'))
ORDER BY number_key LIMIT :most

-- name: invited
UPDATE credentials SET invited_on = :invited_on WHERE credential = 'csp' AND number_key = :number_key

-- name: suspended_since
-- Accounts that a lapsed credential suspended on or after a moment and that still are, a page at a time.
SELECT no, account_id, cause FROM suspensions
WHERE ended_at IS NULL AND cause LIKE 'credential:%' AND since_at >= :moment AND no > :after_no
ORDER BY no LIMIT :most
