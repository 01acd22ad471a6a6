-- name: take_head sqlite
-- There is one writer at a time, so the first chain is always free.
SELECT chain, place, hash FROM audit_heads WHERE chain = 0

-- name: take_head postgres
-- A chain that no other transaction holds now; it is held until the commit.
SELECT chain, place, hash FROM audit_heads ORDER BY chain LIMIT 1 FOR UPDATE SKIP LOCKED

-- name: wait_for_head sqlite
SELECT chain, place, hash FROM audit_heads WHERE chain = 0

-- name: wait_for_head postgres
-- All are held: wait for the first.
SELECT chain, place, hash FROM audit_heads WHERE chain = 0 FOR UPDATE

-- name: insert
INSERT INTO audit (chain, place, acted_at, actor, on_behalf, act, outcome, message_id, record, changes, hash)
VALUES (:chain, :place, :acted_at, :actor, :on_behalf, :act, :outcome, :message_id, :record, :changes, :hash)

-- name: move_head
UPDATE audit_heads SET place = :place, hash = :hash WHERE chain = :chain

-- name: heads
SELECT chain, place, hash FROM audit_heads WHERE place > 0 ORDER BY chain

-- name: chains
-- Every chain that has a row or a head.
SELECT chain FROM audit_heads UNION SELECT DISTINCT chain FROM audit ORDER BY chain

-- name: page
-- The rows of one chain in their order, a page at a time.
SELECT no, chain, place, acted_at, actor, on_behalf, act, outcome, message_id, record, changes, hash FROM audit
WHERE chain = :chain AND place > :after ORDER BY place LIMIT :most

-- name: of_record
-- The newest; '' is any actor.
SELECT no, chain, place, acted_at, actor, on_behalf, act, outcome, message_id, record, changes, hash FROM audit
WHERE record = :record AND acted_at >= :since AND (:actor = '' OR on_behalf = :actor OR actor = :actor)
ORDER BY acted_at DESC, no DESC LIMIT :most

-- name: of_actor
-- What a broker user, an operator, a sweep or a person named by a portal did.
SELECT no, chain, place, acted_at, actor, on_behalf, act, outcome, message_id, record, changes, hash FROM audit
WHERE acted_at >= :since AND (on_behalf = :actor OR actor = :actor) ORDER BY acted_at DESC, no DESC LIMIT :most

-- name: since
SELECT no, chain, place, acted_at, actor, on_behalf, act, outcome, message_id, record, changes, hash FROM audit
WHERE acted_at >= :since ORDER BY acted_at DESC, no DESC LIMIT :most
