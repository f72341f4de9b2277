"""How long a rule keeps, in words for people (MD-05)."""

import pytest

from gdpr_requests.wording import lasts
from privacy.retention import RULES


@pytest.mark.parametrize(
    ("rule_id", "words"),
    [
        ("PC-41", "20 years"),
        ("PC-43", "1 year"),
        ("PC-48", "90 days"),
        ("PC-47", "until its legal value ends, with a day of review"),
        ("PC-49", "the contract or the medical term, whichever is longer"),
        ("PC-50", "at once, except what a law keeps"),
    ],
)
def test_rule_says_how_long_it_keeps(rule_id: str, words: str) -> None:
    assert lasts(RULES[rule_id]) == words


def test_no_rule_is_silent_about_how_long_it_keeps() -> None:
    assert [rule.id for rule in RULES.values() if not lasts(rule)] == []
