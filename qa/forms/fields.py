"""Form fields that several workflows share."""

from django import forms

from qa.texts import harmless


class PlainTextField(forms.CharField):
    """Text as people type it, in any language, freed of characters that only do harm."""

    def to_python(self, value):
        return super().to_python(None if value is None else harmless(str(value)))


class LongTextField(PlainTextField):
    """Several lines, with a counter beside it where there is JavaScript."""

    def __init__(self, *, rows=6, **kwargs):
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows, "data-counter": ""}))
        super().__init__(**kwargs)

    def widget_attrs(self, widget):
        """Without the browser's own limit, which would silently cut what somebody pastes."""
        attrs = super().widget_attrs(widget)
        if length := attrs.pop("maxlength", None):
            attrs["data-counter"] = length
        return attrs


class ProposingInputs(forms.TextInput):
    """Some inputs for a list of words, in which the browser proposes some as one types; no script is needed.

    The value is one text, a word on each line. `proposals` are pairs of a word and what else it is called.
    """

    template_name = "admin/moderate/proposing_inputs.html"
    fewest = 3
    proposals = ()

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        words = (value or "").splitlines()
        context["widget"] |= {"words": words + [""] * max(self.fewest - len(words), 1), "proposals": self.proposals}
        return context

    def value_from_datadict(self, data, files, name):
        sent = data.getlist(name) if hasattr(data, "getlist") else [data.get(name, "")]
        return "\n".join(word.strip() for word in sent if word.strip())


class PhotosInput(forms.FileInput):
    """Chooses several files at once. A phone's camera roll gives JPEG where only these kinds are accepted."""

    allow_multiple_selected = True

    def __init__(self, attrs=None):
        super().__init__({"accept": "image/jpeg,image/png,image/webp", "multiple": True, **(attrs or {})})

    def value_from_datadict(self, data, files, name):
        return files.getlist(name) if hasattr(files, "getlist") else []


class PhotosField(forms.FileField):
    """A list of files as they came; `qa.photos` looks into each."""

    widget = PhotosInput

    def clean(self, data, initial=None):
        return data


def typed_reasons(post):
    """Why what the checks have found is let stand, by the advice's place."""
    said = {name: harmless(text) for name, text in post.items() if name.startswith("reason/")}
    return {name.removeprefix("reason/"): text for name, text in said.items()}


def typed_texts(post):
    """What a person has written in a form that cannot be taken, to be shown again; never its tokens and choices."""
    sent = [value.strip() for name in post for value in post.getlist(name)]
    return [value for value in sent if any(letter.isspace() or not letter.isascii() for letter in value)]
