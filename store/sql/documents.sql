-- name: insert
-- A document's reference is kept for ever (R62); 0 rows when the registration has one of this name.
INSERT INTO registration_documents (registration_id, document_id, document, media_type, size_bytes, sha256, location, state,
    received_at, seq)
VALUES (:registration_id, :document_id, :document, :media_type, :size_bytes, :sha256, :location, 'received', :received_at,
    :seq)
ON CONFLICT DO NOTHING

-- name: judge
-- An administrator's judgement; a later one replaces it.
UPDATE registration_documents SET state = :state, judged_at = :judged_at, judged_by = :judged_by, lacks = :lacks
WHERE registration_id = :registration_id AND document_id = :document_id

-- name: latest
-- R4: of each sort of document the one that came last counts.
SELECT document, document_id, state, lacks FROM registration_documents
WHERE registration_id = :registration_id AND no IN (
    SELECT max(no) FROM registration_documents WHERE registration_id = :registration_id GROUP BY document
)
