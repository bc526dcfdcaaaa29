"""Row-level security, composite keys, folding and the sign-in door, from the first day."""

from django.db import migrations

from accounts import walls

GRANTS = f"""
GRANT USAGE ON SCHEMA public TO {walls.APP}, {walls.SUPPORT};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {walls.APP}, {walls.SUPPORT};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {walls.APP}, {walls.SUPPORT};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {walls.APP}, {walls.SUPPORT};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {walls.APP}, {walls.SUPPORT};
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {walls.APP}, {walls.SUPPORT};
REVOKE UPDATE, DELETE ON accounts_auditevent FROM {walls.APP}, {walls.SUPPORT};
REVOKE DELETE ON accounts_user, accounts_membership, accounts_school, accounts_district FROM {walls.APP}, {walls.SUPPORT};
"""

OWN_ROW = f"""
CREATE POLICY own_row ON accounts_user FOR SELECT TO {walls.APP}
    USING (id = nullif(current_setting('app.user_id', true), '')::bigint);
"""

ROLES = """
ALTER TABLE accounts_membership ADD CONSTRAINT roles_go_together CHECK (
    roles <@ ARRAY['student', 'teacher', 'admin', 'assistant', 'district_admin']
    AND (school_id IS NULL) = ('district_admin' = ANY (roles))
    AND NOT ('student' = ANY (roles) AND cardinality(roles) > 1)
    AND NOT ('assistant' = ANY (roles) AND cardinality(roles) > 1)
    AND NOT ('district_admin' = ANY (roles) AND cardinality(roles) > 1)
    AND (cardinality(roles) > 0 OR status <> 'active')
);
ALTER TABLE accounts_membership ADD CONSTRAINT status_is_known CHECK (
    status IN ('active', 'disabled', 'suspended', 'deleted')
    AND (suspended_by <> '') = (status = 'suspended')
);
"""

# Written here once: Python and SQL must never fold differently. Letters lose case and
# accents; text that is plain ASCII takes the short way.
FOLD = """
CREATE FUNCTION smartpass_fold(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(words) = char_length(words) THEN lower(words)
        ELSE lower(regexp_replace(normalize(words, NFKD), '[\\u0300-\\u036f]', '', 'g')) END
$$;
CREATE FUNCTION smartpass_handle(handle text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT lower(btrim(handle, E' \\t\\r\\n'))
$$;
-- Roles as one text, in one order: what is compared, and what stands in a plan. In two, so
-- that the usual case is put into the query and not called a hundred thousand times.
CREATE FUNCTION smartpass_sorted_roles(roles text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT string_agg(r, ' ' ORDER BY r COLLATE "C") FROM unnest(roles) AS r
$$;
CREATE FUNCTION smartpass_roles(roles text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN roles IS NULL THEN NULL WHEN cardinality(roles) = 0 THEN ''
        WHEN cardinality(roles) = 1 THEN roles[1] ELSE smartpass_sorted_roles(roles) END
$$;
-- The folded e-mail if one can sign in by it, else null.
CREATE FUNCTION smartpass_login_email(email text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN smartpass_handle(email) ~ '^[^@[:space:]]+@[^@[:space:]]+[.][^@[:space:].]+$'
        THEN smartpass_handle(email) END
$$;
"""

# The one look-up that crosses districts: a handle gives what is needed to check a
# password, and nothing else. Which of several fits is said only after the password was.
SIGN_IN = f"""
CREATE FUNCTION smartpass_sign_in_candidates(handle text)
RETURNS TABLE (user_id bigint, password text, district_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT u.id, u.password::text, u.district_id FROM accounts_user u
    WHERE u.deleted_at IS NULL
      AND (u.login_email = smartpass_handle(handle) OR u.username = smartpass_handle(handle)
           OR u.id IN (SELECT a.user_id FROM accounts_emailalias a
                       WHERE a.login_email = smartpass_handle(handle) AND a.until > now()
                         AND NOT EXISTS (SELECT 1 FROM accounts_user o WHERE o.district_id = a.district_id
                                         AND o.login_email = a.login_email)))
    ORDER BY u.id
$$;
REVOKE ALL ON FUNCTION smartpass_sign_in_candidates(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION smartpass_sign_in_candidates(text) TO {walls.APP};
CREATE INDEX alias_by_login_email ON accounts_emailalias (login_email);
"""

# ANALYZE by a role that does not own the table is silently skipped. It costs the same
# whatever was loaded, so it waits until enough rows are new, looks at few of them, and
# leaves wide columns out.
ANALYZE = f"""
CREATE FUNCTION smartpass_analyze(tables text[], loaded bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public
SET default_statistics_target = 10 AS $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY tables LOOP
        IF name !~ '^(accounts|integrations|rostering)_[a-z]+$' AND name !~ '^staged_[0-9]+_[0-9]+$' THEN
            RAISE EXCEPTION 'not ours to analyze: %', name;
        END IF;
        IF loaded * 10 >= (SELECT reltuples FROM pg_class WHERE oid = name::regclass) THEN
            EXECUTE format('ANALYZE %I', name) || CASE name WHEN 'rostering_change'
                THEN ' (run_id, hold_id, user_id, school_id, external_id, kind, why)' ELSE '' END;
        END IF;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION smartpass_analyze(text[], bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION smartpass_analyze(text[], bigint) TO {walls.APP}, {walls.SUPPORT};
"""

KEYS = "".join(
    [
        walls.parent("accounts_school"),
        walls.parent("accounts_user"),
        walls.IN_DISTRICT,
        walls.bulk_child("accounts_membership", "user_id", "accounts_user"),
        walls.bulk_child("accounts_membership", "school_id", "accounts_school"),
        walls.child("accounts_emailalias", "user_id", "accounts_user"),
        walls.child("accounts_pin", "user_id", "accounts_user"),
        walls.child("accounts_pin", "school_id", "accounts_school"),
    ]
)

WALLS = walls.tenant("accounts_district", "id") + "".join(
    walls.tenant(f"accounts_{name}") for name in ("school", "user", "membership", "emailalias", "pin", "auditevent")
)


class Migration(migrations.Migration):
    """One migration, because a table without its wall must never have existed."""

    dependencies = [("accounts", "0001_tables")]
    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (GRANTS, KEYS, WALLS, OWN_ROW, ROLES, FOLD, SIGN_IN, ANALYZE)
    ]
