-- What a message waits for, as kind of thing and name; those in line for it are handled in the order of their numbers.
ALTER TABLE deferred ADD COLUMN waits_for TEXT;
ALTER TABLE deferred ADD COLUMN in_line BIGINT NOT NULL DEFAULT 0;
CREATE INDEX deferred_waits ON deferred (waits_for, seq) WHERE waits_for IS NOT NULL;

-- Whoever is woken is due at one moment: the first in line is to be found first.
DROP INDEX deferred_due;
CREATE INDEX deferred_due ON deferred (due_at, seq);
