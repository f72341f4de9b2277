"""The table of docs/recipients.md, made from the classes, so that neither says what the other doesn't (MD-40)."""

from collections.abc import Sequence
from typing import Final

from django.utils import translation

from care.roles import RECIPIENTS

BEGIN: Final = "<!-- made by manage.py recipients_page -->"
END: Final = "<!-- end -->"


def with_recipients(text: str) -> str:
    """The page with its made part fresh. Raises ValueError when the marks are gone."""
    head, mark, rest = text.partition(BEGIN)
    _old, end, tail = rest.partition(END)
    if not (mark and end):
        raise ValueError(f"the page lacks {BEGIN} and {END}: put them back")
    return f"{head}{BEGIN}\n{_table()}{END}{tail}"


def _table() -> str:
    with translation.override("en"):
        lines = [
            f"| {role.name} (`{role.key}`) | {_list(role.ways_say()) or 'of no file'} | {_list(role.may_say()) or 'nothing'} |\n"
            for role in RECIPIENTS.values()
        ]
    return "| recipient | reads content | may |\n|---|---|---|\n" + "".join(lines)


def _list(words: Sequence[object]) -> str:
    return "; ".join(str(word) for word in words)
