"""A reason given for a finding may be about the question, too: only what its kind is called changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("qa", "0011_topics_in_specialties"),
    ]

    operations = [
        migrations.AlterField(
            model_name="questionevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("asked", "asked"),
                    ("advice_passed", "sent in spite of advice"),
                    ("helped", "answered somebody who was about to ask"),
                    ("accepted", "accepted"),
                    ("rejected", "rejected"),
                    ("info_requested", "patient asked for more"),
                    ("info_received", "patient answered"),
                    ("followed_up", "followed up"),
                    ("transferred", "moved to another specialty"),
                    ("claimed", "claimed"),
                    ("taken_over", "taken over from another doctor"),
                    ("released", "released"),
                    ("reason_given", "let stand in spite of a finding"),
                    ("replied", "reply published"),
                    ("reply_withdrawn", "reply withdrawn"),
                    ("reply_removed", "reply removed by a moderator"),
                    ("reviewed", "reply reviewed by a colleague"),
                    ("reaffirmed", "reply re-affirmed"),
                    ("reopened", "open again"),
                    ("removed", "removed"),
                    ("restored", "restored"),
                    ("withdrawn", "withdrawn"),
                    ("erased", "the patient's text erased"),
                    ("edited", "text changed by a moderator"),
                    ("escalated", "raised with all moderators"),
                    ("calmed", "no longer urgent"),
                    ("photo_shown", "photo may be public"),
                    ("photo_hidden", "photo for doctors only"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
    ]
