"""PC-66: withdrawing is as easy as giving and takes effect at once; measured, and broken by hand."""

import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from consents import consequences, grants
from consents.board import Switch
from directory.models import Listing
from gdpr_requests import actions, effects
from gdpr_requests import withdrawal_promises as promises
from gdpr_requests import withdrawal_steps as steps
from gdpr_requests.directives.actions import write_specific
from gdpr_requests.models import Outcome, Request
from privacy.deadlines import Right
from privacy.ids import new_id
from privacy.own_keys import POST_MORTEM
from privacy.patient_keys import RECORDING, TELECONSULTATION
from privacy.refusals import Refused
from tests.accounts.factories import make_practitioner, make_staff
from tests.consents.factories import NOON, choose, person
from tests.gdpr_requests.factories import account_of, by_account, dpo_of

pytestmark = pytest.mark.django_db(databases="__all__")
HOUR = timedelta(hours=1)
LATER = NOON + timedelta(days=1)
NOBODY = new_id()


def test_each_choice_is_one_step_each_way_and_nothing_outlives_a_withdrawal() -> None:
    easy, at_once = promises.withdrawing_is_as_easy_as_giving(NOON), promises.a_withdrawal_takes_effect_at_once(NOON)
    assert (easy.kept, easy.figures) == (
        True,
        {"switches": 17, "most_steps_to_give": 7, "most_steps_to_withdraw": 1, "harder_to_withdraw": []},
    )
    assert at_once.kept


def test_a_withdrawal_behind_a_page_of_its_own_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told = consequences.CONSEQUENCES["tos_privacy"]
    monkeypatch.setitem(consequences.CONSEQUENCES, "marketing_emails", told)
    found = promises.withdrawing_is_as_easy_as_giving(NOON)
    assert (found.kept, found.figures["harder_to_withdraw"]) == (False, ["marketing_emails"])


def test_a_switch_without_any_control_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = steps.render_to_string

    def locked_when_on(name: str, context: dict[str, Any]) -> str:
        return (
            ""
            if isinstance(context.get("one"), Switch)
            and context["one"].state.on
            and context["one"].slot == "analytics_product"
            else real(name, context)
        )

    monkeypatch.setattr(steps, "render_to_string", locked_when_on)
    found = promises.withdrawing_is_as_easy_as_giving(NOON)
    assert (found.figures["harder_to_withdraw"], found.figures["most_steps_to_withdraw"]) == (
        ["analytics_product"],
        steps.NO_WAY,
    )


def test_the_informed_consent_withdrawn_by_a_page_in_between_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = steps.render_to_string

    def without_its_button(name: str, context: dict[str, Any]) -> str:
        page = real(name, context)
        return (
            re.sub(r"<form.*?</form>", "", page, flags=re.S)
            if "informed" in context and context["informed"].on
            else page
        )

    monkeypatch.setattr(steps, "render_to_string", without_its_button)
    found = promises.withdrawing_is_as_easy_as_giving(NOON)
    assert (found.kept, found.figures["harder_to_withdraw"]) == (False, [TELECONSULTATION])


def test_a_patients_choice_that_counts_after_its_withdrawal_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promises, "_withdrawn", lambda key: {NOBODY} if key == RECORDING else set())
    real = promises.wishes
    on = lambda ids, now: {NOBODY: {RECORDING: SimpleNamespace(counts=True)}} if NOBODY in ids else real(ids, now)  # noqa: E731
    monkeypatch.setattr(promises, "wishes", on)
    found = promises.a_withdrawal_takes_effect_at_once(NOON)
    assert (found.kept, found.figures["patients_choices_that_count_after_it"]) == (False, [RECORDING])


def test_directives_kept_after_their_consent_was_withdrawn_break_it() -> None:
    me = make_practitioner(now=NOON)
    said = {"account": "keep", "files": {}, "name": "", "email": "", "address": "", "words": "", "language": "en"}
    write_specific(account_id=me.pk, said=said, agreed=True, language="en", by=account_of(me), now=NOON)
    choose(person(me.pk), POST_MORTEM, False, now=LATER)
    found = promises.a_withdrawal_takes_effect_at_once(LATER)
    assert (found.kept, found.figures["directives_kept_after_it"]) == (False, 1)


def test_a_grant_that_isnt_asked_again_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grants.Grant, "check", lambda self, now: None)
    assert not promises.a_withdrawal_takes_effect_at_once(NOON).kept


def test_who_withdrew_is_counted_and_a_grant_to_them_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    me = make_practitioner("camille@example.org", now=NOON)
    Listing.objects.get_or_create(user=me)
    choose(person(me.pk), "public_directory_listing", True, now=NOON)
    choose(person(me.pk), "public_directory_listing", False, now=LATER)
    found = promises.a_withdrawal_takes_effect_at_once(LATER)
    assert (found.kept, found.figures["withdrawals"], found.figures["people_who_withdrew"]) == (True, 1, 1)
    with monkeypatch.context() as careless:
        careless.setattr(promises, "grants_for", lambda people, key, now: dict.fromkeys(people))
        found = promises.a_withdrawal_takes_effect_at_once(LATER)
        assert found.figures["keys_still_granted_by_who_withdrew"] == ["public_directory_listing"]
    monkeypatch.setattr(promises.directory, "candidates", lambda now: Listing.objects.all())
    assert promises.a_withdrawal_takes_effect_at_once(LATER).figures["still_in_the_directory"] == 1


def test_a_request_for_withdrawal_is_granted_once_the_consent_is_taken_back() -> None:
    me = make_practitioner("camille@example.org", now=NOON)
    choose(person(me.pk), "marketing_emails", True, now=NOON)
    request = by_account(me, Right.WITHDRAWAL, now=NOON + HOUR)
    with pytest.raises(Refused) as refused:
        grant(request)
    assert (refused.value.refusal.code, Request.objects.get().outcome) == ("still_given", "")
    choose(person(me.pk), "marketing_emails", False, now=NOON + 2 * HOUR)
    assert grant(request).outcome == Outcome.GRANTED
    assert promises.a_withdrawal_takes_effect_at_once(LATER).kept


def test_a_request_of_somebody_who_agrees_to_nothing_is_granted_as_it_is() -> None:
    request = by_account(make_practitioner(now=NOON), Right.WITHDRAWAL, now=NOON + HOUR)
    assert grant(request).outcome == Outcome.GRANTED
    assert promises.a_withdrawal_takes_effect_at_once(LATER).kept


def test_a_granted_request_without_a_withdrawal_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    me = make_practitioner("camille@example.org", now=NOON)
    choose(person(me.pk), "marketing_emails", True, now=NOON)
    request = by_account(me, Right.WITHDRAWAL, now=NOON + HOUR)
    monkeypatch.setattr(effects, "_granted", {})
    grant(request)
    found = promises.a_withdrawal_takes_effect_at_once(LATER)
    assert (found.kept, found.figures["granted_requests_without_a_withdrawal"]) == (False, 1)


def grant(request: Request) -> Request:
    return actions.answer(
        request_id=request.pk, outcome=Outcome.GRANTED, text="It is done.", by=dpo_of(make_staff()), now=LATER
    )
