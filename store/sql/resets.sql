-- name: asked_since
-- R36: how often an address asked for a reset since a moment.
SELECT count(*) AS number FROM password_resets WHERE address_key = :address_key AND requested_at > :moment

-- name: replace
-- A later request invalidates the earlier link.
UPDATE password_resets SET state = 'replaced' WHERE address_key = :address_key AND state = 'open'

-- name: insert
INSERT INTO password_resets (reset_id, address_key, account_id, secret_hash, state, requested_at, expires_at)
VALUES (:reset_id, :address_key, :account_id, :secret_hash, 'open', :requested_at, :expires_at)

-- name: one
SELECT reset_id, account_id, secret_hash, state, expires_at FROM password_resets WHERE reset_id = :reset_id

-- name: use
-- A link works once; 0 rows when it was used or replaced meanwhile.
UPDATE password_resets SET state = 'used' WHERE reset_id = :reset_id AND state = 'open'

-- name: replace_all_of
-- The account's password or address changed: no earlier link may change it again.
UPDATE password_resets SET state = 'replaced' WHERE account_id = :account_id AND state = 'open'

-- name: forget_before
-- Links that no rule counts any more.
DELETE FROM password_resets WHERE no IN (SELECT no FROM password_resets
    WHERE requested_at < :moment ORDER BY requested_at LIMIT :most)

-- name: replace_address_change
UPDATE address_changes SET state = 'replaced' WHERE account_id = :account_id AND state = 'open'

-- name: insert_address_change
INSERT INTO address_changes (change_id, account_id, new_email, secret_hash, state, requested_at, expires_at)
VALUES (:change_id, :account_id, :new_email, :secret_hash, 'open', :requested_at, :expires_at)

-- name: address_change
SELECT change_id, account_id, new_email, secret_hash, state, expires_at FROM address_changes WHERE change_id = :change_id

-- name: use_address_change
-- A link works once; 0 rows when it was used or replaced meanwhile.
UPDATE address_changes SET state = 'used' WHERE change_id = :change_id AND state = 'open'
