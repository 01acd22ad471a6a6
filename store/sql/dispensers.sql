-- name: put
-- Particulars replace those that stood there; how far it reported stays, and the day on which it will close. One that has
-- closed begins anew.
INSERT INTO dispensers (dispenser, name, kind, facility, dea, npi, ncpdp, contact_email, submitters, registered_on,
    covered_to, last_report_on, closed_on, seq)
VALUES (:dispenser, :name, :kind, :facility, :dea, :npi, :ncpdp, :contact_email, :submitters, :registered_on,
    :registered_on, '', NULL, :seq)
ON CONFLICT (dispenser) DO UPDATE SET name = excluded.name, kind = excluded.kind, facility = excluded.facility,
    dea = excluded.dea, npi = excluded.npi, ncpdp = excluded.ncpdp, contact_email = excluded.contact_email,
    submitters = excluded.submitters, seq = excluded.seq,
    covered_to = CASE WHEN dispensers.closed_on <= excluded.registered_on THEN excluded.covered_to
        ELSE dispensers.covered_to END,
    closed_on = CASE WHEN dispensers.closed_on > excluded.registered_on THEN dispensers.closed_on END

-- name: forget_numbers
DELETE FROM dispenser_numbers WHERE dispenser = :dispenser

-- name: put_number
INSERT INTO dispenser_numbers (number, dispenser) VALUES (:number, :dispenser)

-- name: among sqlite
-- The dispensers that have one of these numbers; numbers is a JSON list of texts.
SELECT n.number, d.dispenser, d.name, d.kind, d.facility, d.dea, d.npi, d.ncpdp, d.contact_email, d.submitters,
    d.covered_to
FROM dispenser_numbers AS n JOIN dispensers AS d ON d.dispenser = n.dispenser
WHERE n.number IN (SELECT value FROM json_each(:numbers))

-- name: among postgres
SELECT n.number, d.dispenser, d.name, d.kind, d.facility, d.dea, d.npi, d.ncpdp, d.contact_email, d.submitters,
    d.covered_to
FROM dispenser_numbers AS n JOIN dispensers AS d ON d.dispenser = n.dispenser
WHERE n.number IN (SELECT jsonb_array_elements_text(CAST(:numbers AS jsonb)))

-- name: any
-- One of them, if the programme keeps a register at all: without one nobody is unknown.
SELECT dispenser FROM dispensers LIMIT 1

-- name: reported sqlite
-- R42: how far each has reported, as far as that is news; reports is a JSON list of [number, covered_to, reported_on].
UPDATE dispensers SET covered_to = max(dispensers.covered_to, r.covered_to),
    last_report_on = max(last_report_on, r.reported_on)
FROM (SELECT n.dispenser AS reporter, max(json_extract(said.value, '$[1]')) AS covered_to,
        max(json_extract(said.value, '$[2]')) AS reported_on
    FROM json_each(:reports) AS said JOIN dispenser_numbers AS n ON n.number = json_extract(said.value, '$[0]')
    GROUP BY n.dispenser) AS r
WHERE dispensers.dispenser = r.reporter AND (dispensers.covered_to < r.covered_to OR last_report_on < r.reported_on)

-- name: reported postgres
UPDATE dispensers SET covered_to = greatest(dispensers.covered_to, r.covered_to),
    last_report_on = greatest(last_report_on, r.reported_on)
FROM (SELECT n.dispenser AS reporter, max(said.value->>1) AS covered_to, max(said.value->>2) AS reported_on
    FROM jsonb_array_elements(CAST(:reports AS jsonb)) AS said(value)
    JOIN dispenser_numbers AS n ON n.number = said.value->>0
    GROUP BY n.dispenser) AS r
WHERE dispensers.dispenser = r.reporter AND (dispensers.covered_to < r.covered_to OR last_report_on < r.reported_on)

-- name: exempt
INSERT INTO dispenser_exemptions (dispenser, reason, from_on, to_on, seq)
VALUES (:dispenser, :reason, :from_on, :to_on, :seq)

-- name: end_exemption
-- What holds beyond that day ends on it; what had not begun by then never holds.
UPDATE dispenser_exemptions SET to_on = :ended_on WHERE dispenser = :dispenser AND to_on > :ended_on

-- name: exemptions sqlite
-- The standing exemptions of these dispensers, the oldest first.
SELECT dispenser, reason, from_on, to_on FROM dispenser_exemptions
WHERE dispenser IN (SELECT value FROM json_each(:dispensers)) AND to_on >= from_on ORDER BY no

-- name: exemptions postgres
SELECT dispenser, reason, from_on, to_on FROM dispenser_exemptions
WHERE dispenser IN (SELECT jsonb_array_elements_text(CAST(:dispensers AS jsonb))) AND to_on >= from_on ORDER BY no

-- name: zero_periods sqlite
-- R42: the periods of these dispensers' zero reports that reach beyond what is known to be covered; a veterinarian's last
-- report counts, whatever its period (R41).
SELECT d.dispenser, z.period_from, z.period_to
FROM dispensers AS d JOIN zero_reports AS z ON z.dispenser = d.dispenser AND z.period_to > d.covered_to
WHERE d.dispenser IN (SELECT value FROM json_each(:dispensers)) AND d.kind <> 'veterinarian'

-- name: zero_periods postgres
SELECT d.dispenser, z.period_from, z.period_to
FROM dispensers AS d JOIN zero_reports AS z ON z.dispenser = d.dispenser AND z.period_to > d.covered_to
WHERE d.dispenser IN (SELECT jsonb_array_elements_text(CAST(:dispensers AS jsonb))) AND d.kind <> 'veterinarian'

-- name: close
-- A closing that has not come yet may be put off or brought forward.
UPDATE dispensers SET closed_on = :closed_on
WHERE dispenser = :dispenser AND (closed_on IS NULL OR closed_on > :today)

-- name: behind
-- R42: those of a kind that reported no further than a day, nor up to their closing, a page at a time.
SELECT dispenser, name, kind, dea, npi, ncpdp, contact_email, covered_to, closed_on FROM dispensers
WHERE (closed_on IS NULL OR covered_to < closed_on) AND kind = :kind AND covered_to <= :covered_to
  AND (covered_to > :after_day OR (covered_to = :after_day AND dispenser > :after))
ORDER BY covered_to, dispenser LIMIT :most
