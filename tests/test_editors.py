"""The editors' desk: articles with their review and earlier texts, what waits there, and who may do what."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from qa.errors import InvalidTransition
from qa.forms.articles import ArticleForm
from qa.models import UNDATED, Article, ArticleStatus, Topic
from tests import editing
from tests.editing import page_of
from tests.factories import make_answered_question, make_article, make_doctor, make_question, make_topic, make_user

pytestmark = pytest.mark.django_db
as_editor = editing.as_editor

LIST = reverse("admin:qa_article_changelist")
TODAY = timezone.localdate()
DAY = datetime.timedelta(days=1)


def fields_of(article, **changes):
    """What the article's form holds, as a browser sends it back."""
    names = ("title", "slug", "body", "sources", "origin", "reviewer_id", "reviewed_on", "review_by", "stance")
    fields = {name.removesuffix("_id"): getattr(article, name) or "" for name in names}
    fields |= {"topics": [topic.pk for topic in article.topics.all()], "question": article.question_id or ""}
    return fields | changes


def edit(client, article, **changes):
    """Change the article in its form; the sentences that refuse it, and the article as it is then."""
    response = client.post(page_of(article), fields_of(article, **changes))
    errors = response.context["errors"] if response.status_code == 200 else []
    article = Article.objects.get(pk=article.pk)
    return [str(error) for group in errors for error in group], article


# Writing and preview


def test_a_preview_shows_the_typed_text_as_readers_would_see_it_and_saves_nothing(as_editor):
    article = make_article()
    assert reverse("admin:qa_article_preview") in as_editor.get(page_of(article)).text
    typed = {"title": "Typed <b>title</b>", "body": "# Part\n\n**Strong** <script>x</script>", "sources": "- One"}
    text = as_editor.post(reverse("admin:qa_article_preview"), typed).text
    assert "<strong>Strong</strong>" in text
    assert "Typed &lt;b&gt;title&lt;/b&gt;" in text
    assert "<script>x" not in text
    assert '<a href="#section-part">' in text
    assert as_editor.get(reverse("admin:qa_article_preview")).status_code == 405
    assert Article.objects.get().body == article.body


def test_the_form_has_a_button_that_publishes_what_is_typed_and_one_that_takes_it_back(as_editor):
    article = make_article(status=ArticleStatus.DRAFT)
    page = as_editor.get(page_of(article)).text
    assert 'name="_publish"' in page
    assert 'name="_withdraw"' not in page
    sent = as_editor.post(page_of(article), fields_of(article, body="Newly typed.", _publish="1"), follow=True)
    assert "1 article changed." in sent.text
    assert 'name="_withdraw"' in sent.text
    assert "Newly typed." in as_editor.get(article.get_absolute_url()).text
    article.refresh_from_db()
    as_editor.post(page_of(article), fields_of(article, _withdraw="1"))
    assert as_editor.get(article.get_absolute_url()).status_code == 404
    new = {"title": "Chilblains", "slug": "chilblains", "body": "Keep warm.", "origin": "editor", "_publish": "1"}
    as_editor.post(reverse("admin:qa_article_add"), new)
    assert Article.objects.get(slug="chilblains").is_public


def test_an_editor_who_was_signed_out_meanwhile_gets_back_what_was_typed(client):
    article = make_article()
    for address in (page_of(article), reverse("admin:qa_article_add")):
        response = client.post(address, fields_of(article, body="A page of new text."))
        assert response.status_code == 403
        assert "A page of new text." in response.text


def test_a_published_article_keeps_its_address_and_the_text_before_a_change(as_editor, editor):
    article = make_article(title="Sun", body="Old words.")
    errors, article = edit(as_editor, article, body="New words.", slug="other")
    assert not errors
    assert (article.body, article.slug != "other") == ("New words.", True)
    revision = article.revisions.get()
    assert (revision.body, revision.editor) == ("Old words.", editor)
    assert "Old words." in as_editor.get(page_of(article, "versions")).text
    assert "Old words." not in as_editor.get(article.get_absolute_url()).text


def test_a_draft_keeps_no_earlier_text_and_a_change_elsewhere_none_either(as_editor):
    draft, article = make_article(status=ArticleStatus.DRAFT), make_article("Sun")
    edit(as_editor, draft, body="Other words.")
    edit(as_editor, article, origin="machine")
    assert not draft.revisions.exists()
    assert not article.revisions.exists()


def test_of_two_editors_who_save_at_the_same_moment_the_second_is_told():
    article = make_article()
    both = [ArticleForm(fields_of(article, body="Mine."), instance=Article.objects.get(pk=article.pk)) for _ in "12"]
    opened = both[0]["opened"].initial
    for number, form in enumerate(both):
        form.data |= {"opened": opened, "body": f"Text {number}."}
    assert both[0].is_valid()
    both[0].save()
    assert not both[1].is_valid()
    assert "Somebody else has changed this article" in str(both[1].errors)


def test_an_editor_finds_out_nothing_about_a_question_by_trying_its_number(as_editor):
    hidden, public = make_question(title="Secret rash"), make_answered_question(title="Known rash")
    add = reverse("admin:qa_article_add")
    article = {"title": "More info", "slug": "more-info", "body": "Text", "origin": "editor"}
    for number in (hidden.pk, "9" * 5000):
        response = as_editor.post(add, article | {"question": number})
        assert response.status_code == 200
        assert "Secret rash" not in response.text
    assert not Article.objects.exists()
    assert "Known rash" in as_editor.post(add, article | {"question": public.pk, "title": ""}).text
    assert as_editor.post(add, article | {"question": public.pk}).status_code == 302
    assert public.article.title == "More info"


def test_two_editors_do_not_overwrite_each_other_unseen(as_editor, doctor):
    article = make_article()
    opened = as_editor.get(page_of(article)).context["adminform"].form["opened"].value()
    edit(as_editor, article, body="The first one.", opened=opened)
    errors, article = edit(as_editor, article, body="The second one.", opened=opened)
    assert "Somebody else has changed this article" in errors[0]
    assert article.body == "The first one."


def test_topics_are_chosen_whole_whatever_is_in_their_names(as_editor):
    topics = [make_topic(name, slug=f"t{n}") for n, name in enumerate(("Itch, at night", 'Red "spots" here', "A b c"))]
    errors, article = edit(as_editor, make_article(), topics=[topic.pk for topic in topics])
    assert not errors
    assert set(article.topics.all()) == set(topics)
    assert Topic.objects.count() == 3


def test_a_stance_needs_a_question(as_editor):
    question = make_answered_question()
    errors, article = edit(as_editor, make_article(), stance="agrees")
    assert "beside a question" in errors[0]
    errors, article = edit(as_editor, article, stance="agrees", question=question.pk)
    assert not errors
    assert article.stance == "agrees"


# Review


def test_an_editor_writes_down_the_review_of_a_doctor_which_holds_for_two_years(as_editor, doctor):
    article = make_article(origin="imported")
    assert "not reviewed by a doctor" in as_editor.get(article.get_absolute_url()).text
    errors, article = edit(as_editor, article, reviewer=doctor.pk, reviewed_on=TODAY - 3 * DAY)
    assert not errors
    assert (article.reviewer, article.reviewed_on) == (doctor, TODAY - 3 * DAY)
    assert article.review_by == TODAY - 3 * DAY + datetime.timedelta(days=730)
    assert "not reviewed by a doctor" not in as_editor.get(article.get_absolute_url()).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reviewed_on": TODAY + DAY}, "cannot lie in the future"),
        ({"reviewed_on": TODAY, "review_by": TODAY - DAY}, "comes after this one"),
        ({"reviewer": "", "reviewed_on": TODAY}, "which doctor"),
    ],
    ids=str,
)
def test_a_review_that_cannot_be_is_refused(as_editor, doctor, changes, said):
    errors, article = edit(as_editor, make_article(), **{"reviewer": doctor.pk} | changes)
    assert said in errors[0]
    assert article.reviewer is None


def test_only_doctors_with_a_licence_in_force_review_and_a_review_outlives_the_licence(as_editor, doctor):
    expired = make_doctor("Old Licence", licence_expires_on=TODAY - DAY)
    archive = make_doctor("Of The Archive", verified_at=None, user=None, is_from_archive=True)
    page = as_editor.get(page_of(make_article())).text
    assert "Dr. Ada Example" in page
    assert "Old Licence" not in page
    for other in (expired, archive):
        errors, article = edit(as_editor, make_article(), reviewer=other.pk)
        assert errors
        assert article.reviewer is None
        with pytest.raises(InvalidTransition):
            article.set_review(other)
    held = make_article(reviewer=expired, reviewed_on=TODAY - 90 * DAY, review_by=TODAY + 90 * DAY)
    errors, held = edit(as_editor, held, origin="machine")
    assert not errors
    assert held.reviewer == expired


def test_a_changed_text_is_not_reviewed_any_longer_but_after_a_small_correction(as_editor, doctor):
    review = {"reviewer": doctor, "reviewed_on": TODAY - 9 * DAY, "review_by": TODAY + 9 * DAY}
    errors, article = edit(as_editor, make_article(**review), body="A comma, more.", keeps_review="on")
    assert not errors
    assert article.reviewer == doctor
    errors, article = edit(as_editor, article, body="Quite another cure.")
    assert not errors
    assert (article.reviewer, article.reviewed_on, article.review_by) == (None, None, None)
    assert [revision.reviewer for revision in article.revisions.all()] == [doctor, doctor]


def test_a_doctor_signs_the_article_with_the_own_log_in(client, doctor):
    article = make_article()
    client.force_login(doctor.user)
    assert page_of(article, "review") in client.get(page_of(article)).text
    assert "Moisturise" in client.get(page_of(article, "review")).text
    client.post(page_of(article, "review"), {"text": article.fingerprint})
    article.refresh_from_db()
    assert (article.reviewer, article.reviewed_on) == (doctor, TODAY)
    assert f"reviewed by {doctor}" in client.get(article.get_absolute_url()).text


def test_a_doctor_signs_only_what_was_read_and_never_the_own_article(client, doctor):
    article = make_article(author=doctor.user)
    client.force_login(doctor.user)
    assert "another doctor" in client.post(page_of(article, "review"), {"text": article.fingerprint}).text
    Article.objects.update(author=None)
    read = article.fingerprint
    Article.objects.update(body="Changed meanwhile.")
    assert "read it once more" in client.post(page_of(article, "review"), {"text": read}).text
    assert Article.objects.get().reviewer is None


# What waits


def test_the_desk_shows_what_a_doctor_should_review_first_or_again(as_editor, doctor):
    def reviewed(title, until, **fields):
        return make_article(title, reviewer=doctor, reviewed_on=TODAY - 800 * DAY, review_by=until, **fields)

    reviewed("Fresh", TODAY + DAY)
    reviewed("Overdue", TODAY - 40 * DAY)
    reviewed("Overdue draft", TODAY - DAY, status=ArticleStatus.DRAFT)
    make_article("Never read", published_at=UNDATED)
    first_page = as_editor.get(reverse("admin:index")).text
    assert "Articles that a doctor should review" in first_page
    assert "<strong>2</strong> waiting" in first_page
    assert "waits for 1\xa0month" in first_page

    def listed(**query):
        return {article.title for article in as_editor.get(LIST, query).context["cl"].queryset}

    assert listed(review="waiting") == {"Overdue", "Never read"}
    assert listed(review="overdue") == {"Overdue"}
    assert listed(review="never") == {"Never read"}
    assert "overdue since" in as_editor.get(LIST).text


@pytest.mark.parametrize("name", ["article", "topic"])
def test_a_list_costs_the_same_however_long_it_is(as_editor, doctor, name):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            assert as_editor.get(reverse(f"admin:qa_{name}_changelist")).status_code == 200
        return len(queries)

    def fill(number):
        for n in range(number):
            topic = make_topic(f"Topic {number} {n}")
            topic.synonyms.create(name="Other")
            article = make_article(f"Article {n}", author=make_user(), reviewer=doctor, reviewed_on=TODAY)
            article.topics.add(topic)

    fill(2)
    few = cost()
    fill(40)
    assert cost() == few <= 12


# Who may


@pytest.mark.parametrize("role", ["doctor", "moderator", "editor", "patient", "unlicensed"])
def test_each_page_of_the_desk_is_for_its_role_only(client, doctor, moderator, editor, patient, role):
    unlicensed = make_doctor(licence_expires_on=TODAY - DAY)
    people = {"doctor": doctor.user, "moderator": moderator, "editor": editor, "patient": patient.user}
    client.force_login((people | {"unlicensed": unlicensed.user})[role])
    article, topic = make_article(), make_topic()
    statuses = {
        "preview": client.post(reverse("admin:qa_article_preview"), {"body": "x"}).status_code,
        "versions": client.get(page_of(article, "versions")).status_code,
        "merge": client.get(page_of(topic, "merge")).status_code,
        "review": client.get(page_of(article, "review")).status_code,
        "edit": client.post(page_of(article), fields_of(article)).status_code,
    }
    refused = 302 if role == "patient" else 403  # patients are sent to sign in
    allowed = {"editor": {"preview", "versions", "merge", "edit"}, "doctor": {"review"}}.get(role, set())
    assert {name for name, status in statuses.items() if status != refused} == allowed


@pytest.mark.parametrize("role", ["doctor", "moderator"])
def test_who_may_only_look_sees_the_article_and_no_buttons(client, doctor, moderator, role):
    article = make_article()
    article.topics.add(make_topic("Dry Skin"))
    client.force_login(doctor.user if role == "doctor" else moderator)
    text = client.get(page_of(article)).text
    assert "Living with eczema" in text
    assert "Preview" not in text
    assert "Only a small correction" not in text
    assert 'name="_save"' not in text
