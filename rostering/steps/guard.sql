-- Parameters: run, connection, school, role, word, anywhere, days, roles (source word -> our roles).
-- A plan's rows are counted as people.

-- name: shape
-- What there is to weigh at all.
SELECT count(*) FILTER (WHERE kind = 'suspend') AS leaving,
    count(*) FILTER (WHERE kind = 'suspend' AND why = 'absent') AS absent,
    count(*) FILTER (WHERE kind = 'create') AS created, count(*) FILTER (WHERE kind = 'relink') AS relinked,
    count(*) FILTER (WHERE kind = 'suspend' OR before ? 'roles') AS losing,
    count(*) FILTER (WHERE before <> '{}') AS changed
FROM rostering_change WHERE run_id = %(run)s

-- name: ours
-- Active memberships this connection owns.
SELECT * FROM accounts_membership WHERE source_id = %(connection)s AND status = 'active'

-- name: leaving
SELECT c.id, c.user_id, c.school_id, m.roles, m.id AS membership_id
FROM rostering_change c
JOIN accounts_membership m ON m.user_id = c.user_id AND coalesce(m.school_id, 0) = coalesce(c.school_id, 0)
WHERE c.run_id = %(run)s AND c.kind = 'suspend'

-- name: people_of_connection
SELECT count(DISTINCT user_id) FROM ({ours}) o

-- name: lookalikes
-- Newcomers who carry the name of somebody who is missing from the same school.
SELECT n.user_id AS created, g.user_id AS missing
FROM rostering_change n
JOIN rostering_change g ON g.run_id = %(run)s AND g.kind = 'suspend' AND g.why IN ('absent', 'gone')
    AND g.school_id = n.school_id
JOIN accounts_user u ON u.id = g.user_id
    AND u.first_name = n.after ->> 'first_name' AND u.last_name = n.after ->> 'last_name'
WHERE n.run_id = %(run)s AND n.kind = 'create'

-- name: new_ids
SELECT (SELECT count(DISTINCT created) FROM ({lookalikes}) l)
    + (SELECT count(DISTINCT user_id) FROM rostering_change WHERE run_id = %(run)s AND kind = 'relink') AS part,
    ({people_of_connection}) AS whole

-- name: empty_places
SELECT o.school_id, count(DISTINCT o.user_id) AS people
FROM ({ours}) o
JOIN integrations_schoollink k ON k.school_id = o.school_id AND k.connection_id = %(connection)s AND k.active
LEFT JOIN ({leaving}) l ON l.membership_id = o.id
GROUP BY o.school_id
HAVING count(l.id) > 0
   AND NOT bool_or(l.id IS NULL AND NOT EXISTS (
        SELECT 1 FROM accounts_pin p WHERE p.user_id = o.user_id AND p.field IN ('status', '*')
          AND (p.school_id IS NULL OR p.school_id = o.school_id) AND (p.until IS NULL OR p.until > now())))
   AND NOT EXISTS (SELECT 1 FROM rostering_change c WHERE c.run_id = %(run)s AND c.school_id = o.school_id
                   AND c.after ->> 'status' = 'active')

-- name: empty_roles
-- Roles that people had through this connection and that nobody keeps or gets tonight.
SELECT r.role, count(DISTINCT o.user_id) AS people
FROM ({ours}) o CROSS JOIN LATERAL unnest(o.roles) AS r(role)
LEFT JOIN ({losing}) l ON l.membership_id = o.id AND l.role = r.role
GROUP BY r.role
HAVING bool_and(l.id IS NOT NULL)
   AND NOT EXISTS (SELECT 1 FROM rostering_change c WHERE c.run_id = %(run)s
                   AND r.role = ANY (string_to_array(c.after ->> 'roles', ' ')))

-- name: losing
-- Every role that a row takes from somebody.
SELECT c.id, c.user_id, c.school_id, m.id AS membership_id, r.role
FROM rostering_change c
JOIN accounts_membership m ON m.user_id = c.user_id AND coalesce(m.school_id, 0) = coalesce(c.school_id, 0)
CROSS JOIN LATERAL unnest(m.roles) AS r(role)
WHERE c.run_id = %(run)s AND m.status = 'active'
  AND (c.kind = 'suspend' OR (c.before ? 'roles' AND NOT r.role = ANY (string_to_array(c.after ->> 'roles', ' '))))

-- name: places
SELECT k.external_id FROM integrations_schoollink k JOIN accounts_school s ON s.id = k.school_id
WHERE k.connection_id = %(connection)s AND k.active AND s.purchased

-- name: said
-- Each word that the last listing said of a user, and where: records not yet replaced by tonight's.
SELECT l.user_id, e.item ->> 1 AS word, e.item ->> 0 AS place
FROM rostering_record r
JOIN integrations_link l ON l.connection_id = r.connection_id AND l.external_id = r.external_id AND l.kind = 'roster'
CROSS JOIN LATERAL jsonb_array_elements(r.roles) AS e(item)
WHERE r.connection_id = %(connection)s AND r.active AND r.problem = ''

-- name: empty_words
-- Words that people who lose something were last sent with, and that nobody is sent with tonight.
-- LIMIT keeps the search for a word from becoming a join: it ends at the first record that has it.
WITH place AS MATERIALIZED ({places}),
vocabulary AS MATERIALIZED (
    -- Words that mean a role; a District admin is one whatever the place.
    SELECT m.word, m.list ? 'district_admin' AS anywhere
    FROM jsonb_each(%(roles)s::jsonb) AS m(word, list) WHERE m.list <> '[]'
),
endangered AS MATERIALIZED (
    SELECT DISTINCT v.word, v.anywhere FROM ({said}) s JOIN vocabulary v ON v.word = s.word
    WHERE s.user_id IN (SELECT user_id FROM ({losing}) l)
      AND (v.anywhere OR s.place IN (SELECT external_id FROM place))
),
empty AS MATERIALIZED (
    SELECT word, anywhere FROM endangered d
    WHERE (SELECT true FROM {staged} t CROSS JOIN LATERAL jsonb_array_elements(t.roles) AS e(item)
           WHERE t.active AND t.problem = '' AND e.item ->> 1 = d.word
             AND (d.anywhere OR e.item ->> 0 IN (SELECT external_id FROM place)) LIMIT 1) IS NULL
)
SELECT d.word, d.anywhere, count(DISTINCT s.user_id) AS people
FROM empty d JOIN ({said}) s ON s.word = d.word AND (d.anywhere OR s.place IN (SELECT external_id FROM place))
GROUP BY d.word, d.anywhere
ORDER BY d.word COLLATE "C"

-- name: last_admins
SELECT l.school_id FROM ({losing}) l
WHERE l.role = 'admin'
GROUP BY l.school_id
HAVING NOT EXISTS (
    SELECT 1 FROM accounts_membership m WHERE m.school_id = l.school_id AND m.status = 'active' AND 'admin' = ANY (m.roles)
      AND NOT EXISTS (SELECT 1 FROM ({losing}) x WHERE x.membership_id = m.id AND x.role = 'admin'))
  AND NOT EXISTS (
    SELECT 1 FROM rostering_change c WHERE c.run_id = %(run)s AND c.school_id = l.school_id
      AND 'admin' = ANY (string_to_array(c.after ->> 'roles', ' ')))

-- name: gaining
SELECT c.id, c.user_id, c.school_id FROM rostering_change c
WHERE c.run_id = %(run)s
  AND string_to_array(c.after ->> 'roles', ' ') && ARRAY['admin', 'district_admin']
  AND NOT coalesce(string_to_array(c.before ->> 'roles', ' ') && ARRAY['admin', 'district_admin'], false)

-- name: admin_gain
SELECT count(DISTINCT user_id) AS people FROM ({gaining}) g

-- name: suspensions_by_role
SELECT m.school_id, r.role, count(l.id) AS part, count(*) AS whole
FROM accounts_membership m
CROSS JOIN LATERAL unnest(m.roles) AS r(role)
LEFT JOIN ({leaving}) l ON l.membership_id = m.id
WHERE m.status = 'active' AND m.school_id IN (SELECT school_id FROM ({leaving}) x)
GROUP BY m.school_id, r.role
HAVING count(l.id) > 0

-- name: suspensions_in_district
SELECT (SELECT count(DISTINCT user_id) FROM ({leaving}) l) AS part, ({people_of_connection}) AS whole

-- name: bled
-- What syncs suspended in the window without anybody's yes.
SELECT c.user_id, c.school_id
FROM rostering_change c JOIN rostering_run n ON n.id = c.run_id
WHERE n.connection_id = %(connection)s AND n.trigger <> 'undo' AND c.kind = 'suspend' AND c.hold_id IS NULL
  AND n.applied_at > now() - make_interval(days => %(days)s)

-- name: bleeding_by_role
SELECT school_id, role, count(*) FILTER (WHERE tonight) AS tonight,
    count(*) FILTER (WHERE tonight OR before) AS part, count(*) AS whole
FROM (
    SELECT m.school_id, r.role, l.id IS NOT NULL AS tonight, b.user_id IS NOT NULL AS before
    FROM accounts_membership m
    CROSS JOIN LATERAL unnest(m.roles) AS r(role)
    LEFT JOIN ({leaving}) l ON l.membership_id = m.id
    LEFT JOIN (SELECT DISTINCT user_id, school_id FROM ({bled}) x) b
      ON b.user_id = m.user_id AND b.school_id = m.school_id
    WHERE m.school_id IN (SELECT school_id FROM ({leaving}) y)
      AND (m.status = 'active' OR (b.user_id IS NOT NULL AND m.status = 'suspended'))
) counted
GROUP BY school_id, role

-- name: bleeding_in_district
SELECT count(*) FILTER (WHERE tonight) AS tonight, count(*) FILTER (WHERE tonight OR before) AS part, count(*) AS whole
FROM (
    SELECT m.user_id, bool_or(l.id IS NOT NULL) AS tonight, bool_or(b.user_id IS NOT NULL) AS before
    FROM accounts_membership m
    LEFT JOIN ({leaving}) l ON l.membership_id = m.id
    LEFT JOIN (SELECT DISTINCT user_id, school_id FROM ({bled}) x) b
      ON b.user_id = m.user_id AND coalesce(b.school_id, 0) = coalesce(m.school_id, 0)
    WHERE m.source_id = %(connection)s
      AND (m.status = 'active' OR (b.user_id IS NOT NULL AND m.status = 'suspended'))
    GROUP BY m.user_id
) people

-- name: moved
SELECT user_id FROM rostering_change WHERE run_id = %(run)s
GROUP BY user_id
HAVING bool_or(kind = 'suspend' AND why = 'left_school') AND bool_or(after ->> 'status' = 'active')

-- name: changed
SELECT
    (SELECT count(DISTINCT user_id) FROM ({identities}) i) AS identity,
    (SELECT count(DISTINCT user_id) FROM ({role_changes}) r) AS roles,
    ({people_of_connection}) AS whole

-- The selections below name the rows of a risk; rows that wait already are left out.

-- name: suspensions
SELECT l.id, l.user_id, l.school_id FROM ({leaving}) l JOIN rostering_change c ON c.id = l.id
WHERE c.hold_id IS NULL AND (%(school)s::bigint IS NULL OR l.school_id = %(school)s)
  AND (%(role)s = '' OR %(role)s = ANY (l.roles))

-- name: losses
SELECT l.id, l.user_id, l.school_id FROM ({losing}) l JOIN rostering_change c ON c.id = l.id
WHERE c.hold_id IS NULL AND l.role = %(role)s AND (%(school)s::bigint IS NULL OR l.school_id = %(school)s)

-- name: word_losses
SELECT DISTINCT l.id, l.user_id, l.school_id FROM ({losing}) l JOIN rostering_change c ON c.id = l.id
WHERE c.hold_id IS NULL AND l.user_id IN (
    SELECT s.user_id FROM ({said}) s
    WHERE s.word = %(word)s AND (%(anywhere)s OR s.place IN (SELECT external_id FROM ({places}) p)))

-- name: connection_admin
SELECT l.id, l.user_id, l.school_id
FROM ({losing}) l
JOIN rostering_change c ON c.id = l.id
JOIN integrations_connection k ON k.id = %(connection)s AND k.created_by_id = l.user_id
WHERE c.hold_id IS NULL AND l.role IN ('admin', 'district_admin')

-- name: admin_gains
SELECT g.id, g.user_id, g.school_id FROM ({gaining}) g JOIN rostering_change c ON c.id = g.id WHERE c.hold_id IS NULL

-- name: new_id_rows
SELECT c.id, c.user_id, c.school_id FROM rostering_change c
WHERE c.run_id = %(run)s AND c.hold_id IS NULL
  AND (c.kind = 'relink' OR c.user_id IN (SELECT created FROM ({lookalikes}) l UNION SELECT missing FROM ({lookalikes}) l))

-- name: identities
SELECT id, user_id, school_id FROM rostering_change
WHERE run_id = %(run)s AND hold_id IS NULL AND kind <> 'create' AND before ?| ARRAY['first_name', 'last_name', 'email']

-- name: role_changes
SELECT id, user_id, school_id FROM rostering_change
WHERE run_id = %(run)s AND hold_id IS NULL
  AND ((after ? 'roles' AND before ? 'roles') OR user_id IN (SELECT user_id FROM ({moved}) m))

-- name: standing
-- Rows of open holds, as the last run before this one planned them: an earlier attempt of this
-- run may have moved a hold here and left no rows of it. A listing that was not complete says
-- nothing of those who were to leave.
SELECT o.hold_id, o.external_id, o.school_id, o.kind
FROM (
    SELECT x.hold_id, max(x.run_id) AS run_id, max(x.run_id) FILTER (WHERE n.removals = '') AS complete_id
    FROM rostering_change x JOIN rostering_run n ON n.id = x.run_id
    WHERE x.hold_id = ANY ({open_holds}) AND n.id <> %(run)s
    GROUP BY x.hold_id
) stood
JOIN rostering_change o ON o.hold_id = stood.hold_id
    AND o.run_id = CASE o.kind WHEN 'suspend' THEN stood.complete_id ELSE stood.run_id END
WHERE o.hold_id = ANY ({open_holds})

-- name: open_holds
-- An array, so that their rows are found by the index.
ARRAY(SELECT h.id FROM rostering_hold h WHERE h.connection_id = %(connection)s AND h.state = 'open')

-- name: waiting
-- Rows that stood in a hold nobody has decided.
SELECT c.id, c.user_id, c.school_id, o.hold_id
FROM ({standing}) o
JOIN rostering_change c ON c.external_id = o.external_id AND c.kind = o.kind
    AND coalesce(c.school_id, 0) = coalesce(o.school_id, 0)
WHERE c.run_id = %(run)s AND c.hold_id IS NULL

-- name: leavers_waiting
SELECT DISTINCT hold_id FROM ({standing}) o WHERE kind = 'suspend'

-- name: keep
UPDATE rostering_change SET hold_id = %(hold)s
WHERE id IN (SELECT id FROM ({chosen}) r WHERE r.school_id IS NOT DISTINCT FROM %(at)s::bigint)

-- name: keep_waiting
UPDATE rostering_change SET hold_id = %(hold)s
WHERE id IN (SELECT id FROM ({waiting}) r WHERE r.hold_id = %(old)s)

-- name: together
-- A newcomer's rows wait in one hold, because none can be applied without the others.
UPDATE rostering_change c SET hold_id = t.hold_id
FROM (
    SELECT user_id, coalesce(min(hold_id) FILTER (WHERE kind = 'create'), min(hold_id)) AS hold_id
    FROM rostering_change WHERE run_id = %(run)s
    GROUP BY user_id HAVING bool_or(kind = 'create') AND bool_or(hold_id IS NOT NULL)
) t
WHERE c.run_id = %(run)s AND c.user_id = t.user_id AND c.hold_id IS DISTINCT FROM t.hold_id

-- name: weigh
-- Of each hold of this run: how many people, and the largest share of a role that would be suspended.
WITH shares AS MATERIALIZED (
    SELECT school_id, max(part::float / whole) AS share FROM ({suspensions_by_role}) x GROUP BY school_id
)
SELECT h.id, count(DISTINCT c.user_id) AS people, coalesce(max(s.share), 0) AS share
FROM rostering_hold h
LEFT JOIN rostering_change c ON c.hold_id = h.id AND c.run_id = %(run)s
LEFT JOIN shares s ON s.school_id = h.school_id
WHERE h.run_id = %(run)s
GROUP BY h.id
