"""Health content has no text form, and a message no free text (PC-101, MD-46)."""

import copy
import json
import pickle
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.template import Context, Template

from adapters.content import Code, HealthText, Link, Name, Plain, Published, opened_towards, packed, unpacked
from adapters.grounds import NoGround
from privacy.subprocessor_rows import Host
from tests.test_house import ROOT
from vault.unsealed import Unsealed

WORDS = HealthText("asthma since 2019")
LINES = "tests.adapters.refused_by_types"
IN_EEA, OUTSIDE = Host("a.example.org", True), Host("b.example.org", False)


@pytest.mark.parametrize(
    "take",
    [
        str,
        "{}".format,
        lambda words: f"{words}",
        lambda words: f"{words!s:>10}",
        lambda words: "%s" % words,  # noqa: UP031 - this way, too
        lambda words: "".join([words]),
        lambda words: "a" + words,
        json.dumps,
        pickle.dumps,
        copy.copy,
        lambda words: Template("{{ words }}").render(Context({"words": words})),
        lambda words: Template("{{ words|safe }}").render(Context({"words": words})),
        lambda words: Template("{% autoescape off %}{{ words }}{% endautoescape %}").render(Context({"words": words})),
    ],
)
def test_health_content_becomes_text_nowhere(take: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError):
        take(WORDS)


def test_health_content_prints_as_nothing() -> None:
    assert (repr(WORDS), f"{[WORDS]}") == ("<HealthText>", "[<HealthText>]")


def test_health_content_opens_towards_a_registered_host_in_the_eea_only() -> None:
    assert opened_towards(WORDS, IN_EEA, may_carry_health=True) == "asthma since 2019"
    for host, may in ((OUTSIDE, True), (IN_EEA, False), (OUTSIDE, False)):
        with pytest.raises(NoGround):
            opened_towards(WORDS, host, may_carry_health=may)


def test_a_message_is_a_template_with_values_of_few_kinds(tmp_path: Any, settings: Any) -> None:
    (tmp_path / "code.txt").write_text("{{ code }} for {{ who }} until {{ day|date:'Y-m-d' }}: {{ link }}\n")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    link = f"{settings.SITE_URL}/accounts/"
    values = {"code": Code("123456"), "who": Name("Ada"), "day": date(2026, 11, 23), "link": Link(link)}
    assert str(Plain.from_template("code.txt", values, language="en")) == f"123456 for Ada until 2026-11-23: {link}"


@pytest.mark.parametrize("value", ["asthma", Unsealed("asthma"), WORDS, ["a"], {"a": 1}, b"a"])
def test_a_message_takes_no_free_text(value: Any) -> None:
    with pytest.raises(TypeError, match="may not go into a message"):
        Plain.from_template("code.txt", {"note": value}, language="en")


def test_values_come_back_from_json_as_they_were(settings: Any) -> None:
    values: dict[str, Any] = {
        "number": 3, "yes": True, "none": None, "sum": Decimal("12.50"), "day": date(2026, 11, 23), "hour": time(8, 5),
        "moment": datetime(2026, 11, 23, 8, 5, 1, 7, tzinfo=UTC), "name": Name("Ada"), "code": Code("123456"),
        "link": Link(f"{settings.SITE_URL}/a/"), "news": Published("New\nwords"),
    }  # fmt: skip
    assert unpacked(json.loads(json.dumps(packed(values)))) == values
    with pytest.raises(TypeError, match="note may not go"):
        packed({"note": WORDS})  # type: ignore[dict-item]


def test_a_message_isn_t_made_from_a_string() -> None:
    with pytest.raises(TypeError, match="made from a template"):
        Plain(object(), "asthma")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Name, "a\nb"),
        (Name, "x" * 121),
        (Name, "https://a.example"),
        (Link, "https://evil.example/"),
        (Link, "not a link"),
        (Code, "12 34"),
        (Code, "é1"),
        (Code, "1234567890123"),
    ],
)
def test_a_value_of_a_message_is_what_it_says(kind: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r"one short line|our own site|letters and digits"):
        kind(text)


@pytest.mark.parametrize("kind", [Name, Name.short, Link, Code, Published])
@pytest.mark.parametrize("cut", [lambda words: words, lambda words: words[:6], lambda words: words.split()[0]])
def test_words_of_a_file_become_no_value(
    kind: Callable[[str], object], cut: Callable[[str], str], settings: Any
) -> None:
    with pytest.raises(TypeError, match="never go into a message"):
        kind(cut(Unsealed(f"{settings.SITE_URL}/asthma 2019")))


def test_mypy_reads_the_lines_that_it_must_refuse() -> None:
    """Each of them is marked as refused, and a mark that is of no use is an error to mypy: so it has to read them, strictly."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    own = [one for one in rules["overrides"] if LINES in one["module"]]
    assert (rules["strict"], LINES in rules["modules"], own) == (
        True,
        True,
        [{"module": [LINES], "ignore_errors": False}],
    )
    text = (ROOT / f"{LINES.replace('.', '/')}.py").read_text()
    reached = (
        "resend.Mail",
        "bulkgate.Text",
        "mail.Letter",
        "mails.from_template",
        "sending.tell",
        "scell.Line",
        "HealthCall",
        "Call",
    )
    refused = [line for line in text.splitlines() if "# type: ignore[" in line]
    assert [name for name in reached if not any(line.strip().startswith(f"{name}(") for line in refused)] == []


def test_a_link_can_t_be_forged_by_a_longer_host() -> None:
    with pytest.raises(ValueError, match="our own site"):
        Link(settings.SITE_URL + ".evil.example/")
