from django.db import migrations, models
from django.db.models import Q

# A school's part of a run is undone while an undo of it stands: one that covers the school
# and was not itself undone there. `before` asks how it was when that undo had not been.
UNDONE = """
CREATE FUNCTION smartpass_undone(run bigint, school bigint, before bigint DEFAULT NULL) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM rostering_run u
        WHERE u.undoes_id = run AND u.applied_at IS NOT NULL AND (before IS NULL OR u.id < before)
          AND (u.schools IS NULL OR school = ANY (u.schools))
          AND NOT EXISTS (
            SELECT 1 FROM rostering_run v
            WHERE v.undoes_id = u.id AND v.applied_at IS NOT NULL AND (before IS NULL OR v.id < before)
              AND (v.schools IS NULL OR school = ANY (v.schools))))
$$;
"""


class Migration(migrations.Migration):
    """Whether a school's part of a run is undone, and quick ways to a run's undos and to a school's rows."""

    dependencies = [("rostering", "0004_records_by_email")]

    operations = [
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["undoes"], name="undos_of_a_run", condition=Q(undoes__isnull=False)),
        ),
        # A school's part of a district's first sync is a hundredth of its rows.
        migrations.RemoveIndex(model_name="change", name="changes_of_a_run"),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["run", "school", "kind"], name="changes_of_a_run_at_a_school"),
        ),
        migrations.RunSQL(UNDONE, "DROP FUNCTION smartpass_undone(bigint, bigint, bigint)"),
    ]
