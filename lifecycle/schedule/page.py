"""The table of docs/retention.md, drawn from the rules that the code obeys."""

from privacy.retention_rules import RULES, Rule
from privacy.schedule import in_words

BEGIN, END = "<!-- rules: made by manage.py retention_page -->", "<!-- end of rules -->"


class NoPlace(ValueError):
    """The page has no place for the table: the two marks are missing."""


def with_rules(text: str) -> str:
    """``text`` with the table between its marks made anew. Raises NoPlace when a mark is missing."""
    before, mark, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not (mark and end):
        raise NoPlace(f"write {BEGIN} and {END} where the table belongs")
    return "\n".join([before + BEGIN, "", *_table(), "", END + after])


def _table() -> list[str]:
    rows = [f"| {' | '.join(_cells(rule))} |" for rule in RULES.values()]
    return [
        "| rule | what | counts from | in daily use | in all | then | law |",
        "|---|---|---|---|---|---|---|",
        *rows,
    ]


def _cells(rule: Rule) -> tuple[str, ...]:
    lasts = rule.lasts or in_words(rule.length) or ""
    active = in_words(rule.active) or ""
    return rule.id, rule.category, rule.anchor.value, active, lasts, rule.then.value, rule.article
