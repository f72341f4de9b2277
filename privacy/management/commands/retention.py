"""``manage.py retention schedule``: the retention rules, and the data that stand under each."""

from typing import Any

from django.core.management.base import CommandParser

from privacy.clocks import Period
from privacy.commandline import HouseCommand
from privacy.register import RetentionLine, retention_table
from privacy.retention_rules import Rule


class Command(HouseCommand):
    """``schedule`` prints the rules; nothing here changes anything."""

    help = "Show the retention rules."

    def arguments(self, parser: CommandParser) -> None:
        """The verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="schedule")
        self.verb(verbs, "schedule", "the retention rules and what stands under each")

    def run(self, **options: Any) -> None:
        """Print the schedule."""
        lines = retention_table()
        if self.as_json:
            self.print_json([as_dict(line) for line in lines])
            return
        self.print_table(
            ("id", "category", "counts from", "lasts", "then", "article", "fields"),
            [_cells(line) for line in lines],
        )


def as_dict(line: RetentionLine) -> dict[str, object]:
    """One rule for JSON: periods in words, its law, and the data under it."""
    rule = line.rule
    return {
        "id": rule.id,
        "category": rule.category,
        "anchor": rule.anchor.value,
        "length": in_words(rule.length),
        "active": in_words(rule.active),
        "archive": in_words(rule.archive),
        "lasts": lasts(rule),
        "then": rule.then.value,
        "jurisdiction": rule.jurisdiction.value if rule.jurisdiction else None,
        "article": rule.article,
        "source": rule.source,
        "data": list(line.tables),
        "fields": line.fields,
    }


def in_words(period: Period | None) -> str | None:
    """A period in English ("20 years", "90 days"); none for a rule that has no fixed length."""
    if period is None or period == Period():
        return None
    units = (("year", period.years), ("month", period.months), ("day", period.days))
    return " ".join(f"{count} {unit}{'s' if count != 1 else ''}" for unit, count in units if count)


def lasts(rule: Rule) -> str:
    """How long a rule keeps, in English words."""
    words = rule.lasts or in_words(rule.length) or ""
    return f"{words} ({in_words(rule.active)} active)" if rule.active else words


def _cells(line: RetentionLine) -> tuple[object, ...]:
    rule = line.rule
    anchor, then = rule.anchor.value, rule.then.value
    return (rule.id, rule.category, anchor, lasts(rule), then, rule.article, line.fields)
