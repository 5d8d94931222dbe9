from django.core.management import call_command
from django.db import migrations


def make_table(apps, schema_editor):
    call_command("createcachetable", "portal_heartbeat", database=schema_editor.connection.alias, verbosity=0)


def drop_table(apps, schema_editor):
    schema_editor.execute("DROP TABLE portal_heartbeat")


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_cache_table")]
    operations = [migrations.RunPython(make_table, drop_table)]
