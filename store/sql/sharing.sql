-- name: named
-- Whether the persons of a key are told apart, and whom the key and the one person stand for, where that is another.
SELECT (SELECT is_apart FROM patients_told_apart WHERE patient_key = :key) AS is_apart,
    (SELECT patient_id FROM patient_aliases WHERE patient_key = :key) AS key_means,
    (SELECT patient_id FROM patient_aliases WHERE patient_key = :one) AS one_means

-- name: among sqlite
-- Which of these keys were ever told apart, and whether they are so now.
SELECT patient_key, is_apart FROM patients_told_apart WHERE patient_key IN (SELECT value FROM json_each(:keys))

-- name: among postgres
SELECT patient_key, is_apart FROM patients_told_apart
WHERE patient_key = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(:keys AS jsonb))))

-- name: tell
-- The key stands for more than one person from now on; 0 rows when it does already.
INSERT INTO patients_told_apart (patient_key, is_apart) VALUES (:patient_key, 1)
ON CONFLICT (patient_key) DO UPDATE SET is_apart = 1 WHERE patients_told_apart.is_apart = 0

-- name: rejoin
-- The key stands for one person again; 0 rows when it does already.
UPDATE patients_told_apart SET is_apart = 0 WHERE patient_key = :patient_key AND is_apart = 1

-- name: zips sqlite
-- The ZIP code of each record of these keys.
SELECT r.dispenser, r.prescription_number, r.filled_on, r.fill_number, r.quantity, r.partial_fill, r.patient_key, d.patient_zip
FROM patient_records AS r JOIN dispensations AS d
    ON d.dispenser = r.dispenser AND d.prescription_number = r.prescription_number AND d.filled_on = r.filled_on
    AND d.fill_number = r.fill_number AND d.quantity = r.quantity AND d.partial_fill = r.partial_fill
WHERE r.patient_key IN (SELECT value FROM json_each(:keys))

-- name: zips postgres
SELECT r.dispenser, r.prescription_number, r.filled_on, r.fill_number, r.quantity, r.partial_fill, r.patient_key, d.patient_zip
FROM patient_records AS r JOIN dispensations AS d
    ON d.dispenser = r.dispenser AND d.prescription_number = r.prescription_number AND d.filled_on = r.filled_on
    AND d.fill_number = r.fill_number AND d.quantity = r.quantity AND d.partial_fill = r.partial_fill
WHERE r.patient_key = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(:keys AS jsonb))))

-- name: standing
-- The persons of one key of whom something stands; their ids begin with the key, and 'g' follows every hexadecimal digit.
SELECT patient_id FROM treatments WHERE patient_id > CAST(:key AS TEXT) AND patient_id < CAST(:key AS TEXT) || 'g'
UNION
SELECT patient_id FROM missed_reviews WHERE patient_id > CAST(:key AS TEXT) AND patient_id < CAST(:key AS TEXT) || 'g'
UNION
SELECT patient_id FROM clinical_alerts WHERE patient_id > CAST(:key AS TEXT) AND patient_id < CAST(:key AS TEXT) || 'g'
UNION
SELECT patient_key FROM patient_aliases WHERE patient_key > CAST(:key AS TEXT) AND patient_key < CAST(:key AS TEXT) || 'g'

-- name: merged
-- Which keys were merged with this one, or with a person of it, either way round.
SELECT patient_key FROM patient_aliases
WHERE patient_key >= CAST(:key AS TEXT) AND patient_key < CAST(:key AS TEXT) || 'g'
   OR patient_id >= CAST(:key AS TEXT) AND patient_id < CAST(:key AS TEXT) || 'g'
ORDER BY patient_key
