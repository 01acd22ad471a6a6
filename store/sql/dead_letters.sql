-- name: put
-- Keeps what could not be processed, whole, with its reason.
INSERT INTO dead_letters (seq, kind, sender, message_id, properties, body, origin, code, field, text, faults, attempts,
    died_at, state)
VALUES (:seq, :kind, :sender, :message_id, :properties, :body, :origin, :code, :field, :text, :faults, :attempts,
    :died_at, 'open')

-- name: listed
-- Dead letters by state, kind, code, sender (empty: any), oldest first; never a body.
SELECT no, seq, kind, sender, message_id, origin, code, field, text, attempts, died_at, state, resolved_at, resolved_by,
    resolved_why
FROM dead_letters
WHERE (:state = '' OR state = :state) AND (:kind = '' OR kind = :kind) AND (:code = '' OR code = :code)
    AND (:sender = '' OR sender = :sender) AND no > :after
ORDER BY no LIMIT :most

-- name: grouped
-- Open dead letters by cause, in words.
SELECT kind, code, text, count(*) AS number, min(died_at) AS oldest_at FROM dead_letters WHERE state = 'open'
GROUP BY kind, code, text ORDER BY number DESC, kind

-- name: one
SELECT no, seq, kind, sender, message_id, properties, body, origin, code, field, text, faults, attempts, died_at, state,
    resolved_at, resolved_by, resolved_why
FROM dead_letters WHERE no = :no

-- name: resolve
-- Marks an open dead letter replayed or discarded; 0 rows when somebody else was first.
UPDATE dead_letters SET state = :state, resolved_at = :resolved_at, resolved_by = :resolved_by, resolved_why = :resolved_why
WHERE no = :no AND state = 'open'

-- name: counts
SELECT state, count(*) AS number, min(died_at) AS oldest_at FROM dead_letters GROUP BY state ORDER BY state

-- name: of_message
SELECT no, origin, code, field, text, attempts, died_at, state, resolved_at, resolved_by, resolved_why FROM dead_letters
WHERE seq = :seq ORDER BY no

-- name: record_act
-- What an operator did and why.
INSERT INTO operator_acts (act, object, operator, why, acted_at) VALUES (:act, :object, :operator, :why, :acted_at)

-- name: unauthorised
-- R61: who sent more than a few messages that he may not send, since a moment.
SELECT sender, count(*) AS number FROM dead_letters
WHERE state = 'open' AND died_at >= :since AND code = 'not_authorised' GROUP BY sender HAVING count(*) >= :least ORDER BY sender
