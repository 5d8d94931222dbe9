"""The forms of asking, one for each step. What they hold is kept in the draft as it was typed."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Doctor, Sex, Specialty
from qa.asking import Content, state_of
from qa.forms.fields import LongTextField, PhotosField, PlainTextField
from qa.models import AGE_BANDS, MAX_PARTS, MAX_PHOTOS, OnBehalfOf, age_band_label
from qa.parts import MAX_PART_LENGTH
from qa.texts import DOCTORS_TITLE, MAX_BODY, language_of


class AboutForm(forms.Form):
    """Step 1: what it is about."""

    title = PlainTextField(
        label=_("Your question in one line"),
        help_text=_("As you would say it to a friend."),
        min_length=2,
        max_length=200,
        error_messages={
            "required": _("Write in one line what you ask."),
            "min_length": _("Write in one line what you ask."),
        },
    )
    body = LongTextField(
        label=_("Tell the doctor more"),
        help_text=_(
            "Since when? Where? What makes it better or worse? What have you tried? "
            "Please write no names and no telephone numbers."
        ),
        min_length=10,
        max_length=MAX_BODY,
        rows=9,
        error_messages={
            "required": _("Tell the doctor a little more."),
            "min_length": _("Tell the doctor a little more."),
        },
    )
    photos = PhotosField(
        label=_("Photos"),
        required=False,
        help_text=_(
            "Up to %(number)d, as JPEG, PNG or WebP. Only doctors and moderators see them. "
            "Place, time and camera data are removed."
        )
        % {"number": MAX_PHOTOS},
    )


class PartsForm(forms.Form):
    """Step 2: the single things that are asked, and the specialty."""

    specialty = forms.ModelChoiceField(
        label=_("Which doctors should read it?"),
        queryset=Specialty.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label=_("I don't know: a moderator decides"),
    )

    def __init__(self, *args, suggested=(), **kwargs):
        super().__init__(*args, **kwargs)
        for number in range(1, MAX_PARTS + 1):
            self.fields[f"part_{number}"] = PlainTextField(
                label=_("What you want to know (%(number)d)") % {"number": number},
                required=number == 1,
                max_length=MAX_PART_LENGTH,
                error_messages={"required": _("Say at least one thing that you want to know.")},
                widget=forms.Textarea(attrs={"rows": 2, "maxlength": False}),
            )
        self.order_fields([f"part_{number}" for number in range(1, MAX_PARTS + 1)])
        names = ", ".join(specialty.name for specialty in suggested)
        if names:
            self.fields["specialty"].help_text = _("People who wrote something similar asked: %(names)s.") % {
                "names": names
            }

    def part_fields(self):
        """The fields of the parts with whether each is worth showing at once: what is filled in, and one more."""
        fields = [self[f"part_{number}"] for number in range(1, MAX_PARTS + 1)]
        filled = max((number for number, field in enumerate(fields, 1) if field.value()), default=0)
        return [(field, number <= filled + 1) for number, field in enumerate(fields, 1)]

    def parts(self):
        """What is asked, in its order, without what was left empty or said twice."""
        texts = (self.cleaned_data[f"part_{number}"] for number in range(1, MAX_PARTS + 1))
        once = {}
        for text in filter(None, texts):
            once.setdefault(" ".join(text.split()).casefold(), text)
        return list(once.values())


class YouForm(forms.Form):
    """Step 3: about the person it concerns, and how to reach the one who asks."""

    on_behalf_of = forms.ChoiceField(
        label=_("Whom is the question about?"),
        choices=OnBehalfOf,
        initial=OnBehalfOf.SELF,
        widget=forms.RadioSelect,
    )
    age_band = forms.ChoiceField(
        label=_("How old is this person?"),
        help_text=_("Only this band is kept. It helps the doctor, and it is shown with the question."),
        choices=[
            ("", _("Please choose")),
            *((f"{first}-{last}", age_band_label(first, last)) for first, last in AGE_BANDS),
            ("unstated", _("I would rather not say")),
        ],
        error_messages={"required": _("Choose an age, or “I would rather not say”.")},
    )
    sex = forms.ChoiceField(
        label=pgettext_lazy("of a person", "Sex"), choices=Sex, initial=Sex.UNSTATED, widget=forms.RadioSelect
    )
    pseudonym = PlainTextField(
        label=_("A name to appear under"),
        help_text=_("Not your own. Leave it empty to appear as “A patient”."),
        required=False,
        max_length=50,
    )
    medicines = LongTextField(
        label=_("Medicines this person takes"),
        help_text=_("Also creams, drops and what needs no prescription. Only doctors and moderators see it."),
        required=False,
        max_length=1000,
        rows=3,
    )
    allergies = LongTextField(
        label=_("Allergies"),
        help_text=_("Only doctors and moderators see it."),
        required=False,
        max_length=500,
        rows=2,
    )
    contact_email = forms.EmailField(
        label=_("E-mail for news"),
        help_text=_(
            "We write when something happens to your question, and never what it is about. "
            "Without it, keep the link that you get at the end."
        ),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_pseudonym(self):
        """Nobody asks under the name of a doctor."""
        pseudonym = self.cleaned_data["pseudonym"]
        name = DOCTORS_TITLE.sub("", pseudonym)
        if name != pseudonym or Doctor.objects.public().known_as(name).exists():
            raise forms.ValidationError(_("This looks like the name of a doctor. Please choose another one."))
        return pseudonym

    def clean_contact_email(self):
        """In lower case, as accounts keep addresses: signed in by it, the patient finds the question again."""
        return self.cleaned_data["contact_email"].lower()

    def clean_age_band(self):
        band = self.cleaned_data["age_band"]
        return (None, None) if band == "unstated" else tuple(int(age) for age in band.split("-"))


class SendForm(forms.Form):
    """Step 4: consent. Whoever asks for another person says that this person may be asked for."""

    agreed = forms.BooleanField(
        label=_("I agree to the terms, and that doctors, moderators and later everybody read my question."),
        error_messages={"required": _("We can take your question only if you agree.")},
    )
    agreed_for_other = forms.BooleanField(
        error_messages={"required": _("Please confirm this before you send the question.")}
    )
    show_photos = forms.BooleanField(
        label=_("Everybody may see my photos beside the question, once a moderator has looked at them."),
        required=False,
    )
    website = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": -1}),
    )

    def __init__(self, *args, on_behalf_of, offers_photos, **kwargs):
        super().__init__(*args, **kwargs)
        if on_behalf_of == OnBehalfOf.SELF:
            del self.fields["agreed_for_other"]
        else:
            self.fields["agreed_for_other"].label = CONSENT_FOR_OTHER[on_behalf_of]
        if not offers_photos:
            del self.fields["show_photos"]

    def clean(self):
        """People do not see the field that programs fill in."""
        if self.cleaned_data.pop("website", ""):
            raise forms.ValidationError(_("A field that is there to stop programs was filled in. Please send again."))
        return self.cleaned_data


CONSENT_FOR_OTHER = {
    OnBehalfOf.CHILD: _("I am this child's parent or guardian, and may ask for the child."),
    OnBehalfOf.PARENT: _("My parent knows that I ask, or cannot be asked and I act for my parent."),
    OnBehalfOf.PARTNER: _("My partner knows that I ask, and agrees."),
    OnBehalfOf.OTHER: _("This person knows that I ask and agrees, or I may act for this person."),
}


class SeenForm(forms.Form):
    """What the patient says of one answered question that resembles the own."""

    choice = forms.ChoiceField(
        label=_("How close is it?"),
        choices=[("close", _("It is close, but…")), ("different", _("It is different"))],
        required=False,
        widget=forms.RadioSelect,
    )
    note = PlainTextField(label=_("What is different about yours?"), required=False, max_length=300)


class DraftForms:
    """The forms of the first three steps, bound to what the draft holds."""

    def __init__(self, draft):
        self.state = state_of(draft)
        self.known_own_name = draft.data.get("own_name", "")
        self.about = AboutForm(draft.data.get("about", {}))
        self.parts = PartsForm(draft.data.get("parts", {}))
        self.you = YouForm(draft.data.get("you", {}))

    def incomplete(self):
        """The first step that is not fit to be sent, by its URL name; None where all are."""
        steps = {"ask_about": self.about, "ask_parts": self.parts, "ask_you": self.you}
        return next((name for name, form in steps.items() if not form.is_valid()), None)

    def content(self, **choices):
        """What is sent, once nothing is incomplete."""
        fields = {name: value for name, value in self.you.cleaned_data.items() if name != "age_band"}
        fields["age_from"], fields["age_to"] = self.you.cleaned_data["age_band"]
        fields |= {name: self.about.cleaned_data[name] for name in ("title", "body")}
        fields["specialty"] = self.parts.cleaned_data["specialty"]
        fields["language"] = language_of(f"{fields['title']} {fields['body']}")
        return Content(fields, self.parts.parts(), self.state, known_own_name=self.known_own_name, **choices)
