"""The demo's mailbox: what the portal would have sent, for who tries it out. Routed only where DEBUG is on."""

from datetime import UTC
from email import message_from_bytes, policy
from pathlib import Path

from django.conf import settings
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

SHOWN = 50
BETWEEN = b"\n" + b"-" * 79 + b"\n"  # what Django's file backend writes after each e-mail


@never_cache
@require_safe
def demo_mailbox(request):
    return render(request, "portal/demo_mailbox.html", {"messages_sent": list(sent())[:SHOWN], "robots": "noindex"})


def sent():
    """The e-mails that were written to files, newest first."""
    if not settings.EMAIL_FILE_PATH:  # they go somewhere else
        return
    files = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.log"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
    for file in files:
        for content in reversed(file.read_bytes().split(BETWEEN)):
            if content.strip():
                yield read(content)


def read(content):
    message = message_from_bytes(content, policy=policy.default)
    body = message.get_body(("plain",))
    at = message["Date"] and message["Date"].datetime
    return {
        "to": message["To"],
        "subject": message["Subject"],
        "at": at and at.replace(tzinfo=at.tzinfo or UTC),
        "text": body.get_content() if body else "",
    }
