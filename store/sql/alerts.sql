-- name: post
-- R28: an alert with its author; the same alert of the portal is posted once.
INSERT INTO patient_alerts (alert_id, patient_key, part, author_id, concern, text, state, posted_at, seq)
VALUES (:alert_id, :patient_key, :part, :author_id, :concern, :text, 'posted', :posted_at, :seq)
ON CONFLICT (alert_id) DO NOTHING

-- name: one
SELECT alert_id, author_id, concern, state FROM patient_alerts WHERE alert_id = :alert_id

-- name: listed
-- R28: alerts of a state, the newest first: who posted what concern, neither patient nor text.
SELECT no, alert_id, author_id, concern, state, posted_at, withdrawn_at, withdrawn_by FROM patient_alerts
WHERE no < :before AND (:state = '' OR state = :state) ORDER BY no DESC LIMIT :most

-- name: whole
SELECT no, alert_id, patient_key, part, author_id, concern, text, state, posted_at, withdrawn_at, withdrawn_by
FROM patient_alerts WHERE alert_id = :alert_id

-- name: withdraw
-- R28: withdrawn, and kept.
UPDATE patient_alerts SET state = 'withdrawn', withdrawn_at = :withdrawn_at, withdrawn_by = :withdrawn_by
WHERE alert_id = :alert_id AND state = 'posted'

-- name: posted
-- R28: the alerts posted between two moments that stand, for administrators: who posted what concern, neither patient nor text.
SELECT no, alert_id, author_id, concern, state FROM patient_alerts
WHERE state = 'posted' AND posted_at >= :from_at AND posted_at < :to_at AND no > :after ORDER BY no LIMIT :most

-- name: clinical_of sqlite
-- The crossings known of these patients.
SELECT patient_id, rule, raised_on, prescriber FROM clinical_alerts
WHERE patient_id IN (SELECT value FROM json_each(:patients))

-- name: clinical_of postgres
SELECT patient_id, rule, raised_on, prescriber FROM clinical_alerts
WHERE patient_id = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST(:patients AS jsonb))))

-- name: raise_clinical
INSERT INTO clinical_alerts (patient_id, rule, raised_on, prescriber, noticed_on)
VALUES (:patient_id, :rule, :raised_on, :prescriber, :noticed_on)

-- name: drop_clinical
-- The records no longer say so: one was voided, revised, or came late.
DELETE FROM clinical_alerts
WHERE patient_id = :patient_id AND rule = :rule AND raised_on = :raised_on AND prescriber = :prescriber

-- name: noticed
-- R29: how many crossings were noticed for each prescriber on each of some days, a page at a time.
SELECT prescriber, noticed_on, count(*) AS alerts FROM clinical_alerts
WHERE noticed_on >= :from_on AND noticed_on < :today AND raised_on >= :raised_from
    AND (prescriber > :after_prescriber OR (prescriber = :after_prescriber AND noticed_on > :after_on))
GROUP BY prescriber, noticed_on ORDER BY prescriber, noticed_on LIMIT :most
