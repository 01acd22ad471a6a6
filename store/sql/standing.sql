-- name: begin
-- One open suspension a cause; again for the same cause, its end moves.
INSERT INTO suspensions (account_id, cause, until_on, since_at) VALUES (:account_id, :cause, :until_on, :since_at)
ON CONFLICT (account_id, cause) WHERE ended_at IS NULL DO UPDATE SET until_on = excluded.until_on

-- name: end
UPDATE suspensions SET ended_at = :ended_at WHERE account_id = :account_id AND cause = :cause AND ended_at IS NULL

-- name: causes
-- Why an account is suspended now; at most one row a cause.
SELECT cause FROM suspensions WHERE account_id = :account_id AND ended_at IS NULL ORDER BY cause

-- name: over
-- Temporary suspensions whose day has come, a page at a time; those that were ended are not found again.
SELECT account_id, cause FROM suspensions
WHERE ended_at IS NULL AND until_on IS NOT NULL AND until_on <= :today
ORDER BY until_on, no LIMIT :most

-- name: record
INSERT INTO account_history (account_id, what, ground, actor, reason, changed_at)
VALUES (:account_id, :what, :ground, :actor, :reason, :changed_at)

-- name: history
-- The last changes of an account, newest first.
SELECT no, what, ground, actor, reason, changed_at FROM account_history
WHERE account_id = :account_id AND no < :before_no ORDER BY no DESC LIMIT :most

-- name: linked_delegates
-- R23: active delegates with an approved link to a supervisor, whatever state that account is in; a page at a time.
SELECT delegate_links.no, delegates.account_id, delegates.email, delegates.first_name, delegates.last_name
FROM delegate_links
JOIN accounts AS delegates ON delegates.account_id = delegate_links.delegate_id AND delegates.state = 'active'
WHERE delegate_links.supervisor_id = :supervisor_id AND delegate_links.state = 'approved' AND delegate_links.no > :after_no
ORDER BY delegate_links.no LIMIT :most

-- name: report_eligibility
-- One open report an account; a further one replaces its reason.
INSERT INTO eligibility_reports (account_id, why, state, reported_at) VALUES (:account_id, :why, 'open', :reported_at)
ON CONFLICT (account_id) WHERE state = 'open' DO UPDATE SET why = excluded.why

-- name: decide_eligibility
UPDATE eligibility_reports SET state = :state, decided_at = :decided_at, decided_by = :decided_by
WHERE account_id = :account_id AND state = 'open'

-- name: eligibility_to_look_at
-- Open reports, oldest first, a page at a time.
SELECT no, account_id, why, reported_at FROM eligibility_reports
WHERE state = 'open' AND no > :after_no ORDER BY no LIMIT :most
