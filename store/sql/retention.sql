-- name: mark
SELECT upto FROM retention_marks WHERE chore = :chore

-- name: set_mark
INSERT INTO retention_marks (chore, upto) VALUES (:chore, :upto) ON CONFLICT (chore) DO UPDATE SET upto = excluded.upto

-- name: inbox_page
-- The next messages by number, whatever their age; never the newest, whose number SQLite would give out again.
SELECT seq AS no, received_at AS made_at FROM inbox
WHERE seq > :after AND seq < (SELECT max(seq) FROM inbox) ORDER BY seq LIMIT :most

-- name: forget_messages
-- Settled messages leave the inbox. One with a dead letter stays, it is somebody's case; so does one whose e-mails, events or
-- answer have not left, and a refused one as long as its answer is kept.
DELETE FROM inbox WHERE seq > :after AND seq <= :upto AND state IN ('done', 'refused')
    AND NOT EXISTS (SELECT 1 FROM dead_letters l WHERE l.seq = inbox.seq)
    AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.seq = inbox.seq AND (o.state <> 'sent' OR inbox.state = 'refused'))
RETURNING seq, sender, message_id, kind, state, body_bytes, received_at, settled_at

-- name: keep_origin
INSERT INTO origins (seq, sender, message_id, kind, body_bytes, received_at, settled_at)
VALUES (:seq, :sender, :message_id, :kind, :body_bytes, :received_at, :settled_at)

-- name: tally
INSERT INTO inbox_tally (day, kind, state, number) VALUES (:day, :kind, :state, :number)
ON CONFLICT (day, kind, state) DO UPDATE SET number = inbox_tally.number + excluded.number

-- name: tallied
-- How many messages have left the inbox, by outcome.
SELECT state, CAST(sum(number) AS bigint) AS number FROM inbox_tally GROUP BY state ORDER BY state

-- name: outbox_page
-- The next of what leaves by number, whatever its age; never the newest, for the same reason.
SELECT no, created_at AS made_at FROM outbox
WHERE no > :after AND no < (SELECT max(no) FROM outbox) ORDER BY no LIMIT :most

-- name: forget_events
-- Events and answers that have left; nothing names them again.
DELETE FROM outbox WHERE no > :after AND no <= :upto AND state = 'sent' AND channel <> 'mail' AND key IS NULL

-- name: empty_mails
-- What an e-mail said goes; that it was sent, to whom and when stays, and its key still keeps it from being sent twice.
UPDATE outbox SET facts = '{}' WHERE no > :after AND no <= :upto AND state = 'sent' AND channel = 'mail'
