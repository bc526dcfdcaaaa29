from django.db import migrations, models


class Migration(migrations.Migration):
    """A run's rows in the order of its pages, with all that its numbers and its walls ask of them."""

    dependencies = [("rostering", "0005_undo_by_part")]

    operations = [
        migrations.AddIndex(
            model_name="change",
            index=models.Index(
                fields=["run", "kind", "id"], include=["district", "school", "hold"], name="changes_of_a_run_in_order"
            ),
        ),
    ]
