"""The figures of the published policy, read back and compared with the law the code obeys. Pure.

A policy's tables stand in its dated text, so that a version stays what it was; this module says
where the version in force and the code have come apart (PC-24, the executable policy).
"""

import re
from collections.abc import Iterator
from datetime import date

from privacy.consent_keys import KEYS
from privacy.retention_rules import RULES, Rule
from privacy.subprocessors import COUNTRIES, register_at

RETENTION = re.compile(r"^<!-- retention: (.+) -->\n((?:\|.*\n)+)", re.MULTILINE)
CONSENTS = re.compile(r"^<!-- consents: (.+) -->\n((?:\|.*\n)+)", re.MULTILINE)
ARTICLE = re.compile(r"\((\d\.\d\.[a-z])\)")
SUBPROCESSORS = re.compile(r"^## (?:Who receives it|Qui reçoit vos données)\n\n.*\n\n((?:- .*\n)+)", re.MULTILINE)
HEAD_ROWS = 2

PLACES = {
    "en": COUNTRIES,
    "fr": {
        "FR": "France", "IE": "Irlande", "GR": "Grèce", "CZ": "République tchèque", "EU": "Union européenne",
        "US": "États-Unis",
    },
}  # fmt: skip
"""The countries as the policy names them; a text on file can't follow the catalogue of translations."""

WORDS = {
    "en": {
        "year": ("%d year", "%d years"),
        "month": ("%d month", "%d months"),
        "day": ("%d day", "%d days"),
        "split": "%s (%d in use, %d in the archive)",
        "at once": "at once",
        "clauses": "standard contractual clauses",
        "open": "until the legal value ends, reviewed every year",
    },
    "fr": {
        "year": ("%d an", "%d ans"),
        "month": ("%d mois", "%d mois"),
        "day": ("%d jour", "%d jours"),
        "split": "%s (%d en usage, %d en archive)",
        "at once": "aussitôt",
        "clauses": "clauses contractuelles types",
        "open": "jusqu’à la fin de la valeur légale, revue chaque année",
    },
}


def period_words(rule: Rule, language: str) -> str:
    """How long a rule keeps, in the words of the policy: "20 years (5 in use, 15 in the archive)"."""
    words = WORDS[language]
    if rule.length is None:
        return str(words["open"])
    counts = [("year", rule.length.years), ("month", rule.length.months), ("day", rule.length.days)]
    parts = [words[unit][count > 1] % count for unit, count in counts if count]
    said = ", ".join(parts) or str(words["at once"])
    if rule.active and rule.archive:
        return str(words["split"]) % (said, rule.active.years, rule.archive.years)
    return said


def disagreements(content: str, language: str, on: date) -> list[str]:
    """Where this policy says something else than the code does on a day; empty when they agree."""
    return [*_retention(content, language), *_consents(content), *_subprocessors(content, language, on)]


def figures(content: str) -> int:
    """How many figures of this policy are compared: one per row of its two tables."""
    return len(_rows(RETENTION, content)) + len(_rows(CONSENTS, content))


def _retention(content: str, language: str) -> Iterator[str]:
    rows = _rows(RETENTION, content)
    if not rows:
        yield "the policy has no retention table"
    for rule_id, cells in rows:
        wanted = period_words(RULES[rule_id], language) if rule_id in RULES else "no such rule"
        if cells[2:3] != [wanted]:
            yield f"{rule_id}: the policy says {cells[2:3]}, the code {wanted!r}"


def _consents(content: str) -> Iterator[str]:
    rows = _rows(CONSENTS, content)
    if [key for key, _ in rows] != list(KEYS):
        yield "the policy doesn't list the eight keys in their order"
    for key, cells in rows:
        found = ARTICLE.findall(cells[2]) if len(cells) > HEAD_ROWS else []
        if cells[:1] != [key] or key not in KEYS or found != [KEYS[key].basis.value]:
            yield f"{key}: the policy says {cells[:1]} on {found}, the code {KEYS[key].basis.value if key in KEYS else None}"


def _subprocessors(content: str, language: str, on: date) -> Iterator[str]:
    """The policy's own list has each subprocessor of the register once, with its country, and what a transfer rests on."""
    found = SUBPROCESSORS.search(content)
    lines = found.group(1).strip().split("\n") if found else []
    register = register_at(on).entries
    if len(lines) != len(register):
        yield f"the policy lists {len(lines)} subprocessors, the register {len(register)}"
    for one in register:
        own = [line for line in lines if line.startswith(f"- {one.name.split()[0]}")]
        named = len(own) == 1 and PLACES[language][one.country] in own[0].partition(":")[0]
        if not named or (not one.in_eea and WORDS[language]["clauses"] not in own[0]):
            yield f"{one.key}: the policy says {own}, the register {one.country} and {one.mechanisms}"


def _rows(table: re.Pattern[str], content: str) -> list[tuple[str, list[str]]]:
    """The rows under a marked table: the name the mark gives each, and its cells."""
    found = table.search(content)
    if found is None:
        return []
    names = found.group(1).split()
    lines = found.group(2).strip().split("\n")[HEAD_ROWS:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    if len(names) != len(cells):
        return []
    return list(zip(names, cells, strict=True))
