-- Of a compound its ingredients' NDCs, in their order and separated by blanks, - for one that has none; '' for what is no compound.
ALTER TABLE dispensations ADD COLUMN ingredients TEXT NOT NULL DEFAULT '';
ALTER TABLE dispensation_versions ADD COLUMN ingredients TEXT NOT NULL DEFAULT '';
