-- name: stage
-- Writes what must leave; a notice whose key was written before is not written again (promise 3).
INSERT INTO outbox (channel, name, destination, key, facts, seq, correlation_id, state, attempts, created_at, due_at)
VALUES (:channel, :name, :destination, :key, :facts, :seq, :correlation_id, :state, :attempts, :created_at, :due_at)
ON CONFLICT DO NOTHING

-- name: lease sqlite
-- Takes what is due for one relay; what it does not settle before the lease ends is free again.
UPDATE outbox SET state = 'claimed', leased_until = :leased_until, leased_by = :leased_by
WHERE no IN (SELECT no FROM outbox WHERE channel = :channel AND state = 'due' AND due_at <= :now ORDER BY due_at LIMIT :most)
RETURNING no, channel, name, destination, key, facts, seq, correlation_id, attempts, created_at, reply

-- name: lease postgres
UPDATE outbox SET state = 'claimed', leased_until = :leased_until, leased_by = :leased_by
WHERE no IN (SELECT no FROM outbox WHERE channel = :channel AND state = 'due' AND due_at <= :now ORDER BY due_at LIMIT :most
             FOR UPDATE SKIP LOCKED)
RETURNING no, channel, name, destination, key, facts, seq, correlation_id, attempts, created_at, reply

-- name: expire_leases
-- A relay died: what it had only claimed is due again; what it had handed over has an unknown outcome.
UPDATE outbox SET state = CASE state WHEN 'claimed' THEN 'due' ELSE 'unknown' END, leased_until = NULL, leased_by = NULL,
    reply = CASE state WHEN 'claimed' THEN reply ELSE 'the relay ended between handing over and the answer' END
WHERE state IN ('claimed', 'handed_over') AND leased_until <= :now

-- name: hand_over sqlite
-- Written before the final dot: from here on the mail server may have them. Its answer has a whole lease's time again.
UPDATE outbox SET state = 'handed_over', leased_until = :leased_until
WHERE no IN (SELECT value FROM json_each(:numbers)) AND leased_by = :leased_by AND state = 'claimed'
RETURNING no

-- name: hand_over postgres
UPDATE outbox SET state = 'handed_over', leased_until = :leased_until
WHERE no IN (SELECT value::bigint FROM jsonb_array_elements_text(CAST(:numbers AS jsonb)))
  AND leased_by = :leased_by AND state = 'claimed'
RETURNING no

-- name: renew sqlite
-- A relay is still at work on them.
UPDATE outbox SET leased_until = :leased_until
WHERE no IN (SELECT value FROM json_each(:numbers)) AND leased_by = :leased_by

-- name: renew postgres
UPDATE outbox SET leased_until = :leased_until
WHERE no IN (SELECT value::bigint FROM jsonb_array_elements_text(CAST(:numbers AS jsonb))) AND leased_by = :leased_by

-- name: release sqlite
-- The relay did not send them: due again, at their old time.
UPDATE outbox SET state = 'due', leased_until = NULL, leased_by = NULL
WHERE no IN (SELECT value FROM json_each(:numbers)) AND leased_by = :leased_by

-- name: release postgres
UPDATE outbox SET state = 'due', leased_until = NULL, leased_by = NULL
WHERE no IN (SELECT value::bigint FROM jsonb_array_elements_text(CAST(:numbers AS jsonb))) AND leased_by = :leased_by

-- name: settle sqlite
-- Writes how each sending ended; only the relay that holds the lease may.
UPDATE outbox SET state = ended.value ->> 1, attempts = ended.value ->> 2, due_at = ended.value ->> 3,
    reply = ended.value ->> 4, settled_at = ended.value ->> 5, leased_until = NULL, leased_by = NULL
FROM json_each(:ended) AS ended WHERE outbox.no = ended.value ->> 0 AND outbox.leased_by = :leased_by

-- name: settle postgres
UPDATE outbox SET state = ended.value ->> 1, attempts = (ended.value ->> 2)::bigint, due_at = ended.value ->> 3,
    reply = ended.value ->> 4, settled_at = ended.value ->> 5, leased_until = NULL, leased_by = NULL
FROM jsonb_array_elements(CAST(:ended AS jsonb)) AS ended
WHERE outbox.no = (ended.value ->> 0)::bigint AND outbox.leased_by = :leased_by

-- name: unknown
-- Mails whose fate nobody knows, to be judged by their template: sent once more, or held.
SELECT no, name, unknowns FROM outbox WHERE state = 'unknown' ORDER BY no LIMIT :most

-- name: judge
-- Decides on a mail of unknown fate: due once more (same Message-ID), or held for an operator.
UPDATE outbox SET state = :state, due_at = :due_at, unknowns = unknowns + 1 WHERE no = :no AND state = 'unknown'

-- name: counts_by_name
SELECT channel, name, state, count(*) AS number FROM outbox GROUP BY channel, name, state ORDER BY channel, name, state

-- name: listed
-- What leaves, by channel, name and state (empty: any), newest first; facts stay where they are.
SELECT no, channel, name, destination, state, attempts, created_at, due_at, settled_at, reply, seq FROM outbox
WHERE (:channel = '' OR channel = :channel) AND (:name = '' OR name = :name) AND (:state = '' OR state = :state)
  AND no < :before ORDER BY no DESC LIMIT :most

-- name: of_message
SELECT no, channel, name, destination, state, attempts, created_at, due_at, settled_at, reply FROM outbox
WHERE seq = :seq ORDER BY no

-- name: sent_lately sqlite
-- How many mails each of these recipients got since then, or is about to get from a relay, and since when the oldest.
SELECT recipient, sum(number) AS number, min(oldest_at) AS oldest_at FROM (
    SELECT lower(destination) AS recipient, count(*) AS number, min(settled_at) AS oldest_at FROM outbox
    WHERE channel = 'mail' AND state = 'sent' AND settled_at > :since
        AND lower(destination) IN (SELECT value FROM json_each(:keys))
    GROUP BY lower(destination)
    UNION ALL
    SELECT lower(destination), count(*), NULL FROM outbox
    WHERE channel = 'mail' AND state IN ('claimed', 'handed_over')
        AND lower(destination) IN (SELECT value FROM json_each(:keys))
    GROUP BY lower(destination)
) AS counted GROUP BY recipient

-- name: sent_lately postgres
SELECT recipient, CAST(sum(number) AS bigint) AS number, min(oldest_at) AS oldest_at FROM (
    SELECT lower(destination) AS recipient, count(*) AS number, min(settled_at) AS oldest_at FROM outbox
    WHERE channel = 'mail' AND state = 'sent' AND settled_at > :since
        AND lower(destination) IN (SELECT value FROM jsonb_array_elements_text(CAST(:keys AS jsonb)))
    GROUP BY lower(destination)
    UNION ALL
    SELECT lower(destination), count(*), NULL FROM outbox
    WHERE channel = 'mail' AND state IN ('claimed', 'handed_over')
        AND lower(destination) IN (SELECT value FROM jsonb_array_elements_text(CAST(:keys AS jsonb)))
    GROUP BY lower(destination)
) AS counted GROUP BY recipient
