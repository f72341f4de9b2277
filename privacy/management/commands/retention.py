"""``manage.py retention schedule`` and ``simulate``: the rules, what stands under each, what will leave when."""

from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from privacy.clocks import Period
from privacy.commandline import HouseCommand, fail
from privacy.forecast import Forecast, InThePast, Leaving, simulate
from privacy.register import RetentionLine, retention_table
from privacy.retention_rules import Rule


class Command(HouseCommand):
    """``schedule`` prints the rules, ``simulate`` the future; nothing here changes anything."""

    help = "Show the retention rules, and what will leave under them."

    def arguments(self, parser: CommandParser) -> None:
        """The verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="schedule|simulate")
        self.verb(verbs, "schedule", "the retention rules and what stands under each")
        future = self.verb(verbs, "simulate", "what would leave until a day, by rule and month; changes nothing")
        future.add_argument("--until", required=True, metavar="DATE", help="the last day asked for")

    def run(self, **options: Any) -> None:
        """Print the schedule, or the future."""
        if options["verb"] == "schedule":
            self.schedule()
        else:
            self.simulate(_day(options["until"]))

    def schedule(self) -> None:
        """Print the rules."""
        lines = retention_table()
        if self.as_json:
            self.print_json([as_dict(line) for line in lines])
            return
        self.print_table(
            ("id", "category", "counts from", "lasts", "then", "article", "fields"),
            [_cells(line) for line in lines],
        )

    def simulate(self, until: date) -> None:
        """Print what leaves until ``until`` and what holds keep (NEW-04)."""
        try:
            future = simulate(until, self.now)
        except InThePast as refusal:
            fail(str(refusal))
        if self.as_json:
            self.print_json(future_as_dict(future))
            return
        self.stdout.write(
            f"From {future.today} until {future.until}: {future.total} leave, {future.total_held} are held"
        )
        for title, lines in (("leave", future.leaves), ("held", future.held)):
            if lines:
                rows = [(f"{line.month:%Y-%m}", line.rule, line.kind, line.count) for line in lines]
                self.stdout.write("")
                self.print_table(("month", "rule", "what", title), rows)


def future_as_dict(future: Forecast) -> dict[str, object]:
    """The forecast for JSON: lines by month and rule, held ones apart, and the totals of each rule."""
    return {
        "today": future.today,
        "until": future.until,
        "total": future.total,
        "total_held": future.total_held,
        "rules": [
            {"rule": rule, "kind": kind, "leaves": leaves, "held": held}
            for (rule, kind), (leaves, held) in future.by_rule().items()
        ],
        "leaves": [_line(line) for line in future.leaves],
        "held": [_line(line) for line in future.held],
    }


def _line(line: Leaving) -> dict[str, object]:
    return {"month": f"{line.month:%Y-%m}", "rule": line.rule, "kind": line.kind, "count": line.count}


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no day; write it like 2051-01-01")


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
