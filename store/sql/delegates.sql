-- name: ask
-- A link is asked for, or asked for anew after it was refused or ended; one that is asked or approved stays as it is.
INSERT INTO delegate_links (delegate_id, supervisor_id, state, asked_at)
VALUES (:delegate_id, :supervisor_id, 'asked', :asked_at)
ON CONFLICT (delegate_id, supervisor_id) DO UPDATE
SET state = 'asked', asked_at = excluded.asked_at, decided_at = NULL, reason = NULL
WHERE delegate_links.state IN ('refused', 'ended')

-- name: decide
-- The first decision on an asked link counts.
UPDATE delegate_links SET state = :state, decided_at = :decided_at, reason = :reason
WHERE delegate_id = :delegate_id AND supervisor_id = :supervisor_id AND state = 'asked'

-- name: may_act
-- R7, R23: the link is approved and both accounts are active.
SELECT decided_at FROM delegate_links
JOIN accounts AS delegates ON delegates.account_id = delegate_links.delegate_id AND delegates.state = 'active'
JOIN accounts AS supervisors ON supervisors.account_id = delegate_links.supervisor_id AND supervisors.state = 'active'
WHERE delegate_id = :delegate_id AND supervisor_id = :supervisor_id AND delegate_links.state = 'approved'

-- name: links
-- Whom a delegate named, and whether that supervisor's account is active now (R7).
SELECT supervisor_id, delegate_links.state, accounts.state AS account_state, email, first_name, last_name
FROM delegate_links JOIN accounts ON account_id = supervisor_id
WHERE delegate_id = :delegate_id ORDER BY delegate_links.no

-- name: end
-- R23: at once.
UPDATE delegate_links SET state = 'ended', decided_at = :ended_at, reason = :reason
WHERE delegate_id = :delegate_id AND supervisor_id = :supervisor_id AND state IN ('asked', 'approved')

-- name: end_all
-- A registration that comes to nothing takes its links with it.
UPDATE delegate_links SET state = 'ended', decided_at = :ended_at
WHERE delegate_id = :delegate_id AND state IN ('asked', 'approved')

-- name: roster
-- R23: the delegates who have an account and may act for a supervisor, a page at a time.
SELECT account_id, email, first_name, last_name FROM delegate_links
JOIN accounts ON account_id = delegate_id AND accounts.state IN ('active', 'suspended')
WHERE supervisor_id = :supervisor_id AND delegate_links.state = 'approved' AND account_id > :after_id
ORDER BY account_id LIMIT :most

-- name: confirm
INSERT INTO roster_confirmations (supervisor_id, confirmed_at) VALUES (:supervisor_id, :confirmed_at)
ON CONFLICT (supervisor_id) DO UPDATE SET confirmed_at = excluded.confirmed_at

-- name: rosters_unconfirmed
-- R23: active supervisors with delegates whose roster was last confirmed, or else begun, before a moment; a page at a time.
SELECT supervisors.account_id, supervisors.email, supervisors.first_name, supervisors.last_name, count(*) AS delegates,
    COALESCE(confirmed_at, min(delegate_links.decided_at)) AS since
FROM delegate_links
JOIN accounts AS supervisors ON supervisors.account_id = delegate_links.supervisor_id AND supervisors.state = 'active'
JOIN accounts AS members ON members.account_id = delegate_links.delegate_id AND members.state IN ('active', 'suspended')
LEFT JOIN roster_confirmations ON roster_confirmations.supervisor_id = delegate_links.supervisor_id
WHERE delegate_links.state = 'approved' AND supervisors.account_id > :after_id
GROUP BY supervisors.account_id, supervisors.email, supervisors.first_name, supervisors.last_name, confirmed_at
HAVING COALESCE(confirmed_at, min(delegate_links.decided_at)) < :before
ORDER BY supervisors.account_id LIMIT :most
