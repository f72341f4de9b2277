"""``manage.py training_set build``, ``list`` and ``show NUMBER``."""

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import CommandParser

from audit.actors import Actor
from privacy.commandline import FOUND, HouseCommand, fail
from privacy.refusals import Refused
from records.models import TrainingBuild
from records.training import queries
from records.training.checking import check
from records.training.drawing import drawn, locks_only
from records.training.keeping import keep
from records.training.queries import Set
from records.training.rules import LEAST

HEAD = ("set", "built", "patients", "texts", "members", "left", "file")


class Command(HouseCommand):
    """Builds a set by the two acts of the house, and shows what became of each. None of its verbs prints a text."""

    help = "Build a training set of consultation texts without names, and show what became of each. Dry unless told."

    def arguments(self, parser: CommandParser) -> None:
        """The three verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="build|list|show")
        one = self.verb(verbs, "build", "count whom both locks let in; with --execute, build a set")
        one.add_argument("--execute", action="store_true", help="build it; without this no file is opened")
        self.verb(verbs, "list", "every set, how many left since, and whether its file is there")
        one = self.verb(verbs, "show", "one set; with --check its file is looked through, and nothing printed of it")
        one.add_argument("number", type=int, help="number of the set")
        one.add_argument("--check", action="store_true", help="open the sealed file and look it through; journaled")

    def run(self, **options: Any) -> int | None:
        """Build, count, list or show."""
        if options["verb"] == "show":
            return self.show(options["number"], check_it=options["check"])
        if options["verb"] == "list":
            self.print_sets()
        elif options["execute"]:
            self.build()
        else:
            self.would_build()
        return None

    def would_build(self) -> None:
        """What both locks let in at this moment; which texts can be cleaned is known only once files are opened."""
        let_in, out = locks_only(self.now)
        told = {"let_in": let_in, "least": LEAST, "out": dict(out), "built": False}
        self.print_told(told)
        if not self.as_json:
            self.stdout.write("Nothing was opened or built; add --execute to build.")

    def build(self) -> None:
        """Draw, then keep: the second at its own moment, so that whoever withdrew meanwhile isn't kept."""
        by, began = Actor.operations("training_set build"), datetime.now(UTC)
        try:
            with drawn(by=by, now=self.now) as draw:
                build = keep(draw, by=by, now=self.now + (datetime.now(UTC) - began))
        except Refused as refused:
            fail(str(refused))
        self.print_told(self.line(self.of(build)))

    def print_sets(self) -> None:
        """All of them, newest first."""
        lines = [self.line(one) for one in queries.sets(queries.builds(), self.now)]
        if self.as_json:
            self.print_json(lines)
        else:
            self.print_table(HEAD, [[line[name] for name in HEAD] for line in lines])

    def show(self, number: int, *, check_it: bool) -> int | None:
        """One set with what stayed out; checked if told so, and then 1 where something is found."""
        build = queries.builds().filter(number=number).first()
        if build is None:
            fail(f"there is no training set {number}; manage.py training_set list shows those there are")
        told: dict[str, Any] = {
            **self.line(self.of(build)), "counts": build.counts, "sha256": build.sha256, "rules": build.rules,
        }  # fmt: skip
        findings: list[str] = []
        if check_it:
            try:
                findings = told["findings"] = check(build, by=Actor.operations("training_set show"), now=self.now)
            except Refused as refused:
                fail(str(refused))
        self.print_told(told)
        return FOUND if findings else None

    def print_told(self, told: dict[str, Any]) -> None:
        """As JSON, or as a table for people."""
        if self.as_json:
            self.print_json(told)
        else:
            self.print_table(("what", "is"), [(name, str(value)) for name, value in told.items()])

    def of(self, build: TrainingBuild) -> Set:
        """The set of one build."""
        return queries.sets([build], self.now)[0]

    def line(self, one: Set) -> dict[str, Any]:
        """What is said of a set: figures and moments."""
        end = getattr(one.build, "end", None)
        file = f"destroyed ({end.why})" if end else "closed" if one.over else "there"
        return {
            "set": one.build.number, "built": f"{one.build.built_at:%Y-%m-%d %H:%M}", "patients": one.build.patients,
            "texts": one.build.texts, "members": one.members, "left": one.left, "file": file,
        }  # fmt: skip
