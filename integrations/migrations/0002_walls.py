"""Row-level security and composite keys on everything that ties a district to a source."""

from django.db import migrations

from accounts import walls

KEYS = "".join(
    [
        walls.parent("integrations_connection"),
        walls.child("integrations_schoollink", "connection_id", "integrations_connection"),
        walls.child("integrations_schoollink", "school_id", "accounts_school"),
        walls.bulk_child("integrations_link", "connection_id", "integrations_connection"),
        walls.bulk_child("integrations_link", "user_id", "accounts_user"),
        walls.child("integrations_sameperson", "connection_id", "integrations_connection"),
        walls.child("integrations_sameperson", "user_id", "accounts_user"),
    ]
)

WALLS = "".join(
    walls.tenant(f"integrations_{name}") for name in ("connection", "schoollink", "link", "sameperson")
) + walls.support_only("integrations_upstreamtenant")

# A worker of any district must see that everything, or its source, was stopped.
STOP = (
    walls.support_only("integrations_stopswitch")
    + f"""
CREATE POLICY everybody_sees ON integrations_stopswitch FOR SELECT TO {walls.APP} USING (true);
REVOKE INSERT, UPDATE, DELETE ON integrations_stopswitch FROM {walls.APP};
REVOKE DELETE ON integrations_connection FROM {walls.APP}, {walls.SUPPORT};
"""
)


class Migration(migrations.Migration):
    """One migration, because a table without its wall must never have existed."""

    dependencies = [("integrations", "0001_tables"), ("accounts", "0002_walls")]
    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (KEYS, WALLS, STOP)]
