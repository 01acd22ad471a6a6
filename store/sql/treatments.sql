-- name: known sqlite
-- The patients' keys under which records stand.
SELECT r.dispenser, r.prescription_number, r.filled_on, r.fill_number, r.quantity, r.partial_fill, r.patient_key
FROM json_each(:keys) AS k JOIN patient_records AS r
    ON r.dispenser = k.value ->> 0 AND r.prescription_number = k.value ->> 1 AND r.filled_on = k.value ->> 2
    AND r.fill_number = k.value ->> 3 AND r.quantity = k.value ->> 4 AND r.partial_fill = k.value ->> 5

-- name: known postgres
SELECT r.dispenser, r.prescription_number, r.filled_on, r.fill_number, r.quantity, r.partial_fill, r.patient_key
FROM jsonb_array_elements(CAST(:keys AS jsonb)) AS k(value) JOIN patient_records AS r
    ON r.dispenser = k.value ->> 0 AND r.prescription_number = k.value ->> 1 AND r.filled_on = k.value ->> 2
    AND r.fill_number = CAST(k.value ->> 3 AS bigint) AND r.quantity = k.value ->> 4
    AND r.partial_fill = CAST(k.value ->> 5 AS bigint)

-- name: put_record
-- The record stands under its patient; a changed one replaces what stood there.
INSERT INTO patient_records (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, patient_key, prescriber, written_on, days_supply, product_id)
VALUES (:dispenser, :prescription_number, :filled_on, :fill_number, :quantity, :partial_fill, :patient_key, :prescriber, :written_on, :days_supply, :product_id)
ON CONFLICT (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill) DO UPDATE
SET patient_key = excluded.patient_key, prescriber = excluded.prescriber, written_on = excluded.written_on,
    days_supply = excluded.days_supply, product_id = excluded.product_id

-- name: drop_record
-- The record was voided, or raises no duty any more.
DELETE FROM patient_records
WHERE dispenser = :dispenser AND prescription_number = :prescription_number AND filled_on = :filled_on
  AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill

-- name: mark
-- Something of this key changed. The update holds the row until the change is committed: whoever takes it sees the change.
INSERT INTO stale_patients (patient_key, marks) VALUES (:patient_key, :marks)
ON CONFLICT (patient_key) DO UPDATE SET marks = stale_patients.marks + 1

-- name: mark_every
-- Every patient is counted again, those too that a fault left without records.
INSERT INTO stale_patients (patient_key, marks)
SELECT patient_key, 1 FROM patient_records UNION SELECT patient_id, 1 FROM treatments
UNION SELECT patient_id, 1 FROM missed_reviews UNION SELECT patient_id, 1 FROM clinical_alerts WHERE true
ON CONFLICT (patient_key) DO UPDATE SET marks = stale_patients.marks + 1

-- name: count_by
-- The numbers of the policy that the rows are made by; '' when they must be made again.
UPDATE projections SET numbers = :numbers WHERE name = 'treatments'

-- name: is_any_stale
SELECT patient_key FROM stale_patients LIMIT 1

-- name: take_stale sqlite
-- Some keys of which something changed, in order; whoever takes them counts them again in the same transaction.
DELETE FROM stale_patients
WHERE patient_key IN (SELECT patient_key FROM stale_patients ORDER BY patient_key LIMIT :most)
RETURNING patient_key

-- name: take_stale postgres
DELETE FROM stale_patients WHERE patient_key IN (
    SELECT patient_key FROM stale_patients ORDER BY patient_key LIMIT :most FOR UPDATE SKIP LOCKED)
RETURNING patient_key

-- name: records_of sqlite
-- Every record of these keys.
SELECT dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, patient_key, prescriber, written_on,
    days_supply, product_id
FROM patient_records WHERE patient_key IN (SELECT value FROM json_each(:keys))

-- name: records_of postgres
SELECT dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, patient_key, prescriber, written_on,
    days_supply, product_id
FROM patient_records WHERE patient_key = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(:keys AS jsonb))))

-- name: drugs sqlite
-- What is known of these drugs, by package or by product.
SELECT ndc, schedule, class FROM drugs WHERE schedule <> '' AND ndc IN (SELECT value FROM json_each(:ndcs))

-- name: drugs postgres
SELECT ndc, schedule, class FROM drugs
WHERE schedule <> '' AND ndc = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(:ndcs AS jsonb))))

-- name: strengths sqlite
-- How much of an opioid is in these drugs, by package or by product.
SELECT ndc, ingredient, strength FROM drug_strengths WHERE ndc IN (SELECT value FROM json_each(:ndcs))

-- name: strengths postgres
SELECT ndc, ingredient, strength FROM drug_strengths
WHERE ndc = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(:ndcs AS jsonb))))

-- name: put_strength
INSERT INTO drug_strengths (ndc, ingredient, strength) VALUES (:ndc, :ingredient, :strength)
ON CONFLICT (ndc) DO UPDATE SET ingredient = excluded.ingredient, strength = excluded.strength

-- name: treatments_of sqlite
-- The courses of treatment that stand of these patients.
SELECT patient_id, prescriber, began_on, supply_ends_on, ends_on, records, last_schedule, is_schedule_v_only, is_continuous,
    is_prolonged, reviewed_on, due_on
FROM treatments WHERE patient_id IN (SELECT value FROM json_each(:patients))

-- name: treatments_of postgres
SELECT patient_id, prescriber, began_on, supply_ends_on, ends_on, records, last_schedule, is_schedule_v_only, is_continuous,
    is_prolonged, reviewed_on, due_on
FROM treatments WHERE patient_id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(:patients AS jsonb))))

-- name: put_treatment
INSERT INTO treatments (patient_id, prescriber, began_on, supply_ends_on, ends_on, records, last_schedule, is_schedule_v_only, is_continuous, is_prolonged, reviewed_on, due_on)
VALUES (:patient_id, :prescriber, :began_on, :supply_ends_on, :ends_on, :records, :last_schedule, :is_schedule_v_only, :is_continuous, :is_prolonged, :reviewed_on, :due_on)
ON CONFLICT (patient_id, prescriber, began_on) DO UPDATE
SET supply_ends_on = excluded.supply_ends_on, ends_on = excluded.ends_on, records = excluded.records,
    last_schedule = excluded.last_schedule, is_schedule_v_only = excluded.is_schedule_v_only,
    is_continuous = excluded.is_continuous, is_prolonged = excluded.is_prolonged, reviewed_on = excluded.reviewed_on,
    due_on = excluded.due_on

-- name: drop_treatment
DELETE FROM treatments WHERE patient_id = :patient_id AND prescriber = :prescriber AND began_on = :began_on

-- name: missed_of sqlite
-- The missed reviews that stand of these patients.
SELECT patient_id, dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, prescriber, written_on
FROM missed_reviews WHERE patient_id IN (SELECT value FROM json_each(:patients))

-- name: missed_of postgres
SELECT patient_id, dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, prescriber, written_on
FROM missed_reviews WHERE patient_id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(:patients AS jsonb))))

-- name: put_missed
INSERT INTO missed_reviews (patient_id, dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, prescriber, written_on)
VALUES (:patient_id, :dispenser, :prescription_number, :filled_on, :fill_number, :quantity, :partial_fill, :prescriber, :written_on)
ON CONFLICT (patient_id, dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill) DO UPDATE
SET prescriber = excluded.prescriber, written_on = excluded.written_on

-- name: drop_missed
DELETE FROM missed_reviews
WHERE patient_id = :patient_id AND dispenser = :dispenser AND prescription_number = :prescription_number
  AND filled_on = :filled_on AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill

-- name: due sqlite
-- R55: what stands against each prescriber on a day: due up to a day, overdue, and how many have their turn.
SELECT prescriber, count(*) AS standing, sum(due_on < :today) AS overdue,
    sum(due_on IN (SELECT value FROM json_each(:reminded))) AS turns
FROM treatments
WHERE due_on IS NOT NULL AND prescriber > :after AND due_on <= :to_on AND ends_on >= :today
GROUP BY prescriber ORDER BY prescriber LIMIT :most

-- name: due postgres
SELECT prescriber, count(*) AS standing, count(*) FILTER (WHERE due_on < :today) AS overdue,
    count(*) FILTER (WHERE due_on IN (SELECT jsonb_array_elements_text(CAST(:reminded AS jsonb)))) AS turns
FROM treatments
WHERE due_on IS NOT NULL AND prescriber > :after AND due_on <= :to_on AND ends_on >= :today
GROUP BY prescriber ORDER BY prescriber LIMIT :most

-- name: missed_counts
-- R51: how many records each prescriber wrote without a review in time, between two days, a page at a time.
SELECT prescriber, count(*) AS missed FROM missed_reviews
WHERE written_on >= :from_on AND written_on <= :to_on AND prescriber > :after
GROUP BY prescriber ORDER BY prescriber LIMIT :most

-- name: counts
-- How much stands: records under their patients, courses of treatment, missed reviews, clinical alerts.
SELECT (SELECT count(*) FROM patient_records) AS records, (SELECT count(*) FROM treatments) AS treatments,
    (SELECT count(*) FROM missed_reviews) AS missed_reviews, (SELECT count(*) FROM clinical_alerts) AS clinical_alerts
