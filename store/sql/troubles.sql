-- name: note
-- A part has failed; a trouble that had ended begins anew.
INSERT INTO troubles (part, error, failures, since_at, last_at) VALUES (:part, :error, 1, :at, :at)
ON CONFLICT (part) DO UPDATE SET error = excluded.error, last_at = excluded.last_at, ended_at = NULL,
    failures = CASE WHEN troubles.ended_at IS NULL THEN troubles.failures + 1 ELSE 1 END,
    since_at = CASE WHEN troubles.ended_at IS NULL THEN troubles.since_at ELSE excluded.since_at END

-- name: failures
SELECT failures FROM troubles WHERE part = :part AND ended_at IS NULL

-- name: finish
UPDATE troubles SET ended_at = :at WHERE part = :part AND ended_at IS NULL

-- name: open
-- Those that have not ended, the oldest first. What fails says so every few minutes: one not heard of is of a machine that is gone.
SELECT part, error, failures, since_at, last_at FROM troubles WHERE ended_at IS NULL AND last_at > :after ORDER BY since_at, part
