-- name: of_address sqlite
-- The failures of an address, nobody else's to count until this transaction ends.
SELECT failures, locked_until FROM login_failures WHERE address_key = :address_key

-- name: of_address postgres
SELECT failures, locked_until FROM login_failures WHERE address_key = :address_key FOR UPDATE

-- name: failed
-- R37: one more failure; those before the window are forgotten, and none is counted while the address is locked.
INSERT INTO login_failures (address_key, failures, failing_since, locked_until) VALUES (:address_key, 1, :now, '')
ON CONFLICT (address_key) DO UPDATE SET
    failures = CASE WHEN login_failures.locked_until > :now THEN login_failures.failures
        WHEN login_failures.failing_since > :counts_from THEN login_failures.failures + 1 ELSE 1 END,
    failing_since = CASE WHEN login_failures.failing_since > :counts_from THEN login_failures.failing_since
        ELSE excluded.failing_since END
RETURNING failures, locked_until

-- name: lock
-- The address is locked, and its failures are counted anew afterwards.
UPDATE login_failures SET locked_until = :locked_until, failures = 0 WHERE address_key = :address_key

-- name: forget
DELETE FROM login_failures WHERE address_key = :address_key

-- name: forget_before
-- What no rule counts any more.
DELETE FROM login_failures WHERE address_key IN (SELECT address_key FROM login_failures
    WHERE failing_since < :moment AND locked_until < :moment ORDER BY failing_since LIMIT :most)
