-- name: claim
-- The sweep runs for this date here and now; 0 rows when it has run already, anywhere.
INSERT INTO sweep_runs (sweep, for_date, ran_at, ran_by, notices) VALUES (:sweep, :for_date, :ran_at, :ran_by, 0)
ON CONFLICT DO NOTHING

-- name: last_before
-- The last date for which a daily sweep ran before this one; what happened since then it has not told of.
SELECT for_date FROM sweep_runs WHERE sweep = :sweep AND for_date < :today ORDER BY for_date DESC LIMIT 1

-- name: finish
UPDATE sweep_runs SET notices = :notices WHERE sweep = :sweep AND for_date = :for_date

-- name: claim_slot
-- The interval sweep runs for this slot here and now; 0 rows when a machine has run it for this slot or a later one. A slot too
-- far ahead was claimed by a clock that was wrong, and holds up nobody.
INSERT INTO interval_runs (sweep, slot, ran_at, ran_by, notices)
SELECT CAST(:sweep AS TEXT), CAST(:slot AS TEXT), CAST(:ran_at AS TEXT), CAST(:ran_by AS TEXT), 0 WHERE true
ON CONFLICT (sweep) DO UPDATE SET slot = excluded.slot, ran_at = excluded.ran_at, ran_by = excluded.ran_by, notices = 0
WHERE interval_runs.slot < excluded.slot OR interval_runs.slot > :unbelievable

-- name: finish_slot
UPDATE interval_runs SET notices = :notices WHERE sweep = :sweep AND slot = :slot

-- name: last_runs
-- The last run of each sweep, daily or at an interval.
SELECT sweep, max(for_date) AS for_date, max(ran_at) AS ran_at FROM sweep_runs GROUP BY sweep
UNION ALL SELECT sweep, substr(slot, 1, 16), ran_at FROM interval_runs
ORDER BY sweep
