"""``manage.py retention schedule`` and ``simulate``: the rules, what stands under each, what will leave when."""

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from audit.actors import Actor
from lifecycle.schedule import actions, queries
from lifecycle.schedule.queries import Version
from lifecycle.schedule.redating import redate_all
from lifecycle.schedule.report import Report, report
from privacy.commandline import HouseCommand, fail
from privacy.forecast import Forecast, InThePast, Leaving, simulate
from privacy.refusals import Refused
from privacy.register import RetentionLine, retention_table
from privacy.retention_rules import Rule
from privacy.schedule import BadSchedule, Change, in_force, in_words


class Command(HouseCommand):
    """``schedule`` prints the rules, proposes other ones or puts them in force; ``simulate`` prints the future."""

    help = "Show the retention rules, and what will leave under them; propose and approve a changed schedule."

    def arguments(self, parser: CommandParser) -> None:
        """The verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="schedule|simulate")
        rules = self.verb(verbs, "schedule", "the retention rules and what stands under each")
        either = rules.add_mutually_exclusive_group()
        either.add_argument(
            "--propose", metavar="FILE", help="store a changed schedule (JSON); no clock follows it yet"
        )
        either.add_argument(
            "--approve", metavar="VERSION", type=int, help="put a proposed version in force and re-date every record"
        )
        future = self.verb(verbs, "simulate", "what would leave until a day, by rule and month; changes nothing")
        future.add_argument("--until", required=True, metavar="DATE", help="the last day asked for")

    def run(self, **options: Any) -> None:
        """Print the schedule, change it, or print the future."""
        if options["verb"] == "simulate":
            self.simulate(_day(options["until"]))
        elif options["propose"]:
            self.propose(options["propose"])
        elif options["approve"] is not None:
            self.approve(options["approve"])
        else:
            self.schedule()

    def propose(self, path: str) -> None:
        """Store the schedule in the file at ``path`` and print what it would change (NEW-05)."""
        by = Actor.operations("retention schedule")
        try:
            row = actions.propose(text=_text(path), by=by, now=self.now)
        except BadSchedule as wrong:
            fail(f"{path}: {wrong}")
        except Refused as refused:
            fail(str(refused))
        self.show(row.number, {"state": "proposed"})
        if not self.as_json:
            self.stdout.write(f"Nothing follows it yet: manage.py retention schedule --approve {row.number}")

    def approve(self, number: int) -> None:
        """Put version ``number`` in force and re-date every record (NEW-05)."""
        by = Actor.operations("retention schedule")
        version = queries.version(number)
        told = report(version, self.now) if version and version.is_open else None
        try:
            actions.approve(number=number, by=by, now=self.now)
        except Refused as refused:
            fail(str(refused))
        done = redate_all(by=by, now=self.now)
        self.show(number, {"state": "in force", "redated": done.done, "waiting": done.due - done.done}, told)

    def show(self, number: int, state: dict[str, object], told: Report | None = None) -> None:
        """Print a version, what it changes, and what leaves before and after."""
        version = queries.version(number)
        if version is None:
            fail(f"There is no version {number}")
        told = told or report(version, self.now)
        if self.as_json:
            self.print_json(version_as_dict(version) | state | report_as_dict(told))
            return
        self.stdout.write(f"Version {number} ({', '.join(f'{name}: {value}' for name, value in state.items())})")
        self.print_table(("rule", "part", "before", "after"), [_change_cells(change) for change in version.changes])
        self.stdout.write(f"Files that end later: {told.later}, earlier: {told.earlier}, as before: {told.same}")
        if told.lines:
            rows = [(f"{x.month:%Y-%m}", x.rule, x.kind, x.before, x.after) for x in told.lines]
            self.print_table(("month", "rule", "what", "before", "after"), rows)

    def schedule(self) -> None:
        """Print the rules."""
        lines = retention_table(rules=in_force().rules)
        if self.as_json:
            self.print_json([as_dict(line) for line in lines])
            return
        self.print_table(
            ("id", "category", "counts from", "lasts", "then", "article", "fields"),
            [_cells(line) for line in lines],
        )
        self.stdout.write(f"Version {in_force().number} of the schedule is in force")
        for version in queries.open_versions(queries.versions()):
            what = "; ".join(" ".join(map(str, _change_cells(change))) for change in version.changes)
            self.stdout.write(f"Version {version.schedule.number} is proposed: {what}")

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


def version_as_dict(version: Version) -> dict[str, object]:
    """A version for JSON: its number, digest, steps and changes."""
    approved = version.approved
    return {
        "version": version.schedule.number,
        "replaces": version.proposed.replaces,
        "sha256": version.proposed.sha256,
        "proposed_at": version.proposed.at.isoformat(),
        "approved_at": approved.at.isoformat() if approved else None,
        "shortens": version.shortens,
        "changes": [
            dict(zip(("rule", "part", "before", "after"), _change_cells(c), strict=True)) for c in version.changes
        ],
    }


def report_as_dict(told: Report) -> dict[str, object]:
    """Before and after for JSON: files that move, and by month and rule what leaves."""
    return {
        "files": {"later": told.later, "earlier": told.earlier, "same": told.same},
        "months": [
            {"month": f"{x.month:%Y-%m}", "rule": x.rule, "kind": x.kind, "before": x.before, "after": x.after}
            for x in told.lines
        ],
    }


def _change_cells(change: Change) -> tuple[str, str, str, str]:
    none = "0 days"
    return change.rule, change.part, in_words(change.before) or none, in_words(change.after) or none


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        fail(f"{path} can't be read: {wrong.strerror if isinstance(wrong, OSError) else 'it is no UTF-8 text'}")


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


def lasts(rule: Rule) -> str:
    """How long a rule keeps, in English words."""
    words = rule.lasts or in_words(rule.length) or ""
    return f"{words} ({in_words(rule.active)} active)" if rule.active else words


def _cells(line: RetentionLine) -> tuple[object, ...]:
    rule = line.rule
    anchor, then = rule.anchor.value, rule.then.value
    return (rule.id, rule.category, anchor, lasts(rule), then, rule.article, line.fields)
