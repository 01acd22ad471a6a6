-- name: ledger sqlite
-- One row when the tables have been made.
SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'operator_acts'

-- name: ledger postgres
SELECT to_regclass('operator_acts')::text AS name WHERE to_regclass('operator_acts') IS NOT NULL

-- name: outbox
-- What leaves, by channel and state, with the age of the oldest.
SELECT channel, state, count(*) AS number, min(created_at) AS oldest_at FROM outbox GROUP BY channel, state
ORDER BY oldest_at, channel, state

-- name: groups
-- Open dead letters by cause, the oldest cause first.
SELECT kind, code, text, count(*) AS number, min(died_at) AS oldest_at FROM dead_letters WHERE state = 'open'
GROUP BY kind, code, text ORDER BY oldest_at, kind, code

-- name: messages
-- Every message of that id, from whichever sender, those that took the id again for another content, and those that have left
-- the inbox by age.
SELECT seq, sender, message_id, kind, body_bytes, state, answer, received_at, settled_at FROM inbox
WHERE message_id = :message_id
    OR substr(message_id, 1, length(CAST(:message_id AS TEXT)) + 1) = CAST(:message_id AS TEXT) || '#'
UNION ALL
SELECT seq, sender, message_id, kind, body_bytes, 'done', NULL, received_at, settled_at FROM origins
WHERE message_id = :message_id
ORDER BY seq

-- name: lost_attempts
-- Attempts of a redelivered message that have no outcome yet.
SELECT count FROM attempts WHERE sender = :sender AND message_id = :message_id

-- name: acts
-- What operators did to one object, in their order.
SELECT act, operator, why, acted_at FROM operator_acts WHERE object = :object ORDER BY no

-- name: offending
-- Every row that breaks the conservation of messages, at most some of each rule, with the true number.
SELECT rule, subject, message_id, number FROM (
    SELECT rule, subject, message_id, count(*) OVER (PARTITION BY rule) AS number,
        row_number() OVER (PARTITION BY rule ORDER BY subject) AS place
    FROM (
        SELECT 'state_unknown' AS rule, i.seq AS subject, i.message_id AS message_id FROM inbox i
        WHERE i.state NOT IN ('done', 'refused', 'waiting', 'dead', 'discarded')
        UNION ALL
        SELECT 'waiting_not_deferred', i.seq, i.message_id FROM inbox i
        WHERE i.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM deferred d WHERE d.seq = i.seq)
        UNION ALL
        SELECT 'deferred_not_waiting', d.seq, d.message_id FROM deferred d JOIN inbox i ON i.seq = d.seq
        WHERE i.state <> 'waiting'
        UNION ALL
        SELECT 'deferred_orphan', d.seq, d.message_id FROM deferred d
        WHERE NOT EXISTS (SELECT 1 FROM inbox i WHERE i.seq = d.seq)
        UNION ALL
        SELECT 'dead_without_letter', i.seq, i.message_id FROM inbox i
        WHERE i.state = 'dead'
            AND NOT EXISTS (SELECT 1 FROM dead_letters l WHERE l.seq = i.seq AND l.state = 'open')
        UNION ALL
        SELECT 'letter_not_dead', l.no, l.message_id FROM dead_letters l JOIN inbox i ON i.seq = l.seq
        WHERE l.state = 'open' AND i.state <> 'dead'
        UNION ALL
        SELECT 'letter_twice', l.no, l.message_id FROM dead_letters l
        WHERE l.state = 'open'
            AND EXISTS (SELECT 1 FROM dead_letters o WHERE o.seq = l.seq AND o.state = 'open' AND o.no < l.no)
        UNION ALL
        SELECT 'letter_orphan', l.no, l.message_id FROM dead_letters l
        WHERE NOT EXISTS (SELECT 1 FROM inbox i WHERE i.seq = l.seq)
        UNION ALL
        SELECT 'discarded_without_letter', i.seq, i.message_id FROM inbox i
        WHERE i.state = 'discarded'
            AND NOT EXISTS (SELECT 1 FROM dead_letters l WHERE l.seq = i.seq AND l.state = 'discarded')
        UNION ALL
        SELECT 'outbox_orphan', o.no, '' FROM outbox o
        WHERE o.seq IS NOT NULL AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.seq = o.seq)
            AND NOT EXISTS (SELECT 1 FROM origins k WHERE k.seq = o.seq)
    ) AS broken
) AS ranked WHERE place <= :most ORDER BY rule, subject

-- name: mails_not_left
-- E-mails that wait for an operator, and those a mail server refused lately.
SELECT state, count(*) AS number, min(created_at) AS oldest_at FROM outbox
WHERE state IN ('refused', 'unknown', 'held') AND channel = 'mail'
    AND (state = 'held' OR (state = 'refused' AND settled_at >= :refused_since))
GROUP BY state ORDER BY state
