-- Who prescribes under an institution's DEA number is known by it and the suffix, AB1234563-012, in the records' prescriber_dea
-- too. prescriber_others: that number, and a DEA number that came later than the form (R21), separated by blanks.
ALTER TABLE reviews ADD COLUMN prescriber_others TEXT NOT NULL DEFAULT '';

-- A course's last review is counted from the window before its first prescription (R55): every patient is counted again.
UPDATE projections SET numbers = '' WHERE name = 'treatments';
