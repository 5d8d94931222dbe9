"""What the archive or an import holds without a date: nobody is told of 1970, no reader, no machine and no staff."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from qa.models import UNDATED, Article, Question, QuestionStatus, Reply
from tests.factories import make_answered_question, make_article, make_question, make_user
from tests.pages import address_in_sitemap

pytestmark = pytest.mark.django_db


@pytest.fixture
def undated(db):
    question = make_answered_question(title="Purple spots", source="archive")
    Question.objects.update(asked_at=UNDATED, answered_at=UNDATED, changed_at=UNDATED)
    Reply.objects.update(created_at=UNDATED, published_at=UNDATED)
    return question


@pytest.fixture
def staff(client):
    client.force_login(make_user("admin@example.org", is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("address", ["/sitemap-questions.xml", "/feeds/latest.atom", "/sitemap.xml"])
def test_machines_are_told_no_date_that_nobody_knows(client, undated, address):
    assert "1970" not in client.get(address).text


def test_the_sitemap_tells_the_dates_that_are_known(client, undated):
    known = make_answered_question(title="Red spots")
    page = "".join(client.get(address).text for address in {address_in_sitemap(undated), address_in_sitemap(known)})
    assert undated.get_absolute_url() in page
    assert page.count("<lastmod>") == 1
    assert f"<lastmod>{timezone.localdate(known.changed_at)}" in page


def test_the_desks_say_that_a_date_is_not_known(staff, undated):
    reply = undated.replies.get()
    article = make_article("Milia", published_at=UNDATED)
    assert Article.objects.get().published_at == UNDATED
    for name, args in [
        ("qa_question_changelist", []),
        ("qa_question_change", [undated.pk]),
        ("qa_question_moderate", [undated.pk]),
        ("qa_reply_changelist", []),
        ("qa_reply_change", [reply.pk]),
        ("qa_article_change", [article.pk]),
    ]:
        page = re.sub(r'value="[^"]*"', "", staff.get(reverse(f"admin:{name}", args=args)).text)
        assert "not known" in page, name
        assert "1970" not in page, name


def test_the_lists_of_the_desks_are_ordered_by_date_all_the_same(staff, undated):
    known = make_answered_question(title="Red spots")
    page = staff.get(reverse("admin:qa_question_changelist"), {"o": "6"}).text
    assert page.index(undated.heading) < page.index(known.heading)


def test_no_doctor_is_told_that_a_question_waits_since_1970(client, doctor):
    question = make_question(QuestionStatus.OPEN, source="archive")
    Question.objects.update(asked_at=UNDATED, changed_at=UNDATED)
    client.force_login(doctor.user)
    for name in ("admin:answer_queue", "admin:index"):
        page = client.get(reverse(name)).text
        assert "not known" in page
        assert not re.search(r"waits for \d", page)
    assert question.heading in client.get(reverse("admin:answer_queue")).text
