"""The register in the reader's words: for the page, the office, the feed and the comparison of two versions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _

from privacy.closures import in_words
from privacy.days import written
from privacy.declare import Category
from privacy.register import CATEGORIES
from privacy.subprocessors import COUNTRIES, KINDS, Mechanism, RegisterVersion, Subprocessor
from subprocessors.queries import Standing


@dataclass(frozen=True, slots=True)
class Prose:
    """A version of the register as a text that can be held against another."""

    number: int
    effective_on: date
    content: str


def where(one: Subprocessor) -> str:
    """The company and its country."""
    return f"{one.company}, {_(COUNTRIES[one.country])}"


def what(one: Subprocessor) -> str:
    """The kinds of data that reach it."""
    lacking = set(Category) - one.categories
    if not lacking:
        return _("every kind of data the service keeps")
    if lacking == {Category.HEALTH}:
        return _("every kind of data the service keeps, but no health data")
    return ", ".join(_(words) for category, words in CATEGORIES.items() if category in one.categories)


def transfer_in_short(one: Subprocessor) -> str:
    """The same in a few words: where company and servers are decides, and they may differ."""
    if not one.transfers:
        return _("stays in the EEA")
    if all(host.region_in_eea for host in one.hosts):
        return _("company outside the EEA, servers inside")
    return _("transfer outside the EEA")


def transfer(one: Subprocessor) -> str:
    """Whether data leave the European Economic Area, computed from company and hosts."""
    if not one.transfers:
        return _("None: company and servers are in the European Economic Area.")
    if all(host.region_in_eea for host in one.hosts):
        return _("The servers are in the European Economic Area, the company is outside.")
    return _("Servers outside the European Economic Area receive these data.")


def mechanism(one: Mechanism) -> str:
    """What a transfer rests on, since when and until when."""
    said = {"kind": _(KINDS[one.kind]), "since": written(one.checked_on), "until": written(one.expires_on)}
    return _("%(kind)s: checked on %(since)s, counts until %(until)s") % said


def agreement(one: Subprocessor, paper: date | None = None) -> str:
    """What is on file of the agreement under Art. 28; ``paper``: the day of the document that the office keeps.

    A demo's documents are made up, and never shown without saying so.
    """
    signed = paper or one.dpa_on
    if paper and settings.DEMO:
        return _("On file, of %(day)s: a made-up document, since this is a demo.") % {"day": written(paper)}
    return _("On file, of %(day)s.") % {"day": written(signed)} if signed else _(one.evidence)


def closed(standing: Standing) -> str:
    """Since when it is closed and why, in one line; empty while it is open."""
    if standing.closed is None:
        return ""
    return in_words(standing.closed, standing.closed_since)


def prose(version: RegisterVersion) -> Prose:
    """A version of the register as a text, one heading a subprocessor."""
    parts = [
        f"## {one.name}\n" + "".join(f"- {label}: {text}\n" for label, text in _lines(one)) for one in version.entries
    ]
    return Prose(version.number, version.effective_on, "\n" + "\n".join(parts))


def _lines(one: Subprocessor) -> Iterator[tuple[str, str]]:
    yield _("Who and where"), where(one)
    yield _("What for"), _(one.purpose)
    yield _("Which data"), what(one)
    yield _("What opens it"), _(one.opened_by)
    yield _("Transfer"), transfer(one)
    for each in one.mechanisms:
        yield _("Rests on"), mechanism(each)
    yield _("Certification"), _(one.certification) if one.certification else _("none on file")
    yield _("Agreement (Art. 28)"), agreement(one)
    for host in one.hosts:
        yield _("Server"), host.name
