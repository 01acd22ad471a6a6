-- name: put
-- R44: one entry a package or product; a later load replaces it.
INSERT INTO drugs (ndc, name, schedule, class, monitoring, for_animals, loaded_at)
VALUES (:ndc, :name, :schedule, :class, :monitoring, :for_animals, :loaded_at)
ON CONFLICT (ndc) DO UPDATE SET name = excluded.name, schedule = excluded.schedule, class = excluded.class,
    monitoring = excluded.monitoring, for_animals = excluded.for_animals, loaded_at = excluded.loaded_at

-- name: among sqlite
-- The entries of these numbers; numbers is a JSON list of texts.
SELECT ndc, name, schedule, class, monitoring, for_animals FROM drugs
WHERE ndc IN (SELECT value FROM json_each(:numbers))

-- name: among postgres
SELECT ndc, name, schedule, class, monitoring, for_animals FROM drugs
WHERE ndc IN (SELECT jsonb_array_elements_text(CAST(:numbers AS jsonb)))

-- name: any
-- One entry, if there is a table at all: without one nothing is asked of a record's drug.
SELECT ndc FROM drugs LIMIT 1

-- name: listed
-- By number, a page at a time; a schedule narrows, '' is all.
SELECT ndc, name, schedule, class, monitoring, for_animals FROM drugs
WHERE ndc > :after AND (:schedule = '' OR schedule = :schedule) ORDER BY ndc LIMIT :most
