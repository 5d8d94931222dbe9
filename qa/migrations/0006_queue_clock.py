from django.db import migrations, models


class Migration(migrations.Migration):
    """Doctors' queue: what has been open longest stands first."""

    dependencies = [("qa", "0005_public_changes_and_tallies")]

    operations = [
        migrations.AddIndex(
            model_name="question",
            index=models.Index(
                fields=["-is_urgent", "changed_at", "id"], name="question_open", condition=models.Q(status="open")
            ),
        ),
    ]
