-- name: put
-- The message waits here until it is due; a message that waits already is given its new turn.
INSERT INTO deferred (seq, kind, sender, message_id, properties, body, code, text, attempts, deferred_at, due_at, gives_up_at)
VALUES (:seq, :kind, :sender, :message_id, :properties, :body, :code, :text, :attempts, :deferred_at, :due_at, :gives_up_at)
ON CONFLICT (seq) DO UPDATE SET code = excluded.code, text = excluded.text, attempts = excluded.attempts,
    due_at = excluded.due_at, gives_up_at = excluded.gives_up_at, leased_until = NULL

-- name: lease sqlite
-- Takes the due ones for one process; a lease that ran out is free again, and its turn counts as lost: the
-- process that had it ended. Each take counts as an attempt before any code runs.
UPDATE deferred SET leased_until = :leased_until, attempts = attempts + 1,
    lost_turns = lost_turns + CASE WHEN leased_until IS NULL THEN 0 ELSE 1 END
WHERE seq IN (SELECT seq FROM deferred WHERE due_at <= :now AND (leased_until IS NULL OR leased_until <= :now)
              ORDER BY due_at LIMIT :most)
RETURNING seq, kind, sender, message_id, properties, body, code, text, attempts, lost_turns, deferred_at, due_at, gives_up_at

-- name: lease postgres
UPDATE deferred SET leased_until = :leased_until, attempts = attempts + 1,
    lost_turns = lost_turns + CASE WHEN leased_until IS NULL THEN 0 ELSE 1 END
WHERE seq IN (SELECT seq FROM deferred WHERE due_at <= :now AND (leased_until IS NULL OR leased_until <= :now)
              ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING seq, kind, sender, message_id, properties, body, code, text, attempts, lost_turns, deferred_at, due_at, gives_up_at

-- name: take
-- Removes the message from the waiting ones, in the transaction of its outcome; 0 rows when another process was first.
DELETE FROM deferred WHERE seq = :seq AND attempts = :attempts

-- name: next_due
-- When the next one is due.
SELECT min(due_at) AS due_at FROM deferred WHERE leased_until IS NULL

-- name: counts
SELECT count(*) AS number, min(deferred_at) AS oldest_at, min(due_at) AS next_due_at FROM deferred

-- name: listed
-- Who waits, for what, until when; bodies stay where they are.
SELECT seq, kind, sender, message_id, code, text, attempts, deferred_at, due_at, gives_up_at FROM deferred
ORDER BY due_at LIMIT :most

-- name: of_message
SELECT seq, code, text, attempts, deferred_at, due_at, gives_up_at FROM deferred WHERE seq = :seq
