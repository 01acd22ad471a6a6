-- name: one
-- Where something that leaves stands, for who is about to decide on it.
SELECT no, channel, name, destination, state FROM outbox WHERE no = :no

-- name: release
-- What did not arrive, or may not have, is due again as if it were new; 0 rows when it is in no such state any more.
UPDATE outbox SET state = 'due', due_at = :now, attempts = 0, unknowns = 0, settled_at = NULL
WHERE no = :no AND state IN ('held', 'unknown', 'refused')

-- name: discard
-- It never leaves; 0 rows when it has left, or is on its way.
UPDATE outbox SET state = 'discarded', settled_at = :now
WHERE no = :no AND state IN ('due', 'held', 'unknown', 'refused')
