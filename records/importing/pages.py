"""What the import pages show: figures, steps and lines in words."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from records.models import ImportLine, ImportRun
from vault.handles import Handle

Outcome = ImportLine.Outcome
WORDS: Final[dict[str, str | Promise]] = {
    Outcome.CREATED: gettext_lazy("brought in"),
    Outcome.CHANGED: gettext_lazy("added to a file"),
    Outcome.KNOWN: gettext_lazy("already here"),
    Outcome.KEPT: gettext_lazy("kept whole"),
    Outcome.SKIPPED: gettext_lazy("left out"),
    Outcome.REFUSED: gettext_lazy("refused"),
}
TONES: Final[dict[str, str]] = {
    Outcome.CREATED: "ok", Outcome.CHANGED: "ok", Outcome.KNOWN: "", Outcome.KEPT: "info", Outcome.SKIPPED: "warn",
    Outcome.REFUSED: "danger",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the report with its texts."""

    row: ImportLine
    source: str
    path: str
    message: str

    @property
    def outcome(self) -> str:
        return str(WORDS.get(self.row.outcome, self.row.outcome))

    @property
    def tone(self) -> str:
        return TONES.get(self.row.outcome, "")


def shown_line(handle: Handle, row: ImportLine) -> ShownLine:
    """Open a line's texts with the key of its run."""
    return ShownLine(row, *(handle.read(row, name) or "" for name in ("source", "path", "message")))


def figures_of(run: ImportRun) -> list[tuple[int, str]]:
    """The figures of a run with their nouns, as many as were read."""
    words = {
        "patients": _("patients"), "consultations": _("consultations"), "documents": _("documents and notes"),
        "observations": _("observations"), "kept": _("kept whole"), "known": _("already here"),
        "skipped": _("left out"), "refused": _("refused"),
    }  # fmt: skip
    return [
        (run.figures.get(name, 0), word) for name, word in words.items() if run.figures.get(name) or name == "patients"
    ]


def steps_of_page(run: ImportRun) -> list[dict[str, str]]:
    """Where the person is: choose, check, bring in."""
    tried = run.state == ImportRun.State.DONE or not run.dry_run
    done = run.state == ImportRun.State.DONE and not run.dry_run
    return [
        {"name": _("Choose the files"), "state": "done"},
        {"name": _("Check what would happen"), "state": "done" if tried else "now"},
        {"name": _("Bring them in"), "state": "done" if done else "now" if tried else "next"},
    ]
