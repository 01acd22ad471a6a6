-- What a submission says, however and whenever it was written: a digest of its content; '' of those that came before (F11, R48).
ALTER TABLE submissions ADD COLUMN content_digest TEXT NOT NULL DEFAULT '';
