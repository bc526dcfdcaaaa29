-- name: absent
-- With every id the source may know them by: roster links, and older ids under which it listed them last
-- (one person can be several records there; whichever is left speaks for them).
SELECT c.user_id, min(c.external_id) AS external_id, array_agg(DISTINCT l.external_id ORDER BY l.external_id) AS ids
FROM rostering_change c
JOIN rostering_run n ON n.id = c.run_id
JOIN integrations_link l ON l.user_id = c.user_id AND l.connection_id = n.connection_id
    AND (l.kind = 'roster' OR l.kind = 'legacy' AND EXISTS (
        SELECT 1 FROM rostering_record r WHERE r.connection_id = l.connection_id AND r.external_id = l.external_id))
WHERE c.run_id = %(run)s AND c.kind = 'suspend' AND c.why = 'absent'
GROUP BY c.user_id
ORDER BY 2

-- name: complete
-- The earlier listings from which somebody could be missing at all, with what the source says they are from.
SELECT n.id, n.applied_at, coalesce(n.receipt ->> 'as_of', '') AS as_of
FROM rostering_run n JOIN rostering_run t ON t.id = %(run)s AND n.connection_id = t.connection_id AND n.id <> t.id
WHERE n.applied_at IS NOT NULL AND NOT n.preview AND n.undoes_id IS NULL AND n.removals = ''

-- name: missed
-- For a source that cannot be asked. Somebody is gone if a listing long before this one missed them,
-- and every complete one since. Reading the same list twice is one listing; and whose record is
-- remembered was named after the last complete listing, though perhaps by one that proves nothing.
WITH absent AS ({absent}), complete AS ({complete}),
first AS (
    SELECT DISTINCT ON (a.user_id) a.user_id, n.applied_at, n.as_of
    FROM absent a
    JOIN complete n ON true
    JOIN rostering_answer w ON w.run_id = n.id AND w.external_id = a.external_id AND w.state = 'missed'
    ORDER BY a.user_id, n.applied_at DESC
)
SELECT a.user_id, CASE
    WHEN f.user_id IS NULL
        OR EXISTS (SELECT 1 FROM rostering_record r
                   WHERE r.connection_id = t.connection_id AND r.external_id = ANY (a.ids))
        OR EXISTS (SELECT 1 FROM complete n
                   WHERE n.applied_at > f.applied_at AND NOT EXISTS (
                       SELECT 1 FROM rostering_answer w WHERE w.run_id = n.id AND w.external_id = a.external_id))
        THEN 'missed'
    WHEN f.applied_at <= t.started_at - %(apart)s
        AND (f.as_of = '' OR f.as_of <> coalesce(t.receipt ->> 'as_of', '')) THEN 'gone'
    ELSE 'unanswered' END AS state
FROM absent a
JOIN rostering_run t ON t.id = %(run)s
LEFT JOIN first f ON f.user_id = a.user_id

-- name: stay
DELETE FROM rostering_change
WHERE run_id = %(run)s AND kind = 'suspend' AND why = 'absent' AND user_id = ANY (%(users)s)

-- name: leave
UPDATE rostering_change SET why = %(state)s
WHERE run_id = %(run)s AND kind = 'suspend' AND why = 'absent' AND user_id = ANY (%(users)s)
