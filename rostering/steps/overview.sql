-- What the schools of a district come to, school by school. Parameter: schools (their ids).

-- name: people
-- Who is active at each school, by role. Somebody with two roles counts in both.
SELECT m.school_id, r.role, count(*) AS people
FROM accounts_membership m CROSS JOIN LATERAL unnest(m.roles) AS r(role)
WHERE m.school_id = ANY (%(schools)s) AND m.status = 'active'
GROUP BY m.school_id, r.role

-- name: attention
-- How many people of each school need an eye. What belongs to a person and not to one
-- school counts at every school they are at.
SELECT school_id, count(DISTINCT person) AS people FROM (
    SELECT i.school_id, i.external_id AS person FROM rostering_issue i
    WHERE i.closed_at IS NULL AND i.opened_at IS NOT NULL AND i.school_id = ANY (%(schools)s)
    UNION ALL
    SELECT m.school_id, i.external_id FROM rostering_issue i
    JOIN accounts_membership m ON m.user_id = i.user_id AND m.status <> 'deleted'
    WHERE i.closed_at IS NULL AND i.opened_at IS NOT NULL AND i.school_id IS NULL AND m.school_id = ANY (%(schools)s)
) found
GROUP BY school_id
