-- Counted from the rows. Parameters: run.

-- name: kinds
SELECT kind, hold_id IS NOT NULL AS held, count(DISTINCT user_id) AS people
FROM rostering_change WHERE run_id = %(run)s
GROUP BY 1, 2 ORDER BY 1, 2

-- name: created
-- New memberships by school and role. A person with two roles counts in both.
SELECT s.name AS school, r.role, count(*) AS memberships
FROM rostering_change c
CROSS JOIN LATERAL unnest(string_to_array(c.after ->> 'roles', ' ')) AS r(role)
LEFT JOIN accounts_school s ON s.id = c.school_id
WHERE c.run_id = %(run)s AND c.hold_id IS NULL AND c.after ? 'roles' AND NOT c.before ? 'roles'
GROUP BY s.name, r.role ORDER BY s.name NULLS LAST, r.role

-- name: people
-- New people by role, each once whatever the number of their schools.
SELECT r.role, count(DISTINCT c.user_id) AS people,
    count(DISTINCT c.user_id) FILTER (WHERE n.schools > 1) AS in_several
FROM rostering_change c
CROSS JOIN LATERAL unnest(string_to_array(c.after ->> 'roles', ' ')) AS r(role)
JOIN (SELECT user_id, count(*) FILTER (WHERE after ? 'roles' AND NOT before ? 'roles') AS schools
      FROM rostering_change WHERE run_id = %(run)s AND hold_id IS NULL
      GROUP BY user_id HAVING bool_or(kind = 'create')) n ON n.user_id = c.user_id
WHERE c.run_id = %(run)s AND c.hold_id IS NULL
GROUP BY r.role ORDER BY r.role

-- name: roles
-- People by role at some schools, and at the district if `district`, by the connection that brought them.
-- Somebody at two schools counts once. Parameters: connections, schools, district.
SELECT source_id AS connection,
    count(*) FILTER (WHERE student) AS student, count(*) FILTER (WHERE teacher) AS teacher,
    count(*) FILTER (WHERE admin) AS admin, count(*) FILTER (WHERE district_admin) AS district_admin,
    count(*) FILTER (WHERE teacher AND (admin OR district_admin)) AS several
FROM (SELECT source_id, user_id,
          bool_or('student' = ANY (roles)) AS student, bool_or('teacher' = ANY (roles)) AS teacher,
          bool_or('admin' = ANY (roles)) AS admin, bool_or('district_admin' = ANY (roles)) AS district_admin
      FROM accounts_membership
      WHERE source_id = ANY (%(connections)s) AND status = 'active'
          AND (school_id = ANY (%(schools)s) OR school_id IS NULL AND %(district)s)
      GROUP BY source_id, user_id) AS people
GROUP BY source_id

-- name: roles_by_school
-- The same for each school by itself. Parameters: connections, schools.
SELECT source_id AS connection, school_id AS school,
    count(*) FILTER (WHERE 'student' = ANY (roles)) AS student,
    count(*) FILTER (WHERE 'teacher' = ANY (roles)) AS teacher,
    count(*) FILTER (WHERE 'admin' = ANY (roles)) AS admin
FROM accounts_membership
WHERE source_id = ANY (%(connections)s) AND status = 'active' AND school_id = ANY (%(schools)s)
GROUP BY source_id, school_id
