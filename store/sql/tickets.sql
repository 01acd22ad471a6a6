-- name: insert
-- A new ticket; the same ticket of the portal is opened once.
INSERT INTO tickets (ticket_id, number, category, state, requester_name, requester_email, subject, description, opened_at, seq)
VALUES (:ticket_id, '', :category, 'open', :requester_name, :requester_email, :subject, :description, :opened_at, :seq)
ON CONFLICT (ticket_id) DO NOTHING
RETURNING no

-- name: number
-- The number is made of the row's own, which never comes twice (R70).
UPDATE tickets SET number = :number WHERE no = :no
