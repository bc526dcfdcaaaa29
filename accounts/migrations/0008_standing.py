"""What people are counted by: as one number of each membership, and in an index that has nothing else to look up."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Case, Value, When


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_own_row_asked_once")]
    operations = [
        migrations.AddField(
            "membership",
            "standing",
            models.GeneratedField(
                expression=Case(
                    When(status="active", then=Value(1)),
                    When(status="disabled", then=Value(256)),
                    When(status="suspended", then=Value(65536)),
                    default=Value(0),
                )
                * Case(
                    When(roles=["student"], then=Value(33)),
                    When(roles=["teacher"], then=Value(34)),
                    default=Value(32)
                    + Case(When(roles__contains=["student"], then=Value(1)), default=Value(0))
                    + Case(When(roles__contains=["teacher"], then=Value(2)), default=Value(0))
                    + Case(When(roles__contains=["admin"], then=Value(4)), default=Value(0))
                    + Case(When(roles__contains=["assistant"], then=Value(8)), default=Value(0))
                    + Case(When(roles__contains=["district_admin"], then=Value(16)), default=Value(0)),
                ),
                output_field=models.IntegerField(),
                db_persist=True,
            ),
        ),
        migrations.AddIndex(
            "membership",
            models.Index(
                fields=["district", "user"],
                include=["id", "school", "status", "origin_label", "standing"],
                name="membership_by_person",
            ),
        ),
        # The index of the district alone is not needed beside it.
        migrations.AlterField(
            "membership",
            "district",
            models.ForeignKey(
                "accounts.district", django.db.models.deletion.PROTECT, db_constraint=False, db_index=False
            ),
        ),
    ]
