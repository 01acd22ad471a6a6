-- name: insert
-- A new case; nothing when the case, or a case of this occasion, is there already.
INSERT INTO conduct_cases (case_id, reference, what, state, account_id, reporter_name, reporter_email, occasion, text, reported_at,
    revision, seq)
VALUES (:case_id, '', :what, 'open', :account_id, :reporter_name, :reporter_email, :occasion, :text, :reported_at, 0, :seq)
ON CONFLICT DO NOTHING
RETURNING no

-- name: refer_to
-- The reference is made of the row's own number, which never comes twice.
UPDATE conduct_cases SET reference = :reference WHERE no = :no

-- name: one
SELECT no, case_id, reference, what, state, revision, reported_at FROM conduct_cases WHERE case_id = :case_id

-- name: move
-- The next step of a case, from the revision that was decided on; 0 rows when another step came first. An outcome stays.
UPDATE conduct_cases SET state = :state, outcome = coalesce(outcome, :outcome), closed_at = coalesce(closed_at, :closed_at),
    revision = revision + 1
WHERE no = :no AND revision = :revision

-- name: record
-- One step, for ever (R25, R64).
INSERT INTO conduct_history (case_no, revision, act, actor, state, agency, agency_email, text, acted_at, seq)
VALUES (:case_no, :revision, :act, :actor, :state, :agency, :agency_email, :text, :acted_at, :seq)

-- name: history
-- A case's steps in their order.
SELECT act, actor, state, agency, agency_email, text, acted_at, seq FROM conduct_history WHERE case_no = :case_no ORDER BY revision

-- name: unclosed
-- Cases without an outcome, the oldest first, a page at a time.
SELECT no, case_id, reference, what, state, revision, reported_at FROM conduct_cases
WHERE state <> 'closed' AND (reported_at > :after_at OR (reported_at = :after_at AND no > :after_no))
ORDER BY reported_at, no LIMIT :most
