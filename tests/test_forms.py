"""How every form is drawn: labels above, help and errors tied to their fields, a summary that leads there."""

import re

from django import forms


class Example(forms.Form):
    title = forms.CharField(label="In one line", help_text="As you would say it to a <friend>.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    who = forms.ChoiceField(label="For whom", choices=[("self", "Me"), ("child", "My child")], widget=forms.RadioSelect)
    agrees = forms.BooleanField(label="I agree")
    step = forms.IntegerField(widget=forms.HiddenInput, initial=1)

    def clean(self):
        raise forms.ValidationError("Something does not fit.")


def ids(html):
    return re.findall(r'\bid="([^"]+)"', html)


def test_a_form_without_errors_has_no_summary_and_marks_what_may_stay_empty():
    html = str(Example())
    assert "error" not in html
    assert html.count("(optional)") == 1
    assert "As you would say it to a &lt;friend&gt;." in html
    assert '<label class="choice" for="id_agrees">' in html
    assert '<input type="hidden" name="step"' in html
    assert len(ids(html)) == len(set(ids(html)))


def test_each_error_is_said_at_its_field_and_in_a_summary_that_leads_to_it():
    html = str(Example({"step": "1"}))
    summary = html[: html.index("</section>")]
    assert "Something does not fit." in summary
    assert 'tabindex="-1" autofocus' in summary
    for target in ("id_title", "id_who_choices", "id_agrees"):
        assert f'href="#{target}"' in summary
        assert target in ids(html)
    for reference in re.findall(r'aria-describedby="([^"]+)"', html):
        assert set(reference.split()) <= set(ids(html))
    assert html.count('aria-invalid="true"') == 4  # title, two choices, agreement
    assert 'href="#id_note"' not in summary
