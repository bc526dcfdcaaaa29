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

-- name: stay
DELETE FROM rostering_change
WHERE run_id = %(run)s AND kind = 'suspend' AND why = 'absent' AND user_id = ANY (%(users)s)

-- name: leave
UPDATE rostering_change SET why = %(state)s
WHERE run_id = %(run)s AND kind = 'suspend' AND why = 'absent' AND user_id = ANY (%(users)s)
