"""The mailbox of the demo: what patients would get, for who tries the portal out, and nowhere else."""

import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.mail import EmailMessage, send_mail
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from portal.mailbox import demo_mailbox
from qa.models import EventKind
from qa.notifications import send_waiting
from tests.factories import make_question

KEY = "a-key-of-the-private-page"


@pytest.fixture
def read(rf, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")

    def page():
        request = rf.get("/demo/mailbox/")
        request.user = AnonymousUser()
        return demo_mailbox(request).text

    return page


@pytest.mark.django_db
def test_an_email_of_the_portal_can_be_followed(read, settings):
    question = make_question(contact_email="somebody@example.org", secret_key=KEY)
    question.events.create(kind=EventKind.REPLIED)
    assert send_waiting() == 1
    text = read()
    assert "somebody@example.org" in text
    assert "A doctor has replied – Asklepion" in text
    assert re.search(rf"{timezone.localtime():%H:}\d\d:\d\d</time>", text)
    for link in (f"{settings.SITE_URL}/my/{KEY}/", f"{settings.SITE_URL}/my/{KEY}/stop/"):
        assert f'<a href="{link}"' in text


def test_the_newest_comes_first_and_nothing_is_taken_for_html(read):
    assert "There are none yet." in read()
    send_mail("First <b>", "One <script>alert(1)</script>", None, ["a@example.org"])
    send_mail("普特皮", "Two – “quoted”", None, ["b@example.org"])
    text = read()
    assert text.index("普特皮") < text.index("First &lt;b&gt;")
    assert "Two – “quoted”" in text
    assert "<script>" not in text.partition("<main")[2].partition("</main>")[0]


def test_an_email_without_a_text_is_no_crash(read):
    message = EmailMessage("Only a file", to=["a@example.org"])
    message.content_subtype = "html"
    message.send()
    assert "Only a file" in read()


def test_where_emails_go_elsewhere_none_are_shown(read, settings):
    settings.EMAIL_FILE_PATH = None
    assert "There are none yet." in read()


@pytest.mark.django_db
def test_without_debug_there_is_no_mailbox(client):
    with pytest.raises(NoReverseMatch):
        reverse("demo_mailbox")
    assert client.get("/demo/mailbox/").status_code == 404
    assert "mailbox" not in client.get("/about/").text.lower()
