-- name: publish
-- A version is published once.
INSERT INTO terms (version, effective_on, published_at, published_by)
VALUES (:version, :effective_on, :published_at, :published_by)
ON CONFLICT (version) DO NOTHING

-- name: one
SELECT version, effective_on FROM terms WHERE version = :version

-- name: in_force
-- The version that is in force on a local date.
SELECT version, effective_on FROM terms WHERE effective_on <= :today ORDER BY effective_on DESC, published_at DESC LIMIT 1

-- name: accept
-- R26: the first acceptance of a version stays as it is.
INSERT INTO terms_acceptances (account_id, version, accepted_at, recorded_at)
VALUES (:account_id, :version, :accepted_at, :recorded_at)
ON CONFLICT (account_id, version) DO NOTHING

-- name: accept_at_registration
-- R1: the consent that came with the registration counts from its own time.
INSERT INTO terms_acceptances (account_id, version, accepted_at, recorded_at)
SELECT registration_id, terms_version, terms_agreed_at, submitted_at FROM registrations
WHERE registration_id = :account_id
ON CONFLICT (account_id, version) DO NOTHING

-- name: accepted
SELECT accepted_at FROM terms_acceptances WHERE account_id = :account_id AND version = :version
