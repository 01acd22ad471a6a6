-- name: insert
-- What came and what became of it; a transaction of a sender is processed once (F11).
INSERT INTO submissions (sender, transaction_control, verdict, version, file_name, body_bytes, report, received_at, seq)
VALUES (:sender, :transaction_control, :verdict, :version, :file_name, :body_bytes, :report, :received_at, :seq)

-- name: processed
-- The report on a transaction that was processed already; a failed one and a test may come again.
SELECT verdict, report, seq FROM submissions
WHERE sender = :sender AND transaction_control = :transaction_control AND verdict IN ('accepted', 'zero_report')

-- name: insert_zero_report
INSERT INTO zero_reports (dispenser, period_from, period_to, received_at, seq)
VALUES (:dispenser, :period_from, :period_to, :received_at, :seq)
