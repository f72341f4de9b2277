"""Every sentence of the law and of the declarations is marked for the translators."""

import ast
from dataclasses import fields
from pathlib import Path

from privacy.consent_keys import INTEGRATIONS, KEYS
from privacy.promise_rows import ROWS
from privacy.purposes import BASES, PURPOSES
from privacy.recipients import RECIPIENTS
from privacy.register import CATEGORIES, COMMON_SAFEGUARDS, REGISTER_TITLES, SEALED_SAFEGUARD, SUBJECTS
from privacy.registry import declared_tables
from privacy.retention_rules import RULES, Anchor, Disposal
from privacy.subprocessors import CLOSED, COUNTRIES, KINDS, VERSIONS
from privacy.wording import Sentence

ROOT = Path(__file__).parents[2]
SHOWN = {"category", "reason", "open_reason", "lasts", "title", "purpose_text", "turning_on", "turning_off"}
OF_A_SUBPROCESSOR = ("purpose", "opened_by", "certification", "evidence")


def marked() -> set[str]:
    """Every text that stands in a call of ``_`` in the declarations and in privacy/."""
    files = [*ROOT.glob("*/*_data.py"), *ROOT.glob("*/*/personal_data.py"), *ROOT.glob("privacy/*.py")]
    return {
        argument.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }


def shown(*rows: object) -> set[str]:
    """The texts of ``rows`` that people read."""
    texts = {getattr(row, field.name) for row in rows for field in fields(row) if field.name in SHOWN}
    return texts - {""}


def test_every_declared_table_is_described_in_marked_words() -> None:
    assert {table.about for table in declared_tables()} - marked() == set()


def test_every_sentence_of_the_law_is_marked() -> None:
    texts = shown(*RULES.values(), *KEYS.values(), *INTEGRATIONS, *ROWS.values(), *BASES.values())
    tables = {*PURPOSES.values(), *SUBJECTS.values(), *CATEGORIES.values(), *REGISTER_TITLES.values()}
    names = {recipient.name for recipient in RECIPIENTS}
    rest = {*Anchor, *Disposal, *COMMON_SAFEGUARDS, SEALED_SAFEGUARD, *(row.section for row in ROWS.values())}
    assert (texts | tables | names | rest) - marked() == set()


def test_every_sentence_of_the_register_of_subprocessors_is_marked() -> None:
    rows = [one for version in VERSIONS for one in version.entries]
    said = {getattr(one, name) for one in rows for name in OF_A_SUBPROCESSOR} - {""}
    assert (said | {*CLOSED.values(), *COUNTRIES.values(), *KINDS.values()}) - marked() == set()


def test_sentence_is_said_in_the_language_and_dates_of_its_reader() -> None:
    sentence = Sentence("%(days)d days", {"days": 3})
    assert sentence.say({"%(days)d days": "%(days)d jours"}.__getitem__) == "3 jours"
