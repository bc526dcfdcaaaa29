"""Row-level security and composite keys on runs and plans, and each run's staging table."""

from django.db import migrations

from accounts import walls

KEYS = "".join(
    [
        walls.parent("rostering_run"),
        walls.parent("rostering_hold"),
        walls.child("rostering_run", "connection_id", "integrations_connection"),
        walls.child("rostering_hold", "connection_id", "integrations_connection"),
        walls.child("rostering_hold", "run_id", "rostering_run"),
        walls.child("rostering_hold", "school_id", "accounts_school"),
        walls.bulk_child("rostering_change", "run_id", "rostering_run"),
        walls.bulk_child("rostering_change", "school_id", "accounts_school"),
        walls.child("rostering_change", "hold_id", "rostering_hold"),
        walls.bulk_child("rostering_record", "connection_id", "integrations_connection"),
        walls.child("rostering_answer", "run_id", "rostering_run"),
        walls.child("rostering_rejection", "connection_id", "integrations_connection"),
        walls.child("rostering_issue", "connection_id", "integrations_connection"),
        walls.child("rostering_issue", "school_id", "accounts_school"),
    ]
)

WALLS = "".join(
    walls.tenant(f"rostering_{name}") for name in ("run", "hold", "change", "answer", "record", "rejection", "issue")
)

# One unlogged table per run and attempt: dropped, not deleted from, and analyzed by
# itself. Made by the owner, because the application role owns no table.
STAGING = f"""
CREATE FUNCTION smartpass_drop_staging(run bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE old text;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM rostering_run r WHERE r.id = run AND r.district_id = {walls.HERE}) THEN
        RAISE EXCEPTION 'run % is not of this district', run;
    END IF;
    FOR old IN SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relname ~ format('^staged_%s_[0-9]+$', run)
    LOOP
        EXECUTE format('DROP TABLE public.%I', old);
    END LOOP;
END $$;
CREATE FUNCTION smartpass_open_staging(run bigint, attempt int) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE name text := format('staged_%s_%s', run, attempt);
BEGIN
    PERFORM smartpass_drop_staging(run);
    EXECUTE format('CREATE UNLOGGED TABLE public.%I (
        district_id bigint NOT NULL,
        external_id text COLLATE "C" NOT NULL,
        first_name text NOT NULL, last_name text NOT NULL, email text NOT NULL, login text,
        active boolean NOT NULL, problem text NOT NULL,
        roles jsonb NOT NULL, legacy jsonb NOT NULL, digest bigint NOT NULL)', name);
    EXECUTE format('GRANT SELECT, INSERT ON public.%I TO {walls.APP}', name);
    EXECUTE format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY one_district ON public.%I TO {walls.APP}
        USING (district_id = {walls.HERE.replace("'", "''")})
        WITH CHECK (district_id = {walls.HERE.replace("'", "''")})', name);
    RETURN name;
END $$;
REVOKE ALL ON FUNCTION smartpass_drop_staging(bigint), smartpass_open_staging(bigint, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION smartpass_drop_staging(bigint), smartpass_open_staging(bigint, int) TO {walls.APP};
"""


class Migration(migrations.Migration):
    """One migration, because a table without its wall must never have existed."""

    dependencies = [("rostering", "0001_tables"), ("integrations", "0002_walls")]
    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (KEYS, WALLS, STAGING)]
