-- name: progress
-- How far the projection has read, by which numbers.
SELECT passed_seq, numbers FROM projections WHERE name = 'treatments'

-- name: lease
-- One process at a time makes the projection, and a dead one does not keep it; 0 rows when another has it.
UPDATE projections SET leased_by = :leased_by, leased_until = :leased_until
WHERE name = 'treatments' AND (leased_until IS NULL OR leased_until < :now OR leased_by = :leased_by)

-- name: newest
-- The newest message that is committed.
SELECT coalesce(max(seq), 0) AS seq FROM inbox

-- name: writers sqlite
-- Transactions that may have taken a number already and are not over: one file has one writer, so what is seen is all.
SELECT '' AS writer WHERE false

-- name: writers postgres
-- Whoever writes to the inbox holds this lock before the first number is taken and until the commit is seen.
SELECT DISTINCT virtualtransaction AS writer FROM pg_locks
WHERE locktype = 'relation' AND relation = CAST('inbox' AS regclass) AND mode = 'RowExclusiveLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())

-- name: page_end
-- The message that the page's last record came with; no row when fewer records are left.
SELECT seq FROM dispensations WHERE seq > :after AND seq <= :upto ORDER BY seq LIMIT 1 OFFSET :most

-- name: changed
-- The records that some messages brought, revised or voided, as they stand now.
SELECT dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, state, written_on, days_supply,
    product_id, ingredients, prescriber_dea, prescriber_npi, patient_last_name, patient_first_name, patient_born_on, patient_gender,
    patient_zip, species, marks
FROM dispensations WHERE seq > :after AND seq <= :upto
UNION ALL
SELECT d.dispenser, d.prescription_number, d.filled_on, d.fill_number, d.quantity, d.partial_fill, d.state, d.written_on,
    d.days_supply, d.product_id, d.ingredients, d.prescriber_dea, d.prescriber_npi, d.patient_last_name, d.patient_first_name,
    d.patient_born_on, d.patient_gender, d.patient_zip, d.species, d.marks
FROM dispensation_versions AS v JOIN dispensations AS d
    ON d.dispenser = v.dispenser AND d.prescription_number = v.prescription_number AND d.filled_on = v.filled_on
    AND d.fill_number = v.fill_number AND d.quantity = v.quantity AND d.partial_fill = v.partial_fill
WHERE v.superseded_by_seq > :after AND v.superseded_by_seq <= :upto

-- name: without_effect
-- Messages of a page that may still have their effect, later.
SELECT seq FROM inbox
WHERE seq > :after AND seq <= :upto AND state <> 'done' AND state IN ('waiting', 'dead') AND kind LIKE 'dispensation.%'

-- name: keep_late
INSERT INTO projection_late (seq) VALUES (:seq) ON CONFLICT DO NOTHING

-- name: late
-- Messages passed without effect that have come to an end since.
SELECT projection_late.seq AS seq FROM projection_late JOIN inbox ON inbox.seq = projection_late.seq
WHERE inbox.state NOT IN ('waiting', 'dead') ORDER BY projection_late.seq LIMIT :most

-- name: hold_late
-- Nobody else reads this late message until the transaction ends; 0 rows when it is read already.
UPDATE projection_late SET seq = seq WHERE seq = :seq

-- name: forget_late
DELETE FROM projection_late WHERE seq = :seq

-- name: pass_to
-- The projection has read up to here; 0 rows when another process was there first.
UPDATE projections SET passed_seq = :upto WHERE name = 'treatments' AND passed_seq = :after

-- name: begin_again
UPDATE projections SET passed_seq = 0 WHERE name = 'treatments'

-- name: forget_every_late
DELETE FROM projection_late
