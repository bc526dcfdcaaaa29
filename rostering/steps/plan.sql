-- The plan: what tonight's listing would change, as one SELECT without side effects.
-- The rules are those of docs/how-a-sync-decides.md, in its order.
--
-- Parameters: district, connection, settings_version, roles (source word -> our roles),
-- removals (whether anybody may be removed tonight), only (users to look at; null: all).

-- name: people
vocabulary AS MATERIALIZED (
    -- Roles as bits: student 1, teacher 2, admin 4, district admin 8. Staff is 6.
    SELECT m.word, coalesce(bit_or(CASE r.role WHEN 'student' THEN 1 WHEN 'teacher' THEN 2
        WHEN 'admin' THEN 4 WHEN 'district_admin' THEN 8 ELSE 0 END), 0) AS mask
    FROM jsonb_each(%(roles)s::jsonb) AS m(word, list)
    LEFT JOIN LATERAL jsonb_array_elements_text(m.list) AS r(role) ON true
    GROUP BY m.word
),
place AS MATERIALIZED (
    SELECT k.external_id, k.school_id
    FROM integrations_schoollink k JOIN accounts_school s ON s.id = k.school_id
    WHERE k.connection_id = %(connection)s AND k.active AND s.purchased
),
listed AS MATERIALIZED (
    -- Tonight's listing, with the user each id is linked to. What is said of the deleted is not heard.
    SELECT s.*, s.active AND s.problem = '' AS counts, l.user_id, row_number() OVER () AS line
    FROM {staged} s
    LEFT JOIN integrations_link l ON l.connection_id = %(connection)s AND l.external_id = s.external_id
    WHERE NOT EXISTS (SELECT 1 FROM accounts_user d WHERE d.id = l.user_id AND d.deleted_at IS NOT NULL)
),
entry AS MATERIALIZED (
    -- What each record says its person is, place by place.
    SELECT s.external_id, s.user_id, s.line, e.position, v.mask, p.school_id, v.word IS NULL AS unknown,
        e.item ->> 1 AS word, e.item ->> 2 AS grade, e.item ->> 3 AS number
    FROM listed s
    CROSS JOIN LATERAL jsonb_array_elements(s.roles) WITH ORDINALITY AS e(item, position)
    LEFT JOIN vocabulary v ON v.word = e.item ->> 1
    LEFT JOIN place p ON p.external_id = e.item ->> 0
    WHERE s.counts
),
stay AS MATERIALIZED (
    -- Each record at each of our schools (school null: at the district).
    SELECT external_id, user_id, line, position, school_id, mask & 7 AS mask, grade, number FROM entry
    WHERE school_id IS NOT NULL AND mask & 7 <> 0
    UNION ALL
    SELECT external_id, user_id, line, position, NULL, 8, '', '' FROM entry WHERE mask & 8 <> 0
),
{match}
who AS MATERIALIZED (
    -- Each record with the key of its person: the user's id, or a negative number for a newcomer.
    SELECT s.*, t.how, coalesce(t.waits, '') AS waits, t.suspected, coalesce(s.user_id, t.user_id, -s.line) AS key
    FROM listed s
    LEFT JOIN tie t ON t.external_id = s.external_id
),
wanted AS MATERIALIZED (
    SELECT coalesce(y.user_id, t.user_id, -y.line) AS key, y.school_id, bit_or(y.mask) AS mask,
        min(y.external_id || chr(1) || lpad(y.position::text, 6, '0')) AS first_said,
        (array_agg(y.grade ORDER BY y.external_id, y.position) FILTER (WHERE y.grade <> ''))[1] AS grade,
        (array_agg(y.number ORDER BY y.external_id, y.position) FILTER (WHERE y.number <> ''))[1] AS number
    FROM stay y LEFT JOIN tie t ON t.external_id = y.external_id
    WHERE coalesce(t.waits, '') = ''
    GROUP BY 1, y.school_id
),
home AS MATERIALIZED (
    -- The main school of everybody who is wanted somewhere.
    SELECT DISTINCT ON (key) key, school_id, mask & 1 <> 0 AND mask & 6 <> 0 AS conflict
    FROM wanted
    ORDER BY key, (mask & 1 <> 0 AND mask & 6 <> 0), school_id IS NULL, first_said
),
voice AS MATERIALIZED (
    -- The record that speaks for a person: the first that counts, or else the first active one, or else the first.
    SELECT DISTINCT ON (key) key, external_id, first_name, last_name, email, login, digest, counts, active, waits
    FROM who
    ORDER BY key, counts DESC, active DESC, external_id
),
unsure AS MATERIALIZED (
    SELECT DISTINCT key FROM who WHERE problem <> ''
),
pinned AS MATERIALIZED (
    SELECT user_id, school_id, array_agg(field) AS fields FROM accounts_pin
    WHERE until IS NULL OR until > now()
    GROUP BY user_id, school_id
),
adopted AS MATERIALIZED (
    SELECT DISTINCT key FROM who WHERE how = 'adopt' AND waits = '' AND counts
)

-- name: match
unlinked AS MATERIALIZED (
    SELECT external_id, login, legacy FROM listed WHERE problem = '' AND user_id IS NULL
),
family AS MATERIALIZED (
    SELECT y.external_id, CASE bit_or(y.mask) & 1 WHEN 0 THEN 'staff'
        ELSE CASE WHEN bit_or(y.mask) = 1 THEN 'student' END END AS family
    FROM stay y WHERE y.user_id IS NULL
    GROUP BY y.external_id
),
mailbox AS MATERIALIZED (
    -- Users who alone have an e-mail that somebody unlinked claims.
    SELECT login, min(id) AS user_id FROM (
        SELECT id, login_email AS login FROM accounts_user
        WHERE deleted_at IS NULL AND login_email IN (SELECT login FROM unlinked)
        UNION ALL
        SELECT id, smartpass_login_email(email) FROM accounts_user
        WHERE deleted_at IS NULL AND login_email IS NULL AND email <> ''
    ) boxes
    GROUP BY login HAVING count(*) = 1
),
guess AS MATERIALIZED (
    SELECT u.external_id, b.user_id, f.family
    FROM unlinked u
    JOIN mailbox b ON b.login = u.login
    LEFT JOIN family f ON f.external_id = u.external_id
    WHERE u.login IN (SELECT login FROM listed x WHERE x.problem = '' AND x.login IN (SELECT login FROM unlinked)
                      GROUP BY login HAVING count(*) = 1)
      AND NOT EXISTS (SELECT 1 FROM integrations_sameperson p WHERE p.connection_id = %(connection)s
                      AND p.external_id = u.external_id AND p.user_id = b.user_id AND NOT p.same)
),
elder AS MATERIALIZED (
    SELECT u.external_id, x.position, l.user_id
    FROM unlinked u
    CROSS JOIN LATERAL jsonb_array_elements_text(u.legacy) WITH ORDINALITY AS x(id, position)
    JOIN integrations_link l ON l.connection_id = %(connection)s AND l.external_id = x.id
),
present AS MATERIALIZED (
    -- Users in question whom the listing names by a roster link of theirs: their older ids lead to nobody else.
    SELECT DISTINCT l.user_id FROM integrations_link l JOIN listed x ON x.external_id = l.external_id
    WHERE l.connection_id = %(connection)s AND l.kind = 'roster'
      AND l.user_id IN (SELECT user_id FROM elder)
),
known AS MATERIALIZED (
    -- What we know of the users that were guessed.
    SELECT g.user_id,
        (SELECT CASE WHEN bool_and(m.roles = ARRAY['student']) THEN 'student'
                     WHEN bool_and(NOT 'student' = ANY (m.roles)) THEN 'staff' END
         FROM accounts_membership m WHERE m.user_id = g.user_id AND m.status <> 'deleted'
           AND cardinality(m.roles) > 0) AS family,
        EXISTS (SELECT 1 FROM accounts_membership m WHERE m.user_id = g.user_id AND m.status <> 'deleted'
                AND m.roles && ARRAY['admin', 'district_admin']) AS privileged,
        EXISTS (SELECT 1 FROM integrations_link l WHERE l.user_id = g.user_id
                AND l.connection_id = %(connection)s AND l.kind = 'roster') AS linked,
        -- By whatever link: who is one of these records already is not another one for an e-mail.
        g.user_id IN (SELECT user_id FROM listed WHERE user_id IS NOT NULL) AS present
    FROM guess g
),
evidence AS MATERIALIZED (
    SELECT * FROM (
        SELECT DISTINCT ON (external_id) external_id, user_id, 2 AS rule, 'relink' AS how, '' AS waits
        FROM elder WHERE user_id NOT IN (SELECT user_id FROM present)
        ORDER BY external_id, position
    ) by_legacy
    UNION ALL
    SELECT u.external_id, min(p.user_id), 1, 'adopt', ''
    FROM unlinked u JOIN integrations_sameperson p
      ON p.connection_id = %(connection)s AND p.external_id = u.external_id AND p.same
    GROUP BY u.external_id
    UNION ALL
    SELECT g.external_id, g.user_id, 4, CASE WHEN k.linked THEN 'relink' ELSE 'adopt' END,
        CASE WHEN k.privileged THEN 'E-SAME-PERSON'
             WHEN k.linked AND NOT %(removals)s THEN 'E-ID-CHANGED' ELSE '' END
    FROM guess g JOIN known k ON k.user_id = g.user_id
    WHERE NOT k.present AND (k.privileged OR k.family = g.family)
),
tie AS MATERIALIZED (
    -- The best evidence for each record, and no user for two records.
    SELECT external_id, CASE WHEN waits = '' THEN user_id END AS user_id, user_id AS suspected, how, waits
    FROM (
        SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY rule, external_id) AS turn
        FROM (SELECT DISTINCT ON (external_id) * FROM evidence ORDER BY external_id, rule) best
    ) ranked
    WHERE turn = 1
),

-- name: decide

member AS MATERIALIZED (
    -- Wanted against stored, school by school.
    SELECT w.key, w.school_id, w.grade, w.number,
        CASE w.mask WHEN 1 THEN 'student' WHEN 2 THEN 'teacher' WHEN 6 THEN 'admin teacher'
            WHEN 4 THEN 'admin' WHEN 8 THEN 'district_admin' END AS roles,
        m.id AS membership_id, smartpass_roles(m.roles) AS old_roles, m.status AS old_status,
        m.suspended_by, m.grade AS old_grade, m.number AS old_number, m.source_id,
        coalesce(pp.fields, '{}') || coalesce(pm.fields, '{}') AS pins,
        '*' = ANY (coalesce(pp.fields, '{}')) AS protected,
        m.source_id IS NULL AND a.key IS NOT NULL AS taken
    FROM wanted w
    LEFT JOIN accounts_membership m ON m.user_id = w.key AND coalesce(m.school_id, 0) = coalesce(w.school_id, 0)
    LEFT JOIN pinned pp ON pp.user_id = w.key AND pp.school_id IS NULL
    LEFT JOIN pinned pm ON pm.user_id = w.key AND pm.school_id = w.school_id
    LEFT JOIN adopted a ON a.key = w.key
    WHERE NOT (w.mask & 1 <> 0 AND w.mask & 6 <> 0)
),
member_change AS MATERIALIZED (
    SELECT key, school_id, 'join' AS kind, '{}'::jsonb AS before,
        jsonb_strip_nulls(jsonb_build_object('roles', roles, 'status', 'active', 'grade', grade, 'number', number))
            AS after, '' AS why
    FROM member WHERE membership_id IS NULL AND NOT protected
    UNION ALL
    SELECT key, school_id,
        CASE WHEN after ? 'status' THEN 'reactivate' WHEN after ? 'roles' THEN 'roles' ELSE 'update' END,
        before, after, ''
    FROM (
        SELECT key, school_id,
            jsonb_strip_nulls(jsonb_build_object(
                'roles', CASE WHEN new_roles THEN old_roles END, 'status', CASE WHEN back THEN old_status END,
                'grade', CASE WHEN new_grade THEN old_grade END, 'number', CASE WHEN new_number THEN old_number END,
                'source', CASE WHEN taken THEN '' END)) AS before,
            jsonb_strip_nulls(jsonb_build_object(
                'roles', CASE WHEN new_roles THEN roles END, 'status', CASE WHEN back THEN 'active' END,
                'grade', CASE WHEN new_grade THEN grade END, 'number', CASE WHEN new_number THEN number END,
                'source', CASE WHEN taken THEN %(connection)s::text END)) AS after
        FROM (
            SELECT *,
                roles <> old_roles AND NOT pins && ARRAY['roles', '*'] AS new_roles,
                old_status = 'suspended' AND suspended_by = 'sync' AND NOT pins && ARRAY['status', '*'] AS back,
                grade <> old_grade AND NOT pins && ARRAY['grade', '*'] AS new_grade,
                number <> old_number AND NOT pins && ARRAY['number', '*'] AS new_number
            FROM member
            WHERE membership_id IS NOT NULL AND old_status <> 'deleted'
              AND (source_id = %(connection)s OR (taken AND NOT protected))
        ) compared
        WHERE new_roles OR back OR new_grade OR new_number OR taken
    ) changed
    UNION ALL
    SELECT m.user_id, m.school_id, 'suspend', jsonb_build_object('status', 'active'),
        jsonb_build_object('status', 'suspended'),
        CASE WHEN v.key IS NULL THEN 'absent' WHEN NOT v.active THEN 'inactive'
             WHEN h.key IS NOT NULL THEN 'left_school' ELSE 'out_of_scope' END
    FROM accounts_membership m
    LEFT JOIN voice v ON v.key = m.user_id
    LEFT JOIN home h ON h.key = m.user_id
    WHERE m.source_id = %(connection)s AND m.status = 'active' AND %(removals)s
      AND (%(only)s::bigint[] IS NULL OR m.user_id = ANY (%(only)s))
      AND (m.school_id IS NULL OR m.school_id IN (SELECT school_id FROM place))
      AND NOT EXISTS (SELECT 1 FROM unsure x WHERE x.key = m.user_id)
      AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.key = m.user_id
                      AND coalesce(w.school_id, 0) = coalesce(m.school_id, 0))
      AND NOT EXISTS (SELECT 1 FROM pinned x WHERE x.user_id = m.user_id AND x.fields && ARRAY['status', '*']
                      AND (x.school_id IS NULL OR x.school_id = m.school_id))
),
person AS MATERIALIZED (
    -- What the source says of each person who is wanted somewhere, beside what we have.
    SELECT s.key, h.school_id, h.conflict, s.external_id, s.email, s.login, s.first_name, s.last_name,
        u.first_name AS old_first_name, u.last_name AS old_last_name, u.email AS old_email,
        u.login_email AS old_login, u.profile_source, u.deleted_at,
        a.key IS NOT NULL AS adopt, coalesce(pp.fields, '{}') AS pins,
        s.key < 0 OR coalesce(u.profile_source, CASE WHEN a.key IS NOT NULL THEN %(connection)s END)
            IS NOT DISTINCT FROM %(connection)s AS ours,
        CASE WHEN s.email <> '' THEN s.login ELSE smartpass_login_email(u.email) END AS next_login
    FROM voice s
    JOIN home h ON h.key = s.key
    LEFT JOIN accounts_user u ON u.id = s.key
    LEFT JOIN pinned pp ON pp.user_id = s.key AND pp.school_id IS NULL
    LEFT JOIN adopted a ON a.key = s.key
),
compared AS MATERIALIZED (
    SELECT p.*,
        ours AND first_name <> '' AND first_name IS DISTINCT FROM old_first_name
            AND NOT pins && ARRAY['first_name', '*'] AS new_first_name,
        ours AND last_name <> '' AND last_name IS DISTINCT FROM old_last_name
            AND NOT pins && ARRAY['last_name', '*'] AS new_last_name,
        ours AND email <> '' AND email IS DISTINCT FROM old_email AND NOT pins && ARRAY['email', '*'] AS new_email,
        ours AND next_login IS DISTINCT FROM old_login AND NOT pins && ARRAY['email', '*'] AS other_login,
        adopt AND profile_source IS NULL AND NOT '*' = ANY (pins) AS new_profile
    FROM person p
),
granted AS MATERIALIZED (
    -- A changed sign-in e-mail is granted if nobody has it and nobody else claims it.
    SELECT c.key FROM compared c
    WHERE c.other_login AND c.next_login IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM accounts_user o WHERE o.login_email = c.next_login AND o.id <> c.key)
      AND NOT EXISTS (SELECT 1 FROM who x WHERE x.login = c.next_login AND x.key <> c.key AND x.problem = '')
),
newlink AS MATERIALIZED (
    -- Ids of the source that are not tied to their person yet.
    SELECT key, jsonb_agg(external_id ORDER BY external_id) AS links
    FROM who WHERE user_id IS NULL AND counts AND waits = ''
    GROUP BY key
),
newlegacy AS MATERIALIZED (
    SELECT x.key, jsonb_agg(x.id ORDER BY x.id) AS ids FROM (
        SELECT (array_agg(w.key ORDER BY w.external_id))[1] AS key, i.id
        FROM who w CROSS JOIN LATERAL jsonb_array_elements_text(w.legacy) AS i(id)
        WHERE w.counts AND w.waits = '' AND w.legacy <> '[]'
          AND NOT EXISTS (SELECT 1 FROM integrations_link l WHERE l.connection_id = %(connection)s AND l.external_id = i.id)
          AND NOT EXISTS (SELECT 1 FROM who o WHERE o.external_id = i.id)
        GROUP BY i.id
    ) x GROUP BY x.key
),
person_change AS (
    SELECT c.key, c.school_id, c.external_id,
        CASE WHEN c.key < 0 THEN 'create' WHEN c.adopt THEN 'adopt' WHEN k.key IS NOT NULL THEN 'relink'
            ELSE 'update' END AS kind,
        CASE WHEN c.key < 0 THEN '{}'::jsonb ELSE jsonb_strip_nulls(jsonb_build_object(
            'first_name', CASE WHEN new_first_name THEN old_first_name END,
            'last_name', CASE WHEN new_last_name THEN old_last_name END,
            'email', CASE WHEN new_email THEN old_email END,
            'login_email', CASE WHEN new_login THEN coalesce(old_login, '') END,
            'profile_source', CASE WHEN new_profile THEN '' END)) END AS before,
        jsonb_strip_nulls(jsonb_build_object(
            'first_name', CASE WHEN new_first_name THEN first_name END,
            'last_name', CASE WHEN new_last_name THEN last_name END,
            'email', CASE WHEN new_email THEN email END,
            'login_email', CASE WHEN new_login THEN coalesce(login_after, '') END,
            'profile_source', CASE WHEN new_profile OR c.key < 0 THEN %(connection)s::text END,
            'links', k.links, 'legacy', g.ids)) AS after
    FROM (
        SELECT c.*, CASE WHEN v.key IS NOT NULL THEN c.next_login END AS login_after,
            c.other_login AND CASE WHEN v.key IS NOT NULL THEN c.next_login END IS DISTINCT FROM c.old_login AS new_login
        FROM compared c LEFT JOIN granted v ON v.key = c.key
    ) c
    LEFT JOIN newlink k ON k.key = c.key
    LEFT JOIN newlegacy g ON g.key = c.key
    WHERE c.deleted_at IS NULL AND NOT (c.key < 0 AND c.conflict)
      AND (new_first_name OR new_last_name OR new_email OR new_login OR new_profile
           OR k.key IS NOT NULL OR g.key IS NOT NULL)
),
planned AS (
    -- One row a person and school; what belongs to the person stands in the main school's.
    SELECT coalesce(p.key, m.key) AS key, coalesce(p.school_id, m.school_id) AS school_id,
        CASE WHEN p.kind IN ('create', 'adopt', 'relink') THEN p.kind ELSE coalesce(m.kind, p.kind) END AS kind,
        CASE WHEN p.key IS NULL THEN m.before WHEN m.key IS NULL THEN p.before ELSE p.before || m.before END AS before,
        CASE WHEN p.key IS NULL THEN m.after WHEN m.key IS NULL THEN p.after ELSE p.after || m.after END AS after,
        coalesce(m.why, '') AS why
    FROM person_change p
    FULL JOIN member_change m ON m.key = p.key AND coalesce(m.school_id, 0) = coalesce(p.school_id, 0)
),
named AS (
    -- Each row with the id the source knows the person by.
    SELECT p.*, coalesce(v.external_id, l.external_id, '') AS external_id, v.digest
    FROM planned p
    LEFT JOIN voice v ON v.key = p.key
    LEFT JOIN LATERAL (SELECT min(x.external_id) AS external_id FROM integrations_link x
                       WHERE v.key IS NULL AND x.user_id = p.key
                         AND x.connection_id = %(connection)s AND x.kind = 'roster') l ON true
    LEFT JOIN accounts_user u ON u.id = p.key
    WHERE u.deleted_at IS NULL
),
plan AS MATERIALIZED (
    -- Somebody the source has no id for cannot be missing from it.
    SELECT n.* FROM named n
    WHERE n.external_id <> '' AND NOT EXISTS (
        SELECT 1 FROM rostering_rejection r
        WHERE r.connection_id = %(connection)s AND r.external_id = n.external_id AND r.lifted_at IS NULL
          AND (n.key < 0 OR coalesce(r.school_id, 0) = coalesce(n.school_id, 0))
          AND r.settings_version = %(settings_version)s AND r.digest IS NOT DISTINCT FROM n.digest)
)

-- name: issues
suspicion AS MATERIALIZED (
    SELECT external_id, NULL::bigint AS school_id, key, 'E-UNREADABLE' AS code, 'error' AS severity,
        jsonb_build_object('problem', problem) AS detail
    FROM who WHERE problem <> '' AND external_id <> ''
    UNION ALL
    SELECT e.external_id, NULL, min(w.key), 'E-ROLE-UNKNOWN', 'error', jsonb_build_object('role', min(e.word))
    FROM entry e JOIN who w ON w.external_id = e.external_id WHERE e.unknown GROUP BY e.external_id
    UNION ALL
    SELECT external_id, NULL, key, 'E-NO-ROLE', 'error', '{}' FROM who WHERE counts AND roles = '[]'
    UNION ALL
    SELECT DISTINCT e.external_id, NULL::bigint, w.key, 'E-SCHOOL-NOT-LINKED', 'error', '{}'::jsonb
    FROM entry e JOIN who w ON w.external_id = e.external_id
    WHERE e.mask & 7 <> 0 AND e.school_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM stay y WHERE y.external_id = e.external_id)
    UNION ALL
    SELECT s.external_id, w.school_id, w.key, 'E-ROLE-CONFLICT', 'error', '{}'
    FROM wanted w JOIN voice s ON s.key = w.key WHERE w.mask & 1 <> 0 AND w.mask & 6 <> 0
    UNION ALL
    SELECT external_id, NULL, NULL, waits, 'error', jsonb_build_object('user', suspected) FROM who WHERE waits <> ''
    UNION ALL
    SELECT external_id, NULL, key, 'E-NO-EMAIL', 'warning', '{}'
    FROM person WHERE email = '' AND coalesce(old_email, '') = ''
    UNION ALL
    SELECT external_id, NULL, key, 'E-BAD-EMAIL', 'warning', jsonb_build_object('value', email)
    FROM person WHERE email <> '' AND login IS NULL
    UNION ALL
    SELECT p.external_id, NULL, p.key, 'E-DUP-IN-SOURCE', 'warning', jsonb_build_object('email', p.login)
    FROM person p WHERE p.login IN (SELECT login FROM person GROUP BY login HAVING count(*) > 1)
    UNION ALL
    SELECT c.external_id, NULL, c.key,
        CASE WHEN bool_or(w.key IS NOT NULL) THEN 'E-EMAIL-IN-USE-HERE' ELSE 'E-EMAIL-IN-USE-ELSEWHERE' END,
        'warning', jsonb_build_object('user', min(o.id))
    FROM compared c
    JOIN accounts_user o ON o.login_email = c.next_login AND o.id <> c.key
    LEFT JOIN accounts_membership m ON m.user_id = o.id AND m.status <> 'deleted'
    LEFT JOIN wanted w ON w.key = c.key AND m.id IS NOT NULL
        AND coalesce(w.school_id, 0) = coalesce(m.school_id, 0)
    WHERE c.other_login AND NOT EXISTS (SELECT 1 FROM voice v WHERE v.key = o.id)
    GROUP BY c.external_id, c.key
),
found AS MATERIALIZED (
    SELECT s.* FROM suspicion s LEFT JOIN accounts_user u ON u.id = s.key WHERE u.deleted_at IS NULL
)

-- name: write
WITH {people}, {decide}, {issues},
-- In the order of their ids, newcomers are added to the end of every index that begins with one.
ids AS MATERIALIZED (
    SELECT key, nextval('accounts_user_id_seq') AS id
    FROM (SELECT DISTINCT key FROM plan WHERE key < 0 ORDER BY key DESC) newcomers
),
written AS (
    INSERT INTO rostering_change (district_id, run_id, user_id, school_id, external_id, kind, before, after, why)
    SELECT %(district)s, %(run)s, coalesce(i.id, p.key), p.school_id, p.external_id, p.kind, p.before, p.after, p.why
    FROM plan p LEFT JOIN ids i ON i.key = p.key
    ORDER BY coalesce(i.id, p.key)
    RETURNING 1
),
opened AS (
    INSERT INTO rostering_issue (district_id, connection_id, school_id, user_id, external_id, code, severity, detail,
        opened_by_id)
    SELECT %(district)s, %(connection)s, f.school_id, coalesce(i.id, CASE WHEN f.key > 0 THEN f.key END),
        f.external_id, f.code, f.severity, f.detail, %(run)s
    FROM found f LEFT JOIN ids i ON i.key = f.key
    WHERE NOT EXISTS (
        SELECT 1 FROM rostering_issue o
        WHERE o.connection_id = %(connection)s AND o.opened_at IS NOT NULL AND o.closed_at IS NULL
          AND o.external_id = f.external_id AND o.code = f.code
          AND coalesce(o.school_id, 0) = coalesce(f.school_id, 0))
    RETURNING 1
),
closing AS (
    UPDATE rostering_issue o SET closed_by_id = %(run)s
    WHERE o.connection_id = %(connection)s AND o.opened_at IS NOT NULL AND o.closed_at IS NULL
      AND o.code NOT IN ('E-HELD', 'E-STILL-THERE', 'E-NOT-CONFIRMED')
      AND NOT EXISTS (
        SELECT 1 FROM found f WHERE f.external_id = o.external_id AND f.code = o.code
          AND coalesce(f.school_id, 0) = coalesce(o.school_id, 0))
    RETURNING 1
)
SELECT (SELECT count(*) FROM written) AS changes, (SELECT count(*) FROM opened) AS opened,
    (SELECT count(*) FROM closing) AS closing,
    (SELECT coalesce(jsonb_object_agg(code, n), '{}') FROM (SELECT code, count(*) AS n FROM found GROUP BY code) c)
        AS issues

-- name: only
-- The plan and the issues of a few people, for an explanation; nothing is written.
WITH {people}, {decide}, {issues}
SELECT 'change' AS what, p.key, p.school_id, p.external_id, p.kind AS code, p.before, p.after, p.why FROM plan p
UNION ALL
SELECT 'issue', f.key, f.school_id, f.external_id, f.code, '{}', f.detail, f.severity FROM found f

-- name: remembered
(SELECT r.* FROM rostering_record r WHERE r.connection_id = %(connection)s AND r.external_id = ANY (%(ids)s))

-- name: facts
-- Names everything a plan is made from: the listing, the rows of ours it is compared with
-- (a row that anybody rewrote has another xmin), pins in force, settings and these rules.
SELECT md5(concat_ws('|', %(rules)s, %(roles)s, %(settings_version)s, %(removals)s,
    (SELECT count(*) || ':' || coalesce(sum(hashtextextended(external_id, digest)), 0) FROM {staged}),
    (SELECT sum(hashint8extended(id, xmin::text::bigint)) FROM accounts_user),
    (SELECT sum(hashint8extended(id, xmin::text::bigint)) FROM accounts_membership),
    (SELECT sum(hashint8extended(id, xmin::text::bigint)) FROM accounts_school),
    (SELECT sum(hashint8extended(id, xmin::text::bigint)) FROM integrations_link
     WHERE connection_id = %(connection)s),
    (SELECT sum(hashint8extended(id, xmin::text::bigint)) FROM integrations_schoollink),
    (SELECT sum(hashint8extended(id, xmin::text::bigint)) FROM integrations_sameperson),
    (SELECT sum(hashint8extended(id, xmin::text::bigint)) FROM rostering_rejection WHERE lifted_at IS NULL),
    (SELECT sum(hashint8extended(id, xmin::text::bigint)) FROM rostering_issue
     WHERE connection_id = %(connection)s AND closed_at IS NULL AND opened_at IS NOT NULL),
    (SELECT sum(hashint8extended(id, xmin::text::bigint)) FROM accounts_pin WHERE until IS NULL OR until > now())
)) AS facts

-- name: discard
-- What an earlier attempt, or a stale plan, of this run left behind.
WITH gone AS (DELETE FROM rostering_change WHERE run_id = %(run)s),
forgotten AS (DELETE FROM rostering_issue WHERE opened_by_id = %(run)s AND opened_at IS NULL),
unanswered AS (DELETE FROM rostering_answer WHERE run_id = %(run)s)
UPDATE rostering_issue SET closed_by_id = NULL WHERE closed_by_id = %(run)s AND closed_at IS NULL

-- name: fingerprint
-- Names exactly the rows of a list: the same rows give the same text, whatever their order or new ids.
SELECT md5(count(*) || ':' || coalesce(sum(hashtextextended(
    concat_ws(chr(31), external_id, coalesce(school_id, 0), kind, before::text, after::text, why), 0)), 0)) AS fingerprint,
    count(DISTINCT user_id) AS people
FROM rostering_change
WHERE run_id = %(run)s AND (%(hold)s::bigint IS NULL OR hold_id = %(hold)s)
