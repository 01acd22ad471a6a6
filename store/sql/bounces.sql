-- name: mark
-- The address takes no mail; 0 rows when it was restored after that bounce.
INSERT INTO bounced_addresses (address_key, address, state, status, bounced_at)
VALUES (:address_key, :address, 'bounced', :status, :bounced_at)
ON CONFLICT (address_key) DO UPDATE SET state = 'bounced', status = excluded.status, bounced_at = excluded.bounced_at
WHERE bounced_addresses.bounced_at < excluded.bounced_at
    AND (bounced_addresses.restored_at IS NULL OR bounced_addresses.restored_at < excluded.bounced_at)

-- name: restore
-- The address takes mail again; 0 rows when it was not marked.
UPDATE bounced_addresses SET state = 'restored', restored_at = :restored_at WHERE address_key = :address_key AND state = 'bounced'

-- name: record
-- One bounce or restoring, for ever.
INSERT INTO bounce_history (address_key, act, status, actor, text, acted_at, seq)
VALUES (:address_key, :act, :status, :actor, :text, :acted_at, :seq)

-- name: transients
-- How often an address bounced for a time only, lately.
SELECT count(*) AS number FROM bounce_history WHERE address_key = :address_key AND act = 'transient' AND acted_at > :since

-- name: marked_among sqlite
-- Which of these addresses take no mail.
SELECT address_key FROM bounced_addresses WHERE state = 'bounced' AND address_key IN (SELECT value FROM json_each(:keys))

-- name: marked_among postgres
SELECT address_key FROM bounced_addresses
WHERE state = 'bounced' AND address_key IN (SELECT value FROM jsonb_array_elements_text(CAST(:keys AS jsonb)))

-- name: marked
-- Addresses that take no mail, the longest marked first, a page at a time.
SELECT no, address, status, bounced_at FROM bounced_addresses
WHERE state = 'bounced' AND (bounced_at > :after_at OR (bounced_at = :after_at AND no > :after_no))
ORDER BY bounced_at, no LIMIT :most

-- name: marked_count
SELECT count(*) AS number FROM bounced_addresses WHERE state = 'bounced'
