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
SELECT 1 AS may FROM delegate_links
JOIN accounts AS delegates ON delegates.account_id = delegate_links.delegate_id AND delegates.state = 'active'
JOIN accounts AS supervisors ON supervisors.account_id = delegate_links.supervisor_id AND supervisors.state = 'active'
WHERE delegate_id = :delegate_id AND supervisor_id = :supervisor_id AND delegate_links.state = 'approved'
