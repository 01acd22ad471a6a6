-- name: last_list
-- When an agency's present list was sent.
SELECT sent_on FROM agency_lists WHERE agency_key = :agency_key ORDER BY sent_on DESC LIMIT 1

-- name: insert_list
INSERT INTO agency_lists (agency_key, agency, official_name, official_title, sent_on, persons, recorded_by, received_at, seq)
VALUES (:agency_key, :agency, :official_name, :official_title, :sent_on, :persons, :recorded_by, :received_at, :seq)

-- name: drop_all
-- Before a new list is written nobody stands on the agency's list.
UPDATE agency_persons SET dropped_on = :dropped_on WHERE agency_key = :agency_key AND dropped_on IS NULL

-- name: list_person
-- Whoever is on the new list stands on it, also after having been left out.
INSERT INTO agency_persons (agency_key, email_key, name, listed_on) VALUES (:agency_key, :email_key, :name, :listed_on)
ON CONFLICT (agency_key, email_key) DO UPDATE
SET name = excluded.name, listed_on = excluded.listed_on, dropped_on = NULL

-- name: is_listed
SELECT 1 AS is_listed FROM agency_persons
WHERE agency_key = :agency_key AND email_key = :email_key AND dropped_on IS NULL

-- name: dropped
-- R8: people whom a newer list left out and who have an account, unless another agency lists them; a page at a time.
SELECT accounts.no, account_id, agency, dropped_on FROM agency_persons
JOIN accounts ON accounts.email_key = agency_persons.email_key AND accounts.state IN ('active', 'suspended')
JOIN agency_lists ON agency_lists.no = (
    SELECT max(no) FROM agency_lists AS newest WHERE newest.agency_key = agency_persons.agency_key
)
WHERE dropped_on IS NOT NULL AND accounts.no > :after_no AND NOT EXISTS (
    SELECT 1 FROM agency_persons AS others
    WHERE others.email_key = agency_persons.email_key AND others.dropped_on IS NULL
)
ORDER BY accounts.no, dropped_on LIMIT :most

-- name: train
-- The first training counts.
INSERT INTO trainings (registration_id, trained_on, recorded_by, recorded_at)
VALUES (:registration_id, :trained_on, :recorded_by, :recorded_at)
ON CONFLICT DO NOTHING

-- name: trained
SELECT trained_on FROM trainings WHERE registration_id = :registration_id
