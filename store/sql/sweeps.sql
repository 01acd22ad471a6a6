-- name: claim
-- The sweep runs for this date here and now; 0 rows when it has run already, anywhere.
INSERT INTO sweep_runs (sweep, for_date, ran_at, ran_by, notices) VALUES (:sweep, :for_date, :ran_at, :ran_by, 0)
ON CONFLICT DO NOTHING

-- name: finish
UPDATE sweep_runs SET notices = :notices WHERE sweep = :sweep AND for_date = :for_date

-- name: last_runs
-- The last run of each sweep.
SELECT sweep, max(for_date) AS for_date, max(ran_at) AS ran_at FROM sweep_runs GROUP BY sweep ORDER BY sweep
