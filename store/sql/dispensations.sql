-- name: insert
-- A new record; one of the same identity is left as it is (R48).
INSERT INTO dispensations (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, state, received_on, written_on,
    days_supply, product_id, prescriber_dea, prescriber_npi, patient_last_name, patient_first_name, patient_born_on,
    patient_gender, patient_zip, species, payment_type, original, warnings, revision, seq)
VALUES (:dispenser, :prescription_number, :filled_on, :fill_number, :quantity, :partial_fill, :state, :received_on,
    :written_on, :days_supply, :product_id, :prescriber_dea, :prescriber_npi, :patient_last_name, :patient_first_name,
    :patient_born_on, :patient_gender, :patient_zip, :species, :payment_type, :original, :warnings, :revision, :seq)
ON CONFLICT (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill) DO NOTHING

-- name: one
SELECT state, revision, seq FROM dispensations
WHERE dispenser = :dispenser AND prescription_number = :prescription_number AND filled_on = :filled_on
  AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill

-- name: keep
-- The present version is kept before it is revised, voided or renewed (R49).
INSERT INTO dispensation_versions (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, revision, state, original, seq, superseded_by_seq, superseded_at)
SELECT dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, revision, state, original, seq, CAST(:by_seq AS BIGINT), CAST(:superseded_at AS TEXT)
FROM dispensations
WHERE dispenser = :dispenser AND prescription_number = :prescription_number AND filled_on = :filled_on
  AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill


-- name: void
-- The record is withdrawn and kept (R49); who withdrew it stands with the version kept before.
UPDATE dispensations SET state = 'voided', revision = revision + 1
WHERE dispenser = :dispenser AND prescription_number = :prescription_number AND filled_on = :filled_on
  AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill AND state = 'active'

-- name: replace
-- The record's content is replaced: a revision, or a new record after its void (R49). Its earlier version was kept before.
-- Indexed columns are left out: writing one, even with the same value, costs ten times as much.
UPDATE dispensations SET state = 'active', written_on = :written_on, days_supply = :days_supply, product_id = :product_id,
    prescriber_dea = :prescriber_dea, prescriber_npi = :prescriber_npi, patient_last_name = :patient_last_name,
    patient_first_name = :patient_first_name, patient_born_on = :patient_born_on, patient_gender = :patient_gender,
    patient_zip = :patient_zip, species = :species, payment_type = :payment_type, original = :original,
    warnings = :warnings, revision = revision + 1, seq = :seq
WHERE dispenser = :dispenser AND prescription_number = :prescription_number AND filled_on = :filled_on
  AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill

-- name: voided
-- The voided records of a dispenser between two days; few, and found by an index of their own.
SELECT prescription_number, filled_on, fill_number, quantity, partial_fill FROM dispensations
WHERE state = 'voided' AND dispenser = :dispenser AND filled_on >= :filled_from AND filled_on <= :filled_to

-- name: brought_by
-- The active records whose present content came with one message.
SELECT dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill FROM dispensations
WHERE seq = :seq AND state = 'active'
