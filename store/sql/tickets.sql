-- name: insert
-- A new ticket; the same ticket of the portal is opened once.
INSERT INTO tickets (ticket_id, number, category, state, requester_name, requester_email, subject, description, opened_at, seq)
VALUES (:ticket_id, '', :category, 'open', :requester_name, :requester_email, :subject, :description, :opened_at, :seq)
ON CONFLICT (ticket_id) DO NOTHING
RETURNING no

-- name: number
-- The number is made of the row's own, which never comes twice (R70).
UPDATE tickets SET number = :number WHERE no = :no

-- name: one
SELECT no, ticket_id, number, category, state, requester_email, revision, period, answered_at, ended_at, assignee, escalated_to
FROM tickets WHERE ticket_id = :ticket_id

-- name: move
-- The next step of a ticket, from the revision that was decided on; 0 rows when another step came first.
UPDATE tickets SET category = :category, state = :state, period = :period, answered_at = :answered_at, ended_at = :ended_at,
    assignee = :assignee, escalated_to = :escalated_to, revision = revision + 1
WHERE no = :no AND revision = :revision

-- name: record
-- One step, for ever (R73, R75).
INSERT INTO ticket_history (ticket_no, revision, act, actor, state, category, target, text, acted_at, seq)
VALUES (:ticket_no, :revision, :act, :actor, :state, :category, :target, :text, :acted_at, :seq)

-- name: history
-- A ticket's steps in their order.
SELECT act, actor, state, category, target, text, acted_at, seq FROM ticket_history WHERE ticket_no = :ticket_no ORDER BY revision
