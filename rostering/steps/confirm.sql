-- name: absent
-- With every id the source may know them by.
SELECT c.user_id, min(c.external_id) AS external_id, array_agg(DISTINCT l.external_id ORDER BY l.external_id) AS ids
FROM rostering_change c
JOIN rostering_run n ON n.id = c.run_id
JOIN integrations_link l ON l.user_id = c.user_id AND l.connection_id = n.connection_id AND l.kind = 'roster'
WHERE c.run_id = %(run)s AND c.kind = 'suspend' AND c.why = 'absent'
GROUP BY c.user_id
ORDER BY 2

-- name: stay
DELETE FROM rostering_change
WHERE run_id = %(run)s AND kind = 'suspend' AND why = 'absent' AND user_id = ANY (%(users)s)

-- name: leave
UPDATE rostering_change SET why = %(state)s
WHERE run_id = %(run)s AND kind = 'suspend' AND why = 'absent' AND user_id = ANY (%(users)s)
