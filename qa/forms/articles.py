"""The forms of the editors' desk: an article with its review, and the topic that stays when two become one."""

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import FilteredSelectMultiple, ForeignKeyRawIdWidget, RelatedFieldWidgetWrapper
from django.utils.translation import gettext_lazy as _

from accounts.models import Doctor
from qa.errors import InvalidTransition
from qa.models import TEXT_FIELDS, Article, Question, Topic

ROWS = {"body": 24, "sources": 5}
REVIEW_FIELDS = ("reviewer", "reviewed_on", "review_by")


class QuestionNumber(ForeignKeyRawIdWidget):
    """Names the question only where it may be chosen: whoever tries numbers finds out nothing."""

    def label_and_url_for_value(self, value):
        try:
            may_be_chosen = self.choices.queryset.filter(pk=value).exists()
        except ValueError:
            may_be_chosen = False
        return super().label_and_url_for_value(value) if may_be_chosen else ("", "")


class ArticleForm(forms.ModelForm):
    """Chooses topics from the vocabulary; taggit's own field would make new ones of what is typed."""

    topics = forms.ModelMultipleChoiceField(
        label=_("Topics"),
        queryset=Topic.objects.all(),
        required=False,
        widget=RelatedFieldWidgetWrapper(
            FilteredSelectMultiple(_("topics"), is_stacked=False),
            Article._meta.get_field("topics").remote_field,
            admin.site,
            can_add_related=False,
        ),
    )
    keeps_review = forms.BooleanField(
        label=_("Only a small correction"),
        help_text=_("Otherwise a changed text is “not reviewed by a doctor” until one has read it again."),
        required=False,
    )
    opened = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Article
        fields = ["title", "slug", "body", "sources", "origin", *REVIEW_FIELDS, "question", "stance"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.review_ends = False
        for name, rows in ROWS.items():
            if name in self.fields:
                self.fields[name].widget.attrs["rows"] = rows
        if "opened" in self.fields:  # who may only look at the article has no fields
            self.fields["opened"].initial = self._state(self.instance)
        if "reviewer" in self.fields:
            chosen = Doctor.objects.filter(pk=self.instance.reviewer_id)  # the licence may have run out since
            self.fields["reviewer"].queryset = Doctor.objects.licensed() | chosen
        if "question" in self.fields:
            field, chosen = self.fields["question"], Question.objects.filter(pk=self.instance.question_id)
            field.widget = QuestionNumber(Article._meta.get_field("question").remote_field, admin.site)
            field.queryset = Question.objects.public() | chosen

    def _state(self, article):
        """What is another one as soon as somebody changes text or review."""
        return f"{article.fingerprint} {article.reviewer_id} {article.reviewed_on}"

    def _is_changed_elsewhere(self, opened):
        """Whether somebody has changed the article since; of two who save at once the second one waits here."""
        current = Article.objects.select_for_update(of=("self",)).filter(pk=self.instance.pk).first()
        return bool(current and opened and opened != self._state(current))

    def clean(self):
        given = super().clean()
        if self.instance.pk and self._is_changed_elsewhere(given.get("opened")):
            raise forms.ValidationError(
                _("Somebody else has changed this article since you opened it. Open it again in another tab first.")
            )
        if given.get("stance") and not given.get("question"):
            self.add_error("stance", _("Only an article beside a question has a reply to agree with or not."))
        if not self.errors:
            self._clean_review(given)
        return given

    def _clean_review(self, given):
        """A new review is a licensed doctor's; a text that is changed has none, but for small corrections."""
        reviewer, reviewed_on = given.get("reviewer"), given.get("reviewed_on")
        if reviewer is None and reviewed_on:
            self.add_error("reviewer", _("Say which doctor has reviewed the article."))
        elif reviewer is None:
            given["review_by"] = None
        elif {"reviewer", "reviewed_on"} & set(self.changed_data) or not reviewed_on:
            try:
                self.instance.set_review(reviewer, reviewed_on, given.get("review_by"))
            except InvalidTransition as refusal:
                self.add_error("reviewer", str(refusal))
            given["reviewed_on"], given["review_by"] = self.instance.reviewed_on, self.instance.review_by
        elif set(TEXT_FIELDS) & set(self.changed_data) and not given.get("keeps_review"):
            given |= dict.fromkeys(REVIEW_FIELDS)
            self.review_ends = True


class MergeForm(forms.Form):
    """The topic that stays."""

    other = forms.ModelChoiceField(
        label=_("Merge it into"),
        help_text=_("This topic stays. Everything moves to it, and the old name becomes another word for it."),
        queryset=Topic.objects.none(),
        error_messages={"required": _("Choose the topic that stays.")},
    )

    def __init__(self, *args, topic, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["other"].queryset = Topic.objects.exclude(pk=topic.pk)
