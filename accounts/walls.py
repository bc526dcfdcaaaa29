"""SQL that puts row-level security and composite keys on a tenant's table, for migrations.

Every app's migrations use it, so that no table can get a wall of its own shape.
"""

from __future__ import annotations

APP = "smartpass_app"
SUPPORT = "smartpass_support"
HERE = "nullif(current_setting('app.district_id', true), '')::bigint"


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
