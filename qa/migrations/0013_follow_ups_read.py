"""Follow-ups that no doctor has read are known: to begin with, those upon which none has done anything since."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("qa", "0012_reasons_for_questions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="questionevent",
            name="event_kind_known",
        ),
        migrations.AddField(
            model_name="followup",
            name="read_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="read by a doctor at"),
        ),
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
                    ("follow_up_read", "follow-up read by a doctor"),
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
        migrations.AddIndex(
            model_name="followup",
            index=models.Index(
                condition=models.Q(("read_at__isnull", True)), fields=["question", "sent_at"], name="followup_unread"
            ),
        ),
        migrations.AddConstraint(
            model_name="followup",
            constraint=models.CheckConstraint(
                condition=models.Q(("read_at__isnull", True), ("read_at__gte", models.F("sent_at")), _connector="OR"),
                name="followup_read_after_sent",
            ),
        ),
        migrations.AddConstraint(
            model_name="questionevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "asked",
                            "advice_passed",
                            "helped",
                            "accepted",
                            "rejected",
                            "info_requested",
                            "info_received",
                            "followed_up",
                            "follow_up_read",
                            "transferred",
                            "claimed",
                            "taken_over",
                            "released",
                            "reason_given",
                            "replied",
                            "reply_withdrawn",
                            "reply_removed",
                            "reviewed",
                            "reaffirmed",
                            "reopened",
                            "removed",
                            "restored",
                            "withdrawn",
                            "erased",
                            "edited",
                            "escalated",
                            "calmed",
                            "photo_shown",
                            "photo_hidden",
                        ],
                    )
                ),
                name="event_kind_known",
            ),
        ),
        migrations.RunSQL(
            "UPDATE qa_followup SET read_at = (SELECT MAX(e.created_at) FROM qa_questionevent e"
            " WHERE e.question_id = qa_followup.question_id AND e.kind IN ('replied', 'reaffirmed')"
            " AND e.created_at >= qa_followup.sent_at)",
            "DELETE FROM qa_questionevent WHERE kind = 'follow_up_read'",
        ),
    ]
