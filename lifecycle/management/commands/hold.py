"""``manage.py hold place FILE_ID``, ``hold lift HOLD_ID`` and ``hold list``: legal holds (LAW-03)."""

from datetime import date
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.holds import queries
from lifecycle.holds.actions import lift_hold, place_hold
from lifecycle.holds.queries import OpenedHold
from lifecycle.models import Ground, Hold
from privacy.clocks import legal_day
from privacy.commandline import HouseCommand, fail
from privacy.refusals import Refused
from records.models import PatientFile


class Command(HouseCommand):
    """Operations place, lift and list holds by the actions of the office's pages."""

    help = "Place, lift and list the holds that keep patient files beyond their term."

    def arguments(self, parser: CommandParser) -> None:
        """The three verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        place = self.verb(verbs, "place", "keep a file, whatever its clocks say")
        place.add_argument("file_id", metavar="FILE_ID")
        place.add_argument("--case", required=True, metavar="TEXT", help="the case; stored sealed")
        place.add_argument("--why", required=True, metavar="TEXT", help="the reason; stored sealed")
        place.add_argument("--review", required=True, metavar="DATE", help="day of review, within a year")
        place.add_argument(
            "--ground", choices=Ground.values, default=Ground.DISPUTE.value, help="dispute, if not given"
        )
        lift = self.verb(verbs, "lift", "end a hold; the file's clocks get the held days back")
        lift.add_argument("hold_id", metavar="HOLD_ID")
        lift.add_argument("--why", required=True, metavar="TEXT", help="the reason; stored sealed")
        listed = self.verb(verbs, "list", "the holds that are on")
        listed.add_argument("--all", action="store_true", help="lifted ones too")

    def run(self, **options: Any) -> int:
        """Do it; wrong use leaves with code 2 and one line."""
        by = Actor.operations(f"hold {options['verb']}")
        with scope(ALL):
            if options["verb"] == "list":
                self.list(queries.opened(queries.every() if options["all"] else queries.live(), by=by, now=self.now))
            elif options["verb"] == "place":
                self.show(self.place(options, by), "placed")
            else:
                self.show(self.lift(options, by), "lifted")
        return 0

    def place(self, options: dict[str, Any], by: Actor) -> Hold:
        """Place a hold, or leave with the line that says why not."""
        file_id, review_on = _id(options["file_id"], "file"), _day(options["review"])
        try:
            return place_hold(
                file_id=file_id, ground=options["ground"], case=options["case"], why=options["why"],
                review_on=review_on, by=by, now=self.now,
            )  # fmt: skip
        except PatientFile.DoesNotExist:
            fail(f"There is no patient file {file_id}; check the id")
        except Refused as refused:
            fail(str(refused.refusal.message))

    def lift(self, options: dict[str, Any], by: Actor) -> Hold:
        """Lift a hold, or leave with the line that says why not."""
        hold_id = _id(options["hold_id"], "hold")
        try:
            return lift_hold(hold_id=hold_id, why=options["why"], by=by, now=self.now)
        except Hold.DoesNotExist:
            fail(f"There is no hold {hold_id}; `manage.py hold list --all` shows all of them")
        except Refused as refused:
            fail(str(refused.refusal.message))

    def show(self, hold: Hold, word: str) -> None:
        """Say what was done, and whether the file is still held."""
        others = queries.holds_on([hold.file_id]).exclude(pk=hold.pk).count()
        if self.as_json:
            self.print_json({"id": hold.pk, "file": hold.file_id, "done": word, "other_holds_on_file": others})
            return
        self.stdout.write(f"Hold {hold.pk} on file {hold.file_id} is {word}; other holds on it: {others}")

    def list(self, holds: list[OpenedHold]) -> None:
        """Print the holds; those whose review is overdue say so."""
        today = legal_day(self.now)
        if self.as_json:
            self.print_json([_as_dict(hold, today) for hold in holds])
            return
        self.print_table(
            ("hold", "file", "ground", "case", "placed", "review", "lifted"),
            [
                (
                    one.row.pk, one.row.file_id, one.row.ground, one.case, one.clock.placed_on,
                    f"{one.row.review_on} {'overdue' if _overdue(one, today) else ''}",
                    one.clock.lifted_on or "",
                )
                for one in holds
            ],
        )  # fmt: skip


def _as_dict(one: OpenedHold, today: date) -> dict[str, object]:
    hold = one.row
    return {
        "id": hold.pk,
        "file": hold.file_id,
        "ground": hold.ground,
        "case": one.case,
        "why": one.why,
        "placed_at": hold.placed_at.isoformat(),
        "placed_by": hold.placed_by_id,
        "placed_role": hold.placed_role,
        "review_on": hold.review_on,
        "overdue": _overdue(one, today),
        "lifted_at": hold.lifted_at.isoformat() if hold.lifted_at else None,
        "lifted_why": one.lifted_why or None,
    }


def _overdue(one: OpenedHold, today: date) -> bool:
    return one.row.is_live and one.row.review_on < today


def _id(text: str, what: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        fail(f"{text!r} is no {what} id; it looks like 0199f2a0-1111-7222-8333-444455556666")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no day; write it like 2027-03-31")
