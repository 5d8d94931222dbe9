"""Articles beside a question are found in its specialty: what search holds of them is written anew by the worker."""

from django.db import migrations


def note(apps, schema_editor):
    database = schema_editor.connection.alias
    keys = apps.get_model("qa", "Article").objects.using(database).filter(question__isnull=False)
    changes = apps.get_model("qa", "SearchChange")
    changes.objects.using(database).bulk_create(
        (changes(kind="article", object_id=key) for key in keys.values_list("pk", flat=True)),
        batch_size=1000,
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("qa", "0009_fewer_indexes")]

    operations = [migrations.RunPython(note, migrations.RunPython.noop)]
