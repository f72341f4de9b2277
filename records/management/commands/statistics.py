"""``manage.py statistics publish`` and ``manage.py statistics budget``."""

from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from audit.actors import Actor
from privacy.clocks import legal_day
from privacy.commandline import HouseCommand, fail
from privacy.refusals import Refused
from records.statistics import actions, noise, queries
from records.statistics.noise import Loss
from records.statistics.periods import Quarter
from records.statistics.questions import QUESTIONS
from records.statistics.rules import CAP, why_not_publish


class Command(HouseCommand):
    """Publishes the newest settled quarter by the act that the schedule runs, and shows what it may tell."""

    help = "Publish the statistics of the practices that agree, and show the ledger of what they may tell."

    def arguments(self, parser: CommandParser) -> None:
        """The two verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="publish|budget")
        one = self.verb(verbs, "publish", "answer the questions of a quarter, once")
        one.add_argument("--quarter", metavar="YYYY-MM-DD", help="its first day; else the newest that is settled")
        one.add_argument("--dry-run", action="store_true", help="say what it would cost; computes and shows no figure")
        self.verb(verbs, "budget", "every publication with its cost, and what is left of the year")

    def run(self, **options: Any) -> None:
        """Publish, say what it would cost, or show the ledger."""
        if options["verb"] == "budget":
            return self.budget()
        quarter = self.quarter(options["quarter"])
        return self.would_publish(quarter) if options["dry_run"] else self.publish(quarter)

    def quarter(self, text: str | None) -> Quarter:
        """The quarter asked for."""
        try:
            return Quarter(date.fromisoformat(text)) if text else Quarter.last_settled(legal_day(self.now))
        except ValueError as wrong:
            fail(str(wrong))

    def publish(self, quarter: Quarter) -> None:
        """Publish, or print again what was published."""
        try:
            answers = actions.publish(quarter=quarter, by=Actor.operations("statistics publish"), now=self.now)
        except Refused as refused:
            fail(str(refused))
        if self.as_json:
            self.print_json({"quarter": quarter.name, "tables": {one.question: one.cells for one in answers}})
            return
        for one in answers:
            shown = sum(figures is not None for figures in one.cells.values())
            when = f"{one.published_at:%Y-%m-%d %H:%M}"
            self.stdout.write(
                f"{quarter.name} {one.question}: {shown} of {len(one.cells)} groups shown, published {when}"
            )

    def would_publish(self, quarter: Quarter) -> None:
        """What publishing would cost. No figure, no size of a group: a trial that showed them would be a publication."""
        asked = [question for question in QUESTIONS if queries.answer(question, quarter) is None]
        cost = sum((noise.loss_of(question) for question in asked), Loss())
        today = legal_day(self.now)
        spent = Loss(**queries.spent(today.year))
        refusal = why_not_publish(quarter, spent=spent, cost=cost, today=today) if asked else None
        told = {
            "quarter": quarter.name,
            "would_publish": [] if refusal else [question.name for question in asked],
            "refused": str(refusal.message) if refusal else None,
            "cost": {"epsilon": cost.epsilon, "delta": cost.delta},
            "spent": {"epsilon": spent.epsilon, "delta": spent.delta},
            "cap": {"epsilon": CAP.epsilon, "delta": CAP.delta},
        }
        if self.as_json:
            self.print_json(told)
        else:
            self.print_table(("what", "is"), [(name, str(value)) for name, value in told.items()])

    def budget(self) -> None:
        """The ledger, newest first."""
        year = legal_day(self.now).year
        spent = queries.spent(year)
        rows = [
            (Quarter(one.period).name, one.question, one.epsilon, one.delta, one.patient_epsilon, one.cohort_number)
            for one in queries.released()
        ]
        head = ("quarter", "question", "epsilon", "delta", "patient_epsilon", "cohort")
        if self.as_json:
            left = {"epsilon": CAP.epsilon - spent["epsilon"], "delta": CAP.delta - spent["delta"]}
            self.print_json(
                {
                    "year": year,
                    "spent": spent,
                    "left": left,
                    "releases": [dict(zip(head, r, strict=True)) for r in rows],
                }
            )
            return
        self.print_table(head, rows)
        self.stdout.write(
            f"{year}: epsilon {spent['epsilon']:.2f} of {CAP.epsilon:.2f}, delta {spent['delta']:.1e} of {CAP.delta:.1e}"
        )
