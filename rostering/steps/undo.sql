-- Parameters: runs, district, connection, run (the undo; null while it is only looked at), undone, schools (null: all of
-- them), by, why, limit.

-- name: applied
-- What the undone run did at these schools, at once or by a release, and what no earlier undo turned back.
SELECT c.* FROM rostering_change c
JOIN rostering_run n ON n.id = c.run_id
LEFT JOIN rostering_hold h ON h.id = c.hold_id
WHERE c.run_id = %(undone)s
  AND (c.hold_id IS NULL AND n.applied_at IS NOT NULL OR h.state = 'released' AND h.run_id = c.run_id)
  AND (%(schools)s::bigint[] IS NULL OR c.school_id = ANY (%(schools)s::bigint[]))
  AND (NOT EXISTS (SELECT 1 FROM rostering_run u WHERE u.undoes_id = %(undone)s AND u.applied_at IS NOT NULL)
       OR NOT smartpass_undone(c.run_id, c.school_id, %(run)s))

-- name: stands
-- Something of these runs' that is not undone. Asked once a place, and not once a row: a run has 100,000 of those.
SELECT 1 AS found FROM (
    SELECT DISTINCT c.run_id, c.school_id FROM rostering_change c
    JOIN rostering_run n ON n.id = c.run_id
    LEFT JOIN rostering_hold h ON h.id = c.hold_id
    WHERE c.run_id = ANY (%(runs)s::bigint[])
      AND (c.hold_id IS NULL AND n.applied_at IS NOT NULL OR h.state = 'released')
      AND (%(schools)s::bigint[] IS NULL OR c.school_id = ANY (%(schools)s::bigint[]))
    OFFSET 0
) c WHERE NOT smartpass_undone(c.run_id, c.school_id) LIMIT 1

-- name: inverse
-- Each field that still is what the run wrote, turned back; what people changed or pinned since stays.
SELECT c.id, c.user_id, c.school_id, c.external_id, i.before, i.after
FROM ({applied}) c
JOIN accounts_user u ON u.id = c.user_id AND u.deleted_at IS NULL
LEFT JOIN accounts_membership m ON m.user_id = c.user_id AND coalesce(m.school_id, 0) = coalesce(c.school_id, 0)
LEFT JOIN LATERAL (
    SELECT coalesce(array_agg(p.field), '{}') AS fields FROM accounts_pin p
    WHERE p.user_id = c.user_id AND (p.school_id IS NULL OR p.school_id = c.school_id)
      AND (p.until IS NULL OR p.until > now())
) p ON true
CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_object_agg(f.name, f.old), '{}') AS before, coalesce(jsonb_object_agg(f.name, f.new), '{}') AS after
    FROM (
        SELECT x.name, to_jsonb(x.stored) AS old, c.before -> x.name AS new
        FROM (VALUES
            ('first_name', u.first_name), ('last_name', u.last_name), ('email', u.email),
            ('login_email', coalesce(u.login_email, '')), ('profile_source', coalesce(u.profile_source::text, '')),
            ('roles', smartpass_roles(m.roles)), ('grade', m.grade), ('number', m.number),
            ('source', coalesce(m.source_id::text, '')), ('status', m.status)
        ) AS x(name, stored)
        WHERE c.before ? x.name AND x.stored = c.after ->> x.name
          AND NOT p.fields && ARRAY[CASE x.name WHEN 'login_email' THEN 'email' ELSE x.name END, '*']
          AND (x.name <> 'status' OR m.status <> 'suspended' OR m.suspended_by = 'sync')
          AND (x.name <> 'login_email' OR c.before ->> 'login_email' = '' OR NOT EXISTS (
                SELECT 1 FROM accounts_user o WHERE o.login_email = c.before ->> 'login_email' AND o.id <> u.id))
        UNION ALL
        SELECT 'status', to_jsonb(m.status), to_jsonb('suspended'::text)
        WHERE c.after ? 'roles' AND NOT c.before ? 'roles' AND m.status = 'active' AND m.source_id = %(connection)s
          AND smartpass_roles(m.roles) = c.after ->> 'roles' AND NOT p.fields && ARRAY['status', '*']
        UNION ALL
        SELECT 'links', c.after -> 'links', '[]' WHERE c.kind IN ('adopt', 'relink') AND c.after ? 'links'
          AND (%(schools)s::bigint[] IS NULL OR NOT EXISTS (
            -- At another school they stay the source's person, and the source must go on knowing them.
            SELECT 1 FROM accounts_membership o
            WHERE o.user_id = c.user_id AND o.source_id = %(connection)s AND o.status <> 'deleted'
              AND coalesce(o.school_id <> ALL (%(schools)s::bigint[]), true)))
        UNION ALL
        -- The undo of an undo ties again what that one untied.
        SELECT 'links', '[]', c.before -> 'links' WHERE c.before ? 'links' AND NOT EXISTS (
            SELECT 1 FROM integrations_link l
            WHERE l.connection_id = %(connection)s AND l.external_id IN (
                SELECT jsonb_array_elements_text(c.before -> 'links')))
    ) f
) i
WHERE i.after <> '{}'

-- name: write
INSERT INTO rostering_change (district_id, run_id, user_id, school_id, external_id, kind, before, after, why)
SELECT %(district)s, %(run)s, user_id, school_id, external_id,
    CASE after ->> 'status' WHEN 'suspended' THEN 'suspend' WHEN 'active' THEN 'reactivate'
        ELSE CASE WHEN after ? 'roles' THEN 'roles' ELSE 'update' END END,
    before, after, 'undo'
FROM ({inverse}) i

-- name: kept
-- Rows of the undone run of which nothing, or not everything, is turned back.
SELECT a.id, a.user_id, a.school_id FROM ({applied}) a
LEFT JOIN rostering_change i ON i.run_id = %(run)s AND i.user_id = a.user_id
    AND coalesce(i.school_id, 0) = coalesce(a.school_id, 0)
WHERE i.id IS NULL OR EXISTS (SELECT 1 FROM jsonb_object_keys(a.before) k(name) WHERE NOT i.after ? k.name)

-- name: foreseen
-- Of each row of the undone run: whether something of it is turned back, and whether something stays.
SELECT a.id, a.user_id, a.kind, i.id IS NOT NULL AS returns,
    i.id IS NULL OR EXISTS (SELECT 1 FROM jsonb_object_keys(a.before) k(name) WHERE NOT i.after ? k.name) AS stays
FROM ({applied}) a LEFT JOIN ({inverse}) i ON i.id = a.id

-- name: weigh
-- How many people an undo turns back, by what the run did to them, and how many stay, wholly or in part.
-- The row without a kind counts everybody once. Some of the rows that stay are named.
SELECT kind, count(DISTINCT user_id) FILTER (WHERE returns) AS returns,
    count(DISTINCT user_id) FILTER (WHERE stays) AS stays,
    (array_agg(id ORDER BY id) FILTER (WHERE stays))[:%(limit)s] AS staying
FROM ({foreseen}) f GROUP BY GROUPING SETS ((kind), ()) ORDER BY kind

-- name: allow
-- What an undo had refused may be planned again where that undo is undone.
UPDATE rostering_rejection r SET lifted_at = now()
FROM rostering_change u JOIN rostering_change v ON v.run_id = %(run)s AND v.user_id = u.user_id
    AND coalesce(v.school_id, 0) = coalesce(u.school_id, 0)
WHERE u.run_id = %(undone)s AND r.connection_id = %(connection)s AND r.lifted_at IS NULL
  AND r.external_id = u.external_id AND coalesce(r.school_id, 0) = coalesce(u.school_id, 0)
  AND r.kind = u.kind AND r.after = u.after

-- name: refuse
-- The same facts must not bring the same change again.
INSERT INTO rostering_rejection (district_id, connection_id, external_id, school_id, kind, after, digest,
    settings_version, by_id, why, at)
SELECT c.district_id, %(connection)s, c.external_id, c.school_id, c.kind, c.after, r.digest,
    k.settings_version, %(by)s, %(why)s, now()
FROM ({refused}) c
JOIN integrations_connection k ON k.id = %(connection)s
LEFT JOIN rostering_record r ON r.connection_id = %(connection)s AND r.external_id = c.external_id

-- name: refused
SELECT * FROM rostering_change WHERE run_id = %(run)s AND hold_id IS NOT DISTINCT FROM %(hold)s::bigint
