-- name: facts
SELECT count(*) AS rows, count(DISTINCT external_id) FILTER (WHERE external_id <> '') AS ids,
    count(*) FILTER (WHERE external_id = '') AS nameless
FROM {staged}
