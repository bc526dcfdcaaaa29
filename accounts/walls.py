"""SQL that puts row-level security and composite keys on a tenant's table, for migrations.

Every app's migrations use it, so that no table can get a wall of its own shape.
"""

from __future__ import annotations

APP = "smartpass_app"
SUPPORT = "smartpass_support"
#: The district of this transaction. A sub-select, so that it is asked once a statement and not once a row.
HERE = "(SELECT nullif(current_setting('app.district_id', true), '')::bigint)"


def tenant(table: str, column: str = "district_id") -> str:
    """SQL: the application role sees one district's rows, support sees all, nobody else any."""
    return f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY one_district ON {table} TO {APP} USING ({column} = {HERE}) WITH CHECK ({column} = {HERE});
CREATE POLICY every_district ON {table} TO {SUPPORT} USING (true) WITH CHECK (true);
"""


def support_only(table: str) -> str:
    """SQL: a table that belongs to no district and that only support may see."""
    return f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
CREATE POLICY every_district ON {table} TO {SUPPORT} USING (true) WITH CHECK (true);
"""


def parent(table: str) -> str:
    """SQL: lets other tables point at this one by (district, id)."""
    return f"ALTER TABLE {table} ADD CONSTRAINT {table}_of_district UNIQUE (district_id, id);\n"


def child(table: str, column: str, of: str) -> str:
    """SQL: `column` points at a row of `of` in the same district.

    Foreign keys do not look through row-level security, so a plain one would accept
    another district's row.
    """
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_in_district "
        f"FOREIGN KEY (district_id, {column}) REFERENCES {of} (district_id, id) "
        f"ON DELETE NO ACTION DEFERRABLE INITIALLY DEFERRED;\n"
    )


#: Checks a composite key once a statement instead of once a row. Runs as the owner, so
#: that row-level security hides no parent.
IN_DISTRICT = """
CREATE FUNCTION smartpass_in_district() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE stray bigint;
BEGIN
    EXECUTE format('SELECT n.%1$I FROM (SELECT DISTINCT district_id, %1$I FROM new_rows WHERE %1$I IS NOT NULL) n
        WHERE NOT EXISTS (SELECT 1 FROM %2$I p WHERE p.district_id = n.district_id AND p.id = n.%1$I) LIMIT 1',
        TG_ARGV[0], TG_ARGV[1]) INTO stray;
    IF stray IS NOT NULL THEN
        RAISE EXCEPTION '% % is not of this district', TG_ARGV[0], stray USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION smartpass_in_district() FROM PUBLIC;
"""


def bulk_child(table: str, column: str, of: str) -> str:
    """SQL: as `child`, for tables that are written by the hundred thousand.

    A key checked row by row costs a first load as much as all its inserts. The other
    half of a foreign key is not needed: no role of the product may delete a parent.
    """
    made = "REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION smartpass_in_district"
    return (
        f"CREATE TRIGGER {column}_in_district_new AFTER INSERT ON {table} {made}('{column}', '{of}');\n"
        f"CREATE TRIGGER {column}_in_district_changed AFTER UPDATE ON {table} {made}('{column}', '{of}');\n"
    )
