-- A resident prescribes under the institution's DEA number and a suffix: the number by which records know that prescriber.
ALTER TABLE reviews ADD COLUMN prescriber_suffixed TEXT NOT NULL DEFAULT '';

-- Due dates are counted otherwise (R55: the review before the first prescription is the last one): every patient once more.
UPDATE projections SET numbers = '' WHERE name = 'treatments';
