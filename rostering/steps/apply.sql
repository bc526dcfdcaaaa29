-- The rows of a set: tonight's unheld ones (hold is null), or those of one hold.
-- Parameters: district, connection, run, hold, origin, label.

-- name: chosen
SELECT * FROM rostering_change WHERE run_id = %(run)s AND hold_id IS NOT DISTINCT FROM %(hold)s::bigint

-- name: size
SELECT count(*) AS rows, count(DISTINCT user_id) AS people, bool_or(kind = 'create') AS creates,
    bool_or(kind <> 'create' AND after ?| ARRAY['first_name', 'last_name', 'email', 'login_email', 'profile_source'])
        AS changes,
    bool_or(before ? 'links') AS unlinks, bool_or(after ? 'links') AS links, bool_or(after ? 'legacy') AS legacies,
    bool_or(after ? 'roles' AND NOT before ? 'roles') AS joins,
    bool_or((before ? 'roles' OR NOT after ? 'roles')
            AND after ?| ARRAY['roles', 'status', 'grade', 'number', 'source']) AS memberships,
    bool_or(before ->> 'login_email' <> '') AS former_emails
FROM ({chosen}) c

-- name: lock
SELECT u.id FROM accounts_user u
WHERE u.id IN (SELECT user_id FROM ({chosen}) c WHERE kind <> 'create')
ORDER BY u.id FOR NO KEY UPDATE

-- name: stale
SELECT count(*) AS rows
FROM ({chosen}) c
LEFT JOIN accounts_user u ON u.id = c.user_id
LEFT JOIN accounts_membership m ON m.user_id = c.user_id AND coalesce(m.school_id, 0) = coalesce(c.school_id, 0)
WHERE CASE WHEN c.kind = 'create' THEN u.id IS NOT NULL
    ELSE (u.id IS NULL AND NOT EXISTS (SELECT 1 FROM ({chosen}) n WHERE n.user_id = c.user_id AND n.kind = 'create'))
      OR u.deleted_at IS NOT NULL END
  OR (c.after ? 'roles' AND NOT c.before ? 'roles') <> (c.after ?| ARRAY['roles', 'status', 'grade', 'number', 'source'] AND m.id IS NULL)
  OR c.before ->> 'first_name' <> u.first_name
  OR c.before ->> 'last_name' <> u.last_name
  OR c.before ->> 'email' <> u.email
  OR c.before ->> 'login_email' <> coalesce(u.login_email, '')
  OR c.before ->> 'profile_source' <> coalesce(u.profile_source::text, '')
  OR c.before ->> 'roles' <> smartpass_roles(m.roles)
  OR c.before ->> 'status' <> m.status
  OR (c.after ->> 'status' = 'active' AND c.before ? 'status' AND m.suspended_by <> 'sync')
  OR c.before ->> 'grade' <> m.grade
  OR c.before ->> 'number' <> m.number
  OR c.before ->> 'source' <> coalesce(m.source_id::text, '')
  OR c.before ? 'links' AND EXISTS (SELECT 1 FROM jsonb_array_elements_text(c.before -> 'links') x(id)
             WHERE NOT EXISTS (SELECT 1 FROM integrations_link l WHERE l.connection_id = %(connection)s
                               AND l.external_id = x.id AND l.user_id = c.user_id))
  OR c.user_id IN (SELECT user_id FROM accounts_pin) AND EXISTS (SELECT 1 FROM accounts_pin p
      WHERE p.user_id = c.user_id AND (p.until IS NULL OR p.until > now()) AND (
        -- A pin of the person keeps what belongs to the person, and "*" keeps them out of further schools.
        p.school_id IS NULL AND c.after ?| CASE p.field
            WHEN '*' THEN ARRAY['first_name', 'last_name', 'email', 'login_email']
            WHEN 'email' THEN ARRAY['email', 'login_email']
            WHEN 'first_name' THEN ARRAY['first_name'] WHEN 'last_name' THEN ARRAY['last_name'] ELSE '{}' END
        OR p.school_id IS NULL AND p.field = '*' AND c.after ? 'roles' AND NOT c.before ? 'roles'
        -- Either kind keeps a membership that is there.
        OR (p.school_id IS NULL OR p.school_id = c.school_id) AND (c.before ? 'roles' OR NOT c.after ? 'roles')
           AND c.after ?| CASE p.field WHEN '*' THEN ARRAY['roles', 'status', 'grade', 'number'] ELSE ARRAY[p.field] END
           AND p.field IN ('roles', 'status', 'grade', 'number', '*')))

-- name: create_people
INSERT INTO accounts_user (id, district_id, password, email, login_email, first_name, last_name, search, profile_source,
    must_change_password, is_staff, staff_role, created_at, updated_at)
SELECT user_id, %(district)s, '!', email, nullif(after ->> 'login_email', ''), first_name, last_name,
    smartpass_fold(concat_ws(' ', last_name, first_name, email)),
    (after ->> 'profile_source')::bigint, false, false, '', now(), now()
FROM (SELECT user_id, after, coalesce(after ->> 'email', '') AS email, coalesce(after ->> 'first_name', '') AS first_name,
          coalesce(after ->> 'last_name', '') AS last_name
      FROM ({chosen}) c WHERE kind = 'create') n

-- name: change_people
UPDATE accounts_user u SET
    first_name = n.first_name, last_name = n.last_name, email = n.email,
    login_email = CASE WHEN n.after ? 'login_email' THEN nullif(n.after ->> 'login_email', '') ELSE u.login_email END,
    profile_source = CASE WHEN n.after ? 'profile_source' THEN nullif(n.after ->> 'profile_source', '')::bigint
        ELSE u.profile_source END,
    search = smartpass_fold(concat_ws(' ', n.last_name, n.first_name, n.email, u.username)),
    updated_at = now()
FROM (SELECT x.id, c.after, coalesce(c.after ->> 'first_name', x.first_name) AS first_name,
          coalesce(c.after ->> 'last_name', x.last_name) AS last_name, coalesce(c.after ->> 'email', x.email) AS email
      FROM ({chosen}) c JOIN accounts_user x ON x.id = c.user_id
      WHERE c.kind <> 'create'
        AND c.after ?| ARRAY['first_name', 'last_name', 'email', 'login_email', 'profile_source']) n
WHERE u.id = n.id

-- name: unlink
DELETE FROM integrations_link l USING (
    SELECT c.user_id, x.id FROM ({chosen}) c CROSS JOIN LATERAL jsonb_array_elements_text(c.before -> 'links') AS x(id)
    WHERE c.before ? 'links'
) n
WHERE l.connection_id = %(connection)s AND l.external_id = n.id AND l.user_id = n.user_id

-- name: link
INSERT INTO integrations_link (district_id, connection_id, user_id, external_id, kind, created_at)
SELECT %(district)s, %(connection)s, c.user_id, x.id, 'roster', now()
FROM ({chosen}) c CROSS JOIN LATERAL jsonb_array_elements_text(c.after -> 'links') AS x(id)
WHERE c.after ? 'links'

-- name: legacy
INSERT INTO integrations_link (district_id, connection_id, user_id, external_id, kind, created_at)
SELECT %(district)s, %(connection)s, c.user_id, x.id, 'legacy', now()
FROM ({chosen}) c CROSS JOIN LATERAL jsonb_array_elements_text(c.after -> 'legacy') AS x(id)
WHERE c.after ? 'legacy'

-- name: join
INSERT INTO accounts_membership (district_id, user_id, school_id, roles, status, suspended_by, grade, number,
    origin, origin_label, source_id, created_at, updated_at)
SELECT %(district)s, user_id, school_id, string_to_array(after ->> 'roles', ' '), after ->> 'status', '',
    coalesce(after ->> 'grade', ''), coalesce(after ->> 'number', ''), %(origin)s, %(label)s, %(connection)s, now(), now()
FROM ({chosen}) c
WHERE after ? 'roles' AND NOT before ? 'roles'

-- name: change_memberships
UPDATE accounts_membership m SET
    roles = CASE WHEN c.after ? 'roles' THEN string_to_array(c.after ->> 'roles', ' ') ELSE m.roles END,
    status = coalesce(c.after ->> 'status', m.status),
    suspended_by = CASE c.after ->> 'status' WHEN 'suspended' THEN 'sync' WHEN 'active' THEN '' ELSE m.suspended_by END,
    grade = coalesce(c.after ->> 'grade', m.grade),
    number = coalesce(c.after ->> 'number', m.number),
    source_id = CASE WHEN c.after ? 'source' THEN nullif(c.after ->> 'source', '')::bigint ELSE m.source_id END,
    origin = CASE WHEN c.after ? 'source' THEN CASE c.after ->> 'source' WHEN '' THEN 'hand' ELSE %(origin)s END
        ELSE m.origin END,
    origin_label = CASE WHEN c.after ? 'source' THEN CASE c.after ->> 'source' WHEN '' THEN 'By hand' ELSE %(label)s END
        ELSE m.origin_label END,
    updated_at = now()
FROM ({chosen}) c
WHERE m.user_id = c.user_id AND coalesce(m.school_id, 0) = coalesce(c.school_id, 0)
  AND (c.before ? 'roles' OR NOT c.after ? 'roles')
  AND c.after ?| ARRAY['roles', 'status', 'grade', 'number', 'source']

-- name: former_emails
INSERT INTO accounts_emailalias (district_id, user_id, login_email, until)
SELECT %(district)s, c.user_id, c.before ->> 'login_email', now() + interval '30 days'
FROM ({chosen}) c WHERE c.before ->> 'login_email' <> ''
ON CONFLICT (district_id, login_email) DO UPDATE SET user_id = excluded.user_id, until = excluded.until

-- name: remember
INSERT INTO rostering_record (district_id, connection_id, external_id, first_name, last_name, email, login, active,
    problem, roles, legacy, digest)
SELECT %(district)s, %(connection)s, s.external_id, s.first_name, s.last_name, s.email, s.login, s.active,
    s.problem, s.roles, s.legacy, s.digest
FROM {staged} s
LEFT JOIN rostering_record r ON r.connection_id = %(connection)s AND r.external_id = s.external_id
WHERE s.external_id <> '' AND r.digest IS DISTINCT FROM s.digest AND s.external_id NOT IN ({erased})
ON CONFLICT (connection_id, external_id) DO UPDATE SET first_name = excluded.first_name,
    last_name = excluded.last_name, email = excluded.email, login = excluded.login, active = excluded.active,
    problem = excluded.problem, roles = excluded.roles, legacy = excluded.legacy, digest = excluded.digest

-- name: forget
DELETE FROM rostering_record r
WHERE r.connection_id = %(connection)s
  AND (%(complete)s AND NOT EXISTS (SELECT 1 FROM {staged} s WHERE s.external_id = r.external_id)
       OR r.external_id IN ({erased}))

-- name: erased
-- Ids of people whom a person deleted: nothing the source says of them is kept.
SELECT l.external_id FROM integrations_link l JOIN accounts_user u ON u.id = l.user_id
WHERE l.connection_id = %(connection)s AND u.deleted_at IS NOT NULL

-- name: lift
UPDATE rostering_rejection SET lifted_at = now()
WHERE id IN (
    SELECT r.id FROM rostering_rejection r
    LEFT JOIN {staged} s ON s.external_id = r.external_id
    WHERE r.connection_id = %(connection)s AND r.lifted_at IS NULL
      AND (r.settings_version <> %(settings_version)s
           OR (s.digest IS DISTINCT FROM r.digest AND (s.digest IS NOT NULL OR %(complete)s))))
