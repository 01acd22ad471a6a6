-- name: insert
-- What came and what became of it; a transaction of a sender is processed once (F11).
INSERT INTO submissions (sender, transaction_control, verdict, version, file_name, body_bytes, report, created_at, content_digest, received_at, seq)
VALUES (:sender, :transaction_control, :verdict, :version, :file_name, :body_bytes, :report, :created_at, :content_digest, :received_at, :seq)

-- name: processed
-- The report on a transaction that was processed already; a failed one and a test may come again.
SELECT seq, verdict, report, created_at, body_bytes, content_digest FROM submissions
WHERE sender = :sender AND transaction_control = :transaction_control AND verdict IN ('accepted', 'zero_report')

-- name: insert_zero_report
INSERT INTO zero_reports (dispenser, period_from, period_to, received_at, seq)
VALUES (:dispenser, :period_from, :period_to, :received_at, :seq)

-- name: void_waiting
-- A void of the whole transaction that was made after it and came before it (R49).
SELECT created_at FROM submissions
WHERE sender = :sender AND transaction_control = :transaction_control AND verdict = 'void' AND created_at >= :created_at
ORDER BY created_at DESC LIMIT 1

-- name: voided
-- What was said to the last void of this transaction.
SELECT report FROM submissions
WHERE sender = :sender AND transaction_control = :transaction_control AND verdict = 'void' ORDER BY no DESC LIMIT 1

-- name: end_errors sqlite
-- R47: what a message could not store needs no correction any more; its transaction is void (R49).
UPDATE open_errors SET corrected_at = :corrected_at WHERE seq = :seq AND corrected_at IS NULL AND dispenser NOT IN
    (SELECT value FROM json_each(:but_of))

-- name: end_errors postgres
UPDATE open_errors SET corrected_at = :corrected_at WHERE seq = :seq AND corrected_at IS NULL AND dispenser NOT IN
    (SELECT jsonb_array_elements_text(CAST(:but_of AS jsonb)))

-- name: keep_error
-- R47: a record that could not be stored waits for its correction.
INSERT INTO open_errors (seq, sender, dispenser, prescription_number, filled_on, fill_number, partial_fill, checks, reported_on)
VALUES (:seq, :sender, :dispenser, :prescription_number, :filled_on, :fill_number, :partial_fill, :checks, :reported_on)

-- name: told_before
-- R47: an error that is told again keeps the day on which it was first told.
UPDATE open_errors AS told SET reported_on = first.reported_on
FROM (SELECT n.no, min(e.reported_on) AS reported_on
    FROM open_errors AS n JOIN open_errors AS e
      ON e.dispenser IN ('', n.dispenser) AND e.prescription_number IN ('', n.prescription_number)
    WHERE n.seq = :seq AND n.corrected_at IS NULL AND e.corrected_at IS NULL AND e.seq <> n.seq
      AND e.filled_on IN ('', n.filled_on) AND e.fill_number IN ('', n.fill_number) AND e.partial_fill IN ('', n.partial_fill)
      AND (e.dispenser <> '' OR e.sender = n.sender)
    GROUP BY n.no) AS first
WHERE told.no = first.no

-- name: any_open sqlite
-- One open error of these dispensers, or of these senders where the dispenser itself was at fault; nearly always none.
SELECT no FROM open_errors
WHERE corrected_at IS NULL AND dispenser IN (SELECT value FROM json_each(:dispensers))
  AND (dispenser <> '' OR sender IN (SELECT value FROM json_each(:senders))) LIMIT 1

-- name: any_open postgres
SELECT no FROM open_errors
WHERE corrected_at IS NULL AND dispenser IN (SELECT jsonb_array_elements_text(CAST(:dispensers AS jsonb)))
  AND (dispenser <> '' OR sender IN (SELECT jsonb_array_elements_text(CAST(:senders AS jsonb)))) LIMIT 1

-- name: correct sqlite
-- Open errors of the same record are corrected; what was itself at fault matches any.
-- records is a JSON list of [sender, dispenser, prescription number, day, fill number, partial fill], all texts.
UPDATE open_errors SET corrected_at = :corrected_at WHERE no IN (
    SELECT e.no FROM json_each(:records) AS r CROSS JOIN open_errors AS e
    WHERE e.corrected_at IS NULL AND e.seq <> :seq
      AND e.dispenser IN ('', json_extract(r.value, '$[1]')) AND e.prescription_number IN ('', json_extract(r.value, '$[2]'))
      AND e.filled_on IN ('', json_extract(r.value, '$[3]')) AND e.fill_number IN ('', json_extract(r.value, '$[4]'))
      AND e.partial_fill IN ('', json_extract(r.value, '$[5]'))
      AND (e.dispenser <> '' OR e.sender = json_extract(r.value, '$[0]')))

-- name: correct postgres
UPDATE open_errors SET corrected_at = :corrected_at WHERE no IN (
    SELECT e.no FROM jsonb_array_elements(CAST(:records AS jsonb)) AS r(value) JOIN open_errors AS e
      ON e.dispenser IN ('', r.value->>1) AND e.prescription_number IN ('', r.value->>2)
    WHERE e.corrected_at IS NULL AND e.seq <> :seq AND e.filled_on IN ('', r.value->>3)
      AND e.fill_number IN ('', r.value->>4) AND e.partial_fill IN ('', r.value->>5)
      AND (e.dispenser <> '' OR e.sender = r.value->>0))

-- name: uncorrected sqlite
-- R47: submissions of some days that have records in error, the oldest first, a page at a time; without also_foreign only records
-- of dispensers for which their sender may still send (R61).
SELECT e.seq, e.sender, e.reported_on, s.transaction_control, s.file_name, count(*) AS errors,
    CASE WHEN count(DISTINCT e.dispenser) = 1 THEN max(e.dispenser) ELSE '' END AS dispenser
FROM open_errors AS e JOIN submissions AS s ON s.seq = e.seq
    LEFT JOIN dispenser_numbers AS n ON n.number = e.dispenser LEFT JOIN dispensers AS d ON d.dispenser = n.dispenser
WHERE e.corrected_at IS NULL AND e.reported_on >= :reported_from AND e.reported_on <= :reported_to
  AND (e.reported_on > :after_day OR (e.reported_on = :after_day AND e.seq > :after_seq))
  AND (:also_foreign = 1 OR d.submitters IS NULL OR d.submitters = '[]' OR e.sender IN (SELECT value FROM json_each(d.submitters)))
GROUP BY e.reported_on, e.seq, e.sender, s.transaction_control, s.file_name
ORDER BY e.reported_on, e.seq LIMIT :most

-- name: uncorrected postgres
SELECT e.seq, e.sender, e.reported_on, s.transaction_control, s.file_name, count(*) AS errors,
    CASE WHEN count(DISTINCT e.dispenser) = 1 THEN max(e.dispenser) ELSE '' END AS dispenser
FROM open_errors AS e JOIN submissions AS s ON s.seq = e.seq
    LEFT JOIN dispenser_numbers AS n ON n.number = e.dispenser LEFT JOIN dispensers AS d ON d.dispenser = n.dispenser
WHERE e.corrected_at IS NULL AND e.reported_on >= :reported_from AND e.reported_on <= :reported_to
  AND (e.reported_on > :after_day OR (e.reported_on = :after_day AND e.seq > :after_seq))
  AND (:also_foreign = 1 OR d.submitters IS NULL OR d.submitters = '[]' OR jsonb_exists(CAST(d.submitters AS jsonb), e.sender))
GROUP BY e.reported_on, e.seq, e.sender, s.transaction_control, s.file_name
ORDER BY e.reported_on, e.seq LIMIT :most

-- name: listed
-- The newest first, a page at a time; '' is any sender and any verdict.
SELECT no, sender, transaction_control, verdict, version, file_name, body_bytes, received_at, seq,
    (SELECT count(*) FROM open_errors AS e WHERE e.seq = submissions.seq AND e.corrected_at IS NULL) AS open_errors
FROM submissions
WHERE no < :before AND (:sender = '' OR sender = :sender) AND (:verdict = '' OR verdict = :verdict)
ORDER BY no DESC LIMIT :most

-- name: one
SELECT no, sender, transaction_control, verdict, version, file_name, body_bytes, report, created_at, received_at, seq,
    (SELECT count(*) FROM open_errors AS e WHERE e.seq = submissions.seq AND e.corrected_at IS NULL) AS open_errors
FROM submissions WHERE no = :no
