-- Parameters: district, connection, run (the undo), undone, by, why.

-- name: applied
-- What the undone run did: what it applied at once, and what was released from its holds.
SELECT c.* FROM rostering_change c
JOIN rostering_run n ON n.id = c.run_id
LEFT JOIN rostering_hold h ON h.id = c.hold_id
WHERE c.run_id = %(undone)s
  AND (c.hold_id IS NULL AND n.applied_at IS NOT NULL OR h.state = 'released' AND h.run_id = c.run_id)

-- name: inverse
-- Each field that still is what the run wrote, turned back; what people changed or pinned since stays.
SELECT c.user_id, c.school_id, c.external_id, i.before, i.after
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
