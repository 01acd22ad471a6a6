-- name: aliases sqlite
-- The patients that these keys stand for, where those are not their own.
SELECT patient_key, patient_id FROM patient_aliases WHERE patient_key IN (SELECT value FROM json_each(:keys))

-- name: aliases postgres
SELECT patient_key, patient_id FROM patient_aliases
WHERE patient_key = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(:keys AS jsonb))))

-- name: merged_into sqlite
-- The other keys that stand for these patients.
SELECT patient_key, patient_id FROM patient_aliases WHERE patient_id IN (SELECT value FROM json_each(:patients))

-- name: merged_into postgres
SELECT patient_key, patient_id FROM patient_aliases
WHERE patient_id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(:patients AS jsonb))))

-- name: decide sqlite
-- Decisions on patients are made one after the other; one file has one writer anyway.
SELECT patient_key FROM patient_aliases WHERE false

-- name: decide postgres
LOCK TABLE patient_aliases IN SHARE ROW EXCLUSIVE MODE

-- name: point
-- The key stands for this patient from now on.
INSERT INTO patient_aliases (patient_key, patient_id) VALUES (:patient_key, :patient_id)
ON CONFLICT (patient_key) DO UPDATE SET patient_id = excluded.patient_id

-- name: unpoint
-- The key is a patient of its own again; 0 rows when it stands for another patient than was said.
DELETE FROM patient_aliases WHERE patient_key = :patient_key AND patient_id = :patient_id

-- name: note
-- Every merging, splitting, telling apart and joining again is kept (the other tables say only what holds now).
INSERT INTO patient_links (act, patient_key, from_patient_id, to_patient_id, decided_by, reason, decided_at, seq)
VALUES (:act, :patient_key, :from_patient_id, :to_patient_id, :decided_by, :reason, :decided_at, :seq)
