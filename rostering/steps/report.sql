-- Parameters: run, connection, district.

-- name: standing
-- What confirm and guard found: people who stayed though the listing did not name them, and held changes.
SELECT a.external_id, NULL::bigint AS school_id, l.user_id,
    CASE a.state WHEN 'in_scope' THEN 'E-STILL-THERE' ELSE 'E-NOT-CONFIRMED' END AS code
FROM rostering_answer a
LEFT JOIN integrations_link l ON l.connection_id = %(connection)s AND l.external_id = a.external_id
WHERE a.run_id = %(run)s AND a.state IN ('in_scope', 'unanswered', 'missed')
UNION ALL
SELECT DISTINCT c.external_id, c.school_id, c.user_id, 'E-HELD'
FROM rostering_change c JOIN rostering_hold h ON h.id = c.hold_id
WHERE c.run_id = %(run)s AND h.state = 'open'

-- name: open_standing
INSERT INTO rostering_issue (district_id, connection_id, school_id, user_id, external_id, code, severity, detail,
    opened_by_id, opened_at)
SELECT %(district)s, %(connection)s, s.school_id, s.user_id, s.external_id, s.code, 'warning', '{}', %(run)s, now()
FROM ({standing}) s
LEFT JOIN rostering_issue o ON o.connection_id = %(connection)s AND o.opened_at IS NOT NULL AND o.closed_at IS NULL
    AND o.external_id = s.external_id AND o.code = s.code AND coalesce(o.school_id, 0) = coalesce(s.school_id, 0)
WHERE o.id IS NULL

-- name: close_standing
UPDATE rostering_issue o SET closed_by_id = %(run)s, closed_at = now()
WHERE o.connection_id = %(connection)s AND o.opened_at IS NOT NULL AND o.closed_at IS NULL
  AND o.code IN ('E-HELD', 'E-STILL-THERE', 'E-NOT-CONFIRMED')
  AND NOT EXISTS (SELECT 1 FROM ({standing}) s WHERE s.external_id = o.external_id AND s.code = o.code
                  AND coalesce(s.school_id, 0) = coalesce(o.school_id, 0))

-- name: open_found
UPDATE rostering_issue SET opened_at = now() WHERE opened_by_id = %(run)s AND opened_at IS NULL

-- name: close_vanished
UPDATE rostering_issue SET closed_at = now() WHERE closed_by_id = %(run)s AND closed_at IS NULL

-- name: count_standing
SELECT code, count(*) AS people FROM ({standing}) s GROUP BY code
