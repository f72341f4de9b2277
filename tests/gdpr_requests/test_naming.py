"""PC-01 on whatever leaves the house: messages, pages, papers, statements; measured, and broken by hand."""

from typing import Any

import pytest

from gdpr_requests import naming_promises as promises
from tests.accounts.factories import make_practitioner
from tests.consents.factories import NOON

pytestmark = pytest.mark.django_db(databases="__all__")


def test_everything_names_the_controller() -> None:
    make_practitioner(now=NOON)
    found = promises.whatever_leaves_the_house_names_the_controller(NOON)
    assert found.kept, found.figures
    assert (found.figures["mails"] > 30, found.figures["papers"]) == (True, len(promises.PAPERS))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lifecycle/email/breach_message.txt", "Something happened."),
        ("base.html", "<html><body></body></html>"),
        ("office/request_register.html", "{{ controller.name }}, {{ controller.address }}"),
    ],
)
def test_a_template_that_names_nobody_breaks_it(monkeypatch: pytest.MonkeyPatch, name: str, words: str) -> None:
    real = promises._source
    monkeypatch.setattr(promises, "_source", lambda asked: words if asked == name else real(asked))
    nameless = promises.whatever_leaves_the_house_names_the_controller(NOON).figures["nameless"]
    assert f"dpo_email: {name}" in nameless


def test_a_receipt_that_names_nobody_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    make_practitioner(now=NOON)
    bare: dict[str, Any] = {"dct:publisher": "PratiConnect SAS"}
    monkeypatch.setattr(promises, "receipt", lambda event, now: bare)
    found = promises.whatever_leaves_the_house_names_the_controller(NOON)
    assert (found.kept, found.figures["receipts_without"] > 0) == (False, True)


def test_templates_that_include_one_another_end() -> None:
    assert promises._said("components/footer.html") == frozenset(promises.PARTS)
    assert promises._said("no/such.html") == frozenset()
