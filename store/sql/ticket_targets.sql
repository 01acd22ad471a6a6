-- name: begin
-- A promise begins to run, once a ticket, period and target (R71).
INSERT INTO ticket_targets (ticket_no, period, what, category, begun_at, due_at, speaks_at)
VALUES (:ticket_no, :period, :what, :category, :begun_at, :due_at, :speaks_at)

-- name: end
-- What runs ends (what is '': both). A promise that was over already and not yet told of is still told as missed.
UPDATE ticket_targets SET ended_at = :ended_at, ended_by = :ended_by,
    speaks_at = CASE WHEN due_at <= :ended_at AND speaks_at IS NOT NULL THEN due_at END
WHERE ticket_no = :ticket_no AND ended_at IS NULL AND (:what = '' OR what = :what)

-- name: speaking
-- What the administrators must hear of now, the earliest first.
SELECT p.no, p.ticket_no, p.period, p.what, p.category, p.due_at, p.speaks_at, t.number
FROM ticket_targets p JOIN tickets t ON t.no = p.ticket_no
WHERE p.speaks_at <= :now ORDER BY p.speaks_at, p.no LIMIT :most

-- name: spoken
-- It was told now, once: 0 rows when another machine told it.
UPDATE ticket_targets SET speaks_at = :next_at WHERE no = :no AND speaks_at = :speaks_at

-- name: past
-- Promises that are over and not kept, the longest over first.
SELECT p.no, t.number, p.category, p.what, p.due_at FROM ticket_targets p JOIN tickets t ON t.no = p.ticket_no
WHERE p.ended_at IS NULL AND p.due_at <= :now AND (p.due_at > :after_due OR (p.due_at = :after_due AND p.no > :after_no))
ORDER BY p.due_at, p.no LIMIT :most

-- name: past_count
SELECT count(*) AS number FROM ticket_targets WHERE ended_at IS NULL AND due_at <= :now
