-- name: put
-- The message waits here until it is due; a message that waits already is given its new turn.
INSERT INTO deferred (seq, kind, sender, message_id, properties, body, code, text, attempts, deferred_at, due_at, gives_up_at,
    waits_for, in_line)
VALUES (:seq, :kind, :sender, :message_id, :properties, :body, :code, :text, :attempts, :deferred_at, :due_at, :gives_up_at,
    :waits_for, :in_line)
ON CONFLICT (seq) DO UPDATE SET code = excluded.code, text = excluded.text, attempts = excluded.attempts,
    due_at = excluded.due_at, gives_up_at = excluded.gives_up_at, leased_until = NULL,
    waits_for = excluded.waits_for, in_line = excluded.in_line

-- name: lease sqlite
-- Takes the due ones for one process; a lease that ran out is free again, and its turn counts as lost: the
-- process that had it ended. Each take counts as an attempt before any code runs. Nobody in line comes before an earlier one who
-- still waits for the same, unless its own time is over.
UPDATE deferred SET leased_until = :leased_until, attempts = attempts + 1,
    lost_turns = lost_turns + CASE WHEN leased_until IS NULL THEN 0 ELSE 1 END
WHERE seq IN (
    SELECT d.seq FROM deferred d WHERE d.due_at <= :now AND (d.leased_until IS NULL OR d.leased_until <= :now)
        AND (d.in_line = 0 OR d.gives_up_at <= :now OR NOT EXISTS (
            SELECT 1 FROM deferred e WHERE e.waits_for = d.waits_for AND e.seq < d.seq AND e.in_line = 1))
    ORDER BY d.due_at, d.seq LIMIT :most)
RETURNING seq, kind, sender, message_id, properties, body, code, text, attempts, lost_turns, deferred_at, due_at, gives_up_at,
    waits_for, in_line, (SELECT received_at FROM inbox WHERE inbox.seq = deferred.seq) AS received_at

-- name: lease postgres
UPDATE deferred SET leased_until = :leased_until, attempts = attempts + 1,
    lost_turns = lost_turns + CASE WHEN leased_until IS NULL THEN 0 ELSE 1 END
WHERE seq IN (
    SELECT d.seq FROM deferred d WHERE d.due_at <= :now AND (d.leased_until IS NULL OR d.leased_until <= :now)
        AND (d.in_line = 0 OR d.gives_up_at <= :now OR NOT EXISTS (
            SELECT 1 FROM deferred e WHERE e.waits_for = d.waits_for AND e.seq < d.seq AND e.in_line = 1))
    ORDER BY d.due_at, d.seq LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING seq, kind, sender, message_id, properties, body, code, text, attempts, lost_turns, deferred_at, due_at, gives_up_at,
    waits_for, in_line, (SELECT received_at FROM inbox WHERE inbox.seq = deferred.seq) AS received_at

-- name: hold
-- Nobody else changes the message until the transaction of its outcome ends; 0 rows when another process has it.
UPDATE deferred SET leased_until = leased_until WHERE seq = :seq AND attempts = :attempts

-- name: take
-- Removes the message from the waiting ones, in the transaction of its outcome, unless that gave it a new turn; 0 rows when
-- another process was first.
DELETE FROM deferred WHERE seq = :seq AND attempts = :attempts AND leased_until IS NOT NULL

-- name: lines sqlite
-- Who is first in line for each of these.
SELECT waits_for, min(seq) AS first FROM deferred
WHERE in_line = 1 AND waits_for IN (SELECT value FROM json_each(:things)) GROUP BY waits_for

-- name: lines postgres
SELECT waits_for, min(seq) AS first FROM deferred
WHERE in_line = 1 AND waits_for IN (SELECT jsonb_array_elements_text(CAST(:things AS jsonb))) GROUP BY waits_for

-- name: wake sqlite
-- What they wait for has come: all are due, whoever holds one of them ends first.
UPDATE deferred SET due_at = :now WHERE waits_for IN (SELECT value FROM json_each(:things))

-- name: wake postgres
UPDATE deferred SET due_at = :now WHERE waits_for IN (SELECT jsonb_array_elements_text(CAST(:things AS jsonb)))

-- name: counts
-- Whoever stands behind another in line has no time of its own.
SELECT count(*) AS number, min(deferred_at) AS oldest_at, min(CASE WHEN d.in_line = 0 OR NOT EXISTS (
    SELECT 1 FROM deferred e WHERE e.waits_for = d.waits_for AND e.seq < d.seq AND e.in_line = 1) THEN due_at END) AS next_due_at
FROM deferred d

-- name: of_message
SELECT seq, code, text, attempts, deferred_at, due_at, gives_up_at FROM deferred WHERE seq = :seq
