"""Tables of Django and allauth that would hold names or open doors of their own stay shut.

Django admin's own log writes the name of everything it touches, allauth's tables hold
e-mail addresses without a district, Django's groups and permissions are not how we say
who may do what. None of them is used; so none can be.
"""

from django.db import migrations

from accounts import walls

SHUT = (
    "account_emailaddress",
    "account_emailconfirmation",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_admin_log",
)


def _shut(table: str) -> str:
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n"
        f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {walls.APP}, {walls.SUPPORT};\n"
    )


class Migration(migrations.Migration):
    """After the tables it shuts."""

    dependencies = [
        ("accounts", "0002_walls"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]
    operations = [
        migrations.RunSQL("".join(map(_shut, SHUT)), migrations.RunSQL.noop),
        migrations.RunSQL(
            f"REVOKE INSERT, UPDATE, DELETE ON django_content_type FROM {walls.APP}, {walls.SUPPORT}",
            migrations.RunSQL.noop,
        ),
    ]
