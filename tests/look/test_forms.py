"""The renderer: mandatory marks, spoken words, errors tied to their fields, what was typed kept (MD-01)."""

from __future__ import annotations

import re

from django import forms
from django.template import Context, Template


class Form(forms.Form):
    """Two fields, one of them mandatory, and a group."""

    surname = forms.CharField(label="Surname", help_text="As on the card.")
    nickname = forms.CharField(label="Nickname", required=False)
    where = forms.ChoiceField(label="Where", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)


def label_of(html: str, field_id: str) -> str:
    """The text of a label as a screen reader hears it: without what is hidden from it."""
    inner = re.search(rf'<label for="{field_id}">(.*?)</label>', html, re.DOTALL).group(1)
    heard = re.sub(r'<span[^>]*aria-hidden="true"[^>]*>.*?</span>', "", inner)
    return " ".join(re.sub(r"<[^>]+>", "", heard).split())


def test_mandatory_field_has_asterisk_and_spoken_word() -> None:
    html = Form().render()
    assert html.count('<span class="field__must" aria-hidden="true">&nbsp;*</span>') == 2
    assert label_of(html, "id_surname") == "Surname (required)"
    assert label_of(html, "id_nickname") == "Nickname"


def test_asterisk_is_explained_only_where_there_is_one() -> None:
    class Optional(forms.Form):
        nickname = forms.CharField(required=False)

    assert Form().render().count("must be filled in") == 1
    assert Optional().render().count("must be filled in") == 0


def test_error_stands_beside_its_field_and_in_the_summary() -> None:
    html = Form({"nickname": "Mimi"}).render()
    assert re.findall(r'<a href="(#[^"]+)">([^<]+)</a>', html) == [
        ("#id_surname", "Surname: This field is required."),
        ("#id_where_0", "Where: This field is required."),
    ]
    field = re.search(r'<input[^>]*name="surname"[^>]*>', html).group(0)
    assert 'aria-describedby="id_surname_helptext id_surname_error"' in field
    assert 'aria-invalid="true"' in field
    assert html.count('id="id_surname_error"') == 1
    assert html.count('id="id_surname_helptext"') == 1


def test_refused_form_keeps_what_was_typed() -> None:
    html = Form({"nickname": "Mimi"}).render()
    assert re.search(r'<input[^>]*name="nickname"[^>]*value="Mimi"', html) is not None


def test_group_of_choices_has_a_legend_tied_to_its_error() -> None:
    html = Form({"surname": "Roux"}).render()
    assert '<fieldset aria-describedby="id_where_error">' in html
    assert html.count("<legend>Where") == 1


def test_error_without_a_field_is_listed_without_a_link() -> None:
    form = Form({"surname": "Roux", "where": "a"})
    form.add_error(None, "These two do not go together.")
    html = form.render()
    assert "<li>These two do not go together.</li>" in html
    assert "One thing to put right." in html


def test_words_typed_by_people_are_escaped() -> None:
    html = Form({"nickname": "<script>x</script>"}).render()
    assert "<script>" not in html


def test_field_tag_renders_one_field() -> None:
    html = Template("{% load ui %}{% field form.surname %}").render(Context({"form": Form()}))
    assert label_of(html, "id_surname") == "Surname (required)"
