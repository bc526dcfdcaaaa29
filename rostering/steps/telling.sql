-- What notices count. Parameters: connection, run.

-- name: standing
-- People with an active role at each linked school, by role; who has two roles counts in both.
SELECT m.school_id, r.role, count(DISTINCT m.user_id) AS people
FROM accounts_membership m CROSS JOIN LATERAL unnest(m.roles) AS r(role)
WHERE m.status = 'active' AND m.school_id IN (SELECT k.school_id FROM integrations_schoollink k
                                              WHERE k.connection_id = %(connection)s AND k.active)
GROUP BY m.school_id, r.role ORDER BY m.school_id, r.role

-- name: attention
-- People of each linked school about whom something needs an eye: at the school itself, or wherever they are.
SELECT k.school_id, count(DISTINCT i.external_id) AS people
FROM integrations_schoollink k
JOIN rostering_issue i ON i.connection_id = k.connection_id AND i.opened_at IS NOT NULL AND i.closed_at IS NULL
WHERE k.connection_id = %(connection)s AND k.active
  AND (i.school_id = k.school_id OR i.school_id IS NULL AND EXISTS (
        SELECT 1 FROM accounts_membership m
        WHERE m.user_id = i.user_id AND m.school_id = k.school_id AND m.status <> 'deleted'))
GROUP BY k.school_id

-- name: turned_back
-- What an undo did: people of each school, and at the district (null); the sum of the schools has its own row.
SELECT c.school_id, grouping(c.school_id) = 1 AS everywhere, count(DISTINCT c.user_id) AS people
FROM rostering_change c WHERE c.run_id = %(run)s AND c.hold_id IS NULL
GROUP BY GROUPING SETS ((c.school_id), ())
