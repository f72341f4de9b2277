"""What came of an import, in figures and line by line. It names files, paths and types, never what stands in them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from records.models import ImportLine

Outcome = ImportLine.Outcome

MAPPED: Final = ("patients", "consultations", "documents", "observations")
FIGURES: Final = (*MAPPED, "kept", "known", "skipped", "refused")
"""Every resource read is counted under exactly one of these (PC-123); `known` was brought by an earlier import."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report: what became of `count` resources at `path` of the file `source`."""

    source: str
    path: str
    outcome: str
    message: str = ""
    object_type: str = ""
    object_id: UUID | None = None
    file_id: UUID | None = None
    count: int = 1


@dataclass(slots=True)
class Report:
    """The figures and the lines of one or more files; add one to another with `add`."""

    lines: list[Line] = field(default_factory=list)
    figures: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    """How many of each type were kept because they have no field of their own."""

    def add(self, other: "Report") -> None:
        """Take over the figures and lines of another report."""
        self.lines.extend(other.lines)
        self.figures.update(other.figures)
        self.kept.update(other.kept)

    @property
    def errors(self) -> list[Line]:
        return [line for line in self.lines if line.outcome == Outcome.REFUSED]

    @property
    def skipped(self) -> list[Line]:
        return [line for line in self.lines if line.outcome in (Outcome.SKIPPED, Outcome.KNOWN)]

    def complete(self) -> bool:
        """True when every resource read is counted once as taken, kept, known, skipped or refused (PC-123)."""
        return is_complete(self.figures)

    def as_json(self, *, dry_run: bool) -> dict[str, Any]:
        """The stable form of design 3: add keys, never rename one."""
        return {
            "dry_run": dry_run,
            "files": self.figures["files"],
            "resources": self.figures["resources"],
            **{name: self.figures[name] for name in MAPPED},
            "notes": self.figures["notes"],
            "kept": dict(sorted(self.kept.items())),
            "kept_because": [_reasoned(line) for line in self.lines if line.outcome == Outcome.KEPT and line.path],
            "skipped": [_reasoned(line) for line in self.skipped],
            "errors": [{"file": e.source, "path": e.path, "message": e.message} for e in self.errors],
        }


def is_complete(figures: "Counter[str] | dict[str, int]") -> bool:
    """True when the resources read are as many as those taken, kept, known, skipped and refused (PC-123)."""
    return figures.get("resources", 0) == sum(figures.get(name, 0) for name in FIGURES)


def refusal(source: str, problems: Iterable[tuple[str, str]], resources: int = 0) -> Report:
    """The report of a file that isn't taken: one line for each place that has to be mended."""
    report = Report([Line(source, path, Outcome.REFUSED, message) for path, message in problems])
    report.figures.update(files=1, resources=resources, refused=resources)
    return report


def _reasoned(line: Line) -> dict[str, Any]:
    return {
        "file": line.source,
        "path": line.path,
        "type": line.object_type,
        "reason": line.message,
        "count": line.count,
    }
