-- What a submission says, however and whenever it was written: a digest of its content; '' of those that came before (F11, R48).
ALTER TABLE submissions ADD COLUMN content_digest TEXT NOT NULL DEFAULT '';

-- A correction is of the same fill and partial fill, too; '' where that was itself at fault, or not kept yet (R47).
ALTER TABLE open_errors ADD COLUMN fill_number TEXT NOT NULL DEFAULT '';
ALTER TABLE open_errors ADD COLUMN partial_fill TEXT NOT NULL DEFAULT '';
