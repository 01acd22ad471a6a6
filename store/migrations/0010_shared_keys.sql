-- Keys that two persons share: told apart, each is known by the key and a ZIP code; is_apart 0: they were joined again.
CREATE TABLE patients_told_apart (
    patient_key TEXT PRIMARY KEY,
    is_apart BIGINT NOT NULL
);

-- Which of them was meant, where whoever spoke named a ZIP code or one of the two; '' where the key alone was named.
ALTER TABLE reviews ADD COLUMN part TEXT NOT NULL DEFAULT '';
ALTER TABLE patient_queries ADD COLUMN part TEXT NOT NULL DEFAULT '';
ALTER TABLE patient_alerts ADD COLUMN part TEXT NOT NULL DEFAULT '';
