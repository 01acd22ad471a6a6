-- name: claim sqlite
-- Takes every message not seen before; returns those taken. One statement a batch. A message is assumed done: the few that
-- are not are updated in the same transaction. Whether anybody waits for something comes along: no batch asks for it by itself.
-- Nobody reads the column traceparent; it stays for machines that still run what came before.
INSERT INTO inbox (sender, message_id, kind, digest, body_bytes, state, traceparent, received_at, settled_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, 'done', '', :received_at, :received_at
FROM json_each(:messages) WHERE true ORDER BY key
ON CONFLICT (sender, message_id) DO NOTHING
RETURNING seq, sender, message_id, EXISTS (SELECT 1 FROM deferred WHERE waits_for IS NOT NULL) AS anyone_waits

-- name: claim postgres
-- Numbered as they came, written in one order of keys, so that two batches with the same messages do not block each other.
INSERT INTO inbox (seq, sender, message_id, kind, digest, body_bytes, state, traceparent, received_at, settled_at)
SELECT seq, value ->> 0, value ->> 1, value ->> 2, value ->> 3, (value ->> 4)::bigint, 'done', '',
       :received_at, :received_at
FROM (SELECT nextval('inbox_seq_seq') AS seq, value FROM jsonb_array_elements(CAST(:messages AS jsonb))) AS asked ORDER BY 2, 3
ON CONFLICT (sender, message_id) DO NOTHING
RETURNING seq, sender, message_id, EXISTS (SELECT 1 FROM deferred WHERE waits_for IS NOT NULL) AS anyone_waits

-- name: seen
-- What is known of one message.
SELECT seq, sender, message_id, kind, digest, state, answer, received_at, settled_at FROM inbox
WHERE sender = :sender AND message_id = :message_id

-- name: settle sqlite
-- Writes the outcomes of a batch, in one statement.
UPDATE inbox SET state = ended.value ->> 1, answer = ended.value ->> 2, settled_at = :settled_at
FROM json_each(:endings) AS ended WHERE inbox.seq = ended.value ->> 0

-- name: settle postgres
UPDATE inbox SET state = ended.value ->> 1, answer = ended.value ->> 2, settled_at = :settled_at
FROM jsonb_array_elements(CAST(:endings AS jsonb)) AS ended WHERE inbox.seq = (ended.value ->> 0)::bigint

-- name: answer sqlite
-- What each sender was told; the outcome stands already. answers: a JSON object, answer by seq (quicker to take apart than a list).
UPDATE inbox SET answer = told.value FROM json_each(:answers) AS told WHERE inbox.seq = CAST(told.key AS INTEGER)

-- name: answer postgres
UPDATE inbox SET answer = told.value FROM jsonb_each_text(CAST(:answers AS jsonb)) AS told WHERE inbox.seq = CAST(told.key AS BIGINT)

-- name: attempts
SELECT count FROM attempts WHERE sender = :sender AND message_id = :message_id

-- name: set_attempts
-- The attempts of a redelivered message; committed before the attempt begins. Never fewer than another worker has begun.
INSERT INTO attempts (sender, message_id, count) VALUES (:sender, :message_id, :count)
ON CONFLICT (sender, message_id) DO UPDATE SET count = excluded.count WHERE attempts.count < excluded.count

-- name: forget_attempts
-- The message is settled: its attempts no longer matter.
DELETE FROM attempts WHERE sender = :sender AND message_id = :message_id

-- name: find
-- Every message of that id, from whichever sender.
SELECT seq, sender, message_id, kind, body_bytes, state, answer, received_at, settled_at FROM inbox
WHERE message_id = :message_id ORDER BY seq

-- name: counts
-- How many messages stand in each state, and since when the oldest.
SELECT state, count(*) AS number, min(received_at) AS oldest_at FROM inbox GROUP BY state ORDER BY state

-- name: counts_by_kind
-- What came in, per kind and outcome.
SELECT kind, state, count(*) AS number FROM inbox GROUP BY kind, state ORDER BY kind, state
