"""Sign-up asks, ticks nothing, and writes what was answered (PC-14)."""

from typing import Any

import pytest
from django import forms
from django.utils.translation import override

from accounts.hooks import signup_questions
from accounts.models import User
from consents import queries
from consents.models import ConsentEvent
from consents.notices import in_force
from consents.signup import QUESTIONS
from privacy.clocks import legal_day
from tests.accounts.factories import make_account
from tests.consents.factories import NOON, person

KEYS = ["tos_privacy", "health_data_processing", "public_directory_listing"]


def fields() -> dict[str, forms.Field]:
    return {name: field for question in QUESTIONS for name, field in question.fields().items()}


def answer(user: User, **answers: Any) -> list[tuple[str, str]]:
    for question in QUESTIONS:
        question.record(user, answers, person(user.pk), NOON)
    return list(ConsentEvent.objects.filter(subject_id=user.pk).order_by("number").values_list("key", "action"))


def test_the_questions_are_on_the_sign_up_page() -> None:
    assert [question.key for question in signup_questions if question.key in KEYS] == KEYS


def test_nothing_is_ticked_and_only_the_contract_and_the_choice_are_mandatory() -> None:
    made = fields()
    assert [(name, field.initial, field.required) for name, field in made.items()] == [
        ("tos_privacy", None, True), ("health_data_processing", None, False), ("public_directory_listing", None, True),
    ]  # fmt: skip
    assert all("checked" not in field.widget.render(name, None) for name, field in made.items())


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_question_is_the_first_line_of_the_text_it_stands_for(language: str) -> None:
    with override(language):
        label = fields()["tos_privacy"].label
    from django.utils import timezone

    assert label == in_force("tos_privacy", language, legal_day(timezone.now())).wording.body.split("\n", 1)[0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tos_privacy", "There is no account without this contract: tick the box if you accept it."),
        ("public_directory_listing", "Choose yes or no; you can change it at any time."),
    ],
)
def test_an_answer_left_out_gets_a_clear_line(name: str, message: str) -> None:
    with pytest.raises(forms.ValidationError, match=message):
        fields()[name].clean("")


@pytest.mark.django_db
def test_each_answer_becomes_an_entry() -> None:
    user = make_account(language="fr")
    assert answer(user, tos_privacy=True, health_data_processing=True, public_directory_listing="yes") == [
        (key, "given") for key in KEYS
    ]
    event = ConsentEvent.objects.get(subject_id=user.pk, key="public_directory_listing")
    assert (event.channel, event.control, event.control_default, event.language) == ("signup", "radio", "none", "fr")


@pytest.mark.django_db
def test_an_explicit_no_is_kept_and_an_empty_box_is_not_an_act() -> None:
    user = make_account()
    assert answer(user, tos_privacy=True, health_data_processing=False, public_directory_listing="no") == [
        ("tos_privacy", "given"), ("public_directory_listing", "refused"),
    ]  # fmt: skip
    assert "Patient files are closed" in str(queries.core_open(user.pk, now=NOON))
