-- name: insert
-- A new record; one of the same identity is left as it is (R48).
INSERT INTO dispensations (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, state, received_on, written_on,
    days_supply, product_id, prescriber_dea, prescriber_npi, patient_last_name, patient_first_name, patient_born_on,
    patient_gender, patient_zip, species, payment_type, original, warnings, revision, said_at, marks, ingredients, seq)
VALUES (:dispenser, :prescription_number, :filled_on, :fill_number, :quantity, :partial_fill, :state, :received_on,
    :written_on, :days_supply, :product_id, :prescriber_dea, :prescriber_npi, :patient_last_name, :patient_first_name,
    :patient_born_on, :patient_gender, :patient_zip, :species, :payment_type, :original, :warnings, :revision, :said_at, :marks,
    :ingredients, :seq)
ON CONFLICT (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill) DO NOTHING

-- name: one
SELECT state, revision, seq FROM dispensations
WHERE dispenser = :dispenser AND prescription_number = :prescription_number AND filled_on = :filled_on
  AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill

-- name: known sqlite
-- What stands of these records; identities is a JSON list of lists in the order of the key.
SELECT d.dispenser, d.prescription_number, d.filled_on, d.fill_number, d.quantity, d.partial_fill, d.state, d.basis, d.said_at,
    d.confirmed_at, d.confirmed_seq, d.seq, d.original
FROM json_each(:identities) AS asked CROSS JOIN dispensations AS d
WHERE d.dispenser = json_extract(asked.value, '$[0]') AND d.prescription_number = json_extract(asked.value, '$[1]')
  AND d.filled_on = json_extract(asked.value, '$[2]') AND d.fill_number = json_extract(asked.value, '$[3]')
  AND d.quantity = json_extract(asked.value, '$[4]') AND d.partial_fill = json_extract(asked.value, '$[5]')

-- name: known postgres
-- The rows are locked: whoever hears of the same record at the same time waits, and then sees what became of it.
SELECT d.dispenser, d.prescription_number, d.filled_on, d.fill_number, d.quantity, d.partial_fill, d.state, d.basis, d.said_at,
    d.confirmed_at, d.confirmed_seq, d.seq, d.original
FROM jsonb_array_elements(CAST(:identities AS jsonb)) AS asked(value) JOIN dispensations AS d
  ON d.dispenser = asked.value->>0 AND d.prescription_number = asked.value->>1 AND d.filled_on = asked.value->>2
  AND d.fill_number = CAST(asked.value->>3 AS BIGINT) AND d.quantity = asked.value->>4
  AND d.partial_fill = CAST(asked.value->>5 AS BIGINT)
FOR UPDATE OF d

-- name: keep
-- What the record says at present is kept before it is revised, voided or renewed (R49).
INSERT INTO dispensation_versions (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, revision, state, status, said_at,
    seq, superseded_by_seq, superseded_at, received_on, written_on, days_supply, product_id, prescriber_dea, prescriber_npi,
    patient_last_name, patient_first_name, patient_born_on, patient_gender, patient_zip, species, payment_type, original, warnings, marks,
    ingredients)
SELECT dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, revision, state,
    CASE state WHEN 'voided' THEN 'void' ELSE basis END, said_at, seq, CAST(:by_seq AS BIGINT), CAST(:superseded_at AS TEXT),
    received_on, written_on, days_supply, product_id, prescriber_dea, prescriber_npi,
    patient_last_name, patient_first_name, patient_born_on, patient_gender, patient_zip, species, payment_type, original, warnings, marks,
    ingredients
FROM dispensations
WHERE dispenser = :dispenser AND prescription_number = :prescription_number AND filled_on = :filled_on
  AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill

-- name: log
-- A statement that does not show in the record, because a newer one stands there, or the same was said before (R48, R49).
INSERT INTO dispensation_versions (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, revision, state, status, said_at,
    seq, superseded_by_seq, superseded_at, received_on, written_on, days_supply, product_id, prescriber_dea, prescriber_npi,
    patient_last_name, patient_first_name, patient_born_on, patient_gender, patient_zip, species, payment_type, original, warnings, marks,
    ingredients)
VALUES (:dispenser, :prescription_number, :filled_on, :fill_number, :quantity, :partial_fill, 0, :state, :status, :said_at,
    :seq, :by_seq, :superseded_at, :received_on, :written_on, :days_supply, :product_id, :prescriber_dea, :prescriber_npi,
    :patient_last_name, :patient_first_name, :patient_born_on, :patient_gender, :patient_zip, :species, :payment_type,
    :original, :warnings, :marks, :ingredients)

-- name: said
-- All that was ever said of one record: what it says now (no 0), and every statement before or beside it.
SELECT CAST(0 AS BIGINT) AS no, CASE state WHEN 'voided' THEN 'void' ELSE basis END AS status, state, said_at, confirmed_at, confirmed_seq, seq,
    dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, received_on, written_on, days_supply, product_id, prescriber_dea, prescriber_npi,
    patient_last_name, patient_first_name, patient_born_on, patient_gender, patient_zip, species, payment_type, original, warnings, marks,
    ingredients
FROM dispensations
WHERE dispenser = :dispenser AND prescription_number = :prescription_number AND filled_on = :filled_on
  AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill
UNION ALL
SELECT no, status, state, said_at, '' AS confirmed_at, CAST(0 AS BIGINT) AS confirmed_seq, seq, dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, received_on, written_on, days_supply, product_id, prescriber_dea, prescriber_npi,
    patient_last_name, patient_first_name, patient_born_on, patient_gender, patient_zip, species, payment_type, original, warnings, marks,
    ingredients
FROM dispensation_versions
WHERE dispenser = :dispenser AND prescription_number = :prescription_number AND filled_on = :filled_on
  AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill
ORDER BY no

-- name: void
-- The record is withdrawn and kept (R49), or stays withdrawn by a later void.
UPDATE dispensations SET state = 'voided', revision = revision + 1, said_at = :said_at, confirmed_at = '',
    confirmed_seq = 0, seq = :seq
WHERE dispenser = :dispenser AND prescription_number = :prescription_number AND filled_on = :filled_on
  AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill

-- name: basis
-- The record rests on a revision: a new one of the same time does not come before it.
UPDATE dispensations SET basis = 'revise'
WHERE dispenser = :dispenser AND prescription_number = :prescription_number AND filled_on = :filled_on
  AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill

-- name: keep_confirmed sqlite
-- That the same was said again, before it is said once more or something else is: what arrives between the two finds its place (R49, R50).
INSERT INTO dispensation_versions (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, revision, state, status, said_at,
    seq, superseded_by_seq, superseded_at, received_on, written_on, days_supply, product_id, prescriber_dea, prescriber_npi,
    patient_last_name, patient_first_name, patient_born_on, patient_gender, patient_zip, species, payment_type, original, warnings, marks,
    ingredients)
SELECT d.dispenser, d.prescription_number, d.filled_on, d.fill_number, d.quantity, d.partial_fill, 0, d.state, 'new', d.confirmed_at,
    d.confirmed_seq, d.seq, CAST(:superseded_at AS TEXT), d.received_on, d.written_on, d.days_supply, d.product_id, d.prescriber_dea, d.prescriber_npi,
    d.patient_last_name, d.patient_first_name, d.patient_born_on, d.patient_gender, d.patient_zip, d.species, d.payment_type, d.original,
    d.warnings, d.marks, d.ingredients
FROM json_each(:identities) AS asked CROSS JOIN dispensations AS d
WHERE d.confirmed_at <> '' AND d.dispenser = json_extract(asked.value, '$[0]') AND d.prescription_number = json_extract(asked.value, '$[1]')
  AND d.filled_on = json_extract(asked.value, '$[2]') AND d.fill_number = json_extract(asked.value, '$[3]')
  AND d.quantity = json_extract(asked.value, '$[4]') AND d.partial_fill = json_extract(asked.value, '$[5]')

-- name: keep_confirmed postgres
-- That the same was said again, before it is said once more or something else is: what arrives between the two finds its place (R49, R50).
INSERT INTO dispensation_versions (dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, revision, state, status, said_at,
    seq, superseded_by_seq, superseded_at, received_on, written_on, days_supply, product_id, prescriber_dea, prescriber_npi,
    patient_last_name, patient_first_name, patient_born_on, patient_gender, patient_zip, species, payment_type, original, warnings, marks,
    ingredients)
SELECT d.dispenser, d.prescription_number, d.filled_on, d.fill_number, d.quantity, d.partial_fill, 0, d.state, 'new', d.confirmed_at,
    d.confirmed_seq, d.seq, CAST(:superseded_at AS TEXT), d.received_on, d.written_on, d.days_supply, d.product_id, d.prescriber_dea, d.prescriber_npi,
    d.patient_last_name, d.patient_first_name, d.patient_born_on, d.patient_gender, d.patient_zip, d.species, d.payment_type, d.original,
    d.warnings, d.marks, d.ingredients
FROM jsonb_array_elements(CAST(:identities AS jsonb)) AS asked(value) CROSS JOIN dispensations AS d
WHERE d.confirmed_at <> '' AND d.dispenser = asked.value->>0 AND d.prescription_number = asked.value->>1 AND d.filled_on = asked.value->>2
  AND d.fill_number = CAST(asked.value->>3 AS BIGINT) AND d.quantity = asked.value->>4
  AND d.partial_fill = CAST(asked.value->>5 AS BIGINT)

-- name: confirm sqlite
-- The same was said again later (R48): an older void no longer withdraws it. identities: as in known, then when, and by which message.
UPDATE dispensations AS d SET confirmed_at = json_extract(asked.value, '$[6]'),
    confirmed_seq = json_extract(asked.value, '$[7]')
FROM json_each(:identities) AS asked
WHERE d.dispenser = json_extract(asked.value, '$[0]') AND d.prescription_number = json_extract(asked.value, '$[1]')
  AND d.filled_on = json_extract(asked.value, '$[2]') AND d.fill_number = json_extract(asked.value, '$[3]')
  AND d.quantity = json_extract(asked.value, '$[4]') AND d.partial_fill = json_extract(asked.value, '$[5]')

-- name: confirm postgres
UPDATE dispensations AS d SET confirmed_at = asked.value->>6,
    confirmed_seq = CAST(asked.value->>7 AS BIGINT)
FROM jsonb_array_elements(CAST(:identities AS jsonb)) AS asked(value)
WHERE d.dispenser = asked.value->>0 AND d.prescription_number = asked.value->>1 AND d.filled_on = asked.value->>2
  AND d.fill_number = CAST(asked.value->>3 AS BIGINT) AND d.quantity = asked.value->>4
  AND d.partial_fill = CAST(asked.value->>5 AS BIGINT)

-- name: replace
-- The record's content is replaced: a revision, or a new record after its void (R49). Its earlier version was kept before.
-- A revision does not make a late record one that came in time (R40). Indexed columns are left out: writing one, even with the same value, costs ten times as much.
UPDATE dispensations SET state = 'active', written_on = :written_on, days_supply = :days_supply, product_id = :product_id,
    prescriber_dea = :prescriber_dea, prescriber_npi = :prescriber_npi, patient_last_name = :patient_last_name,
    patient_first_name = :patient_first_name, patient_born_on = :patient_born_on, patient_gender = :patient_gender,
    patient_zip = :patient_zip, species = :species, payment_type = :payment_type, original = :original,
    warnings = :warnings, ingredients = :ingredients,
    marks = CASE WHEN CAST(:basis AS TEXT) = 'revise' AND state = 'active' AND marks = 'late' AND CAST(:marks AS TEXT) = ''
        THEN marks ELSE CAST(:marks AS TEXT) END, said_at = :said_at, basis = CAST(:basis AS TEXT), confirmed_at = :confirmed_at,
    confirmed_seq = :confirmed_seq, revision = revision + 1, seq = :seq
WHERE dispenser = :dispenser AND prescription_number = :prescription_number AND filled_on = :filled_on
  AND fill_number = :fill_number AND quantity = :quantity AND partial_fill = :partial_fill

-- name: dispensers_of
-- Whose active records one message brought.
SELECT DISTINCT dispenser FROM dispensations WHERE seq = :seq AND state = 'active'

-- name: brought_by
-- The active records whose present content came with one message.
SELECT dispenser, prescription_number, filled_on, fill_number, quantity, partial_fill, confirmed_at FROM dispensations
WHERE seq = :seq AND state = 'active'
