"""Where the moments of a retention clock lie on its drawing; all in per cent of the width, mirrored for right-to-left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Protocol

from django.utils.timesince import timeuntil
from django.utils.translation import get_language_bidi, pgettext
from django.utils.translation import gettext as _

from privacy.days import written

OPEN_END = timedelta(days=365)


class Hold(Protocol):
    """Something that stops the clock from ending: a legal hold, a restriction. `until` None: until it is lifted."""

    @property
    def label(self) -> str: ...
    @property
    def since(self) -> date: ...
    @property
    def until(self) -> date | None: ...


@dataclass(frozen=True)
class Row:
    """One line of the table beside the drawing."""

    name: str
    day: str
    why: str


@dataclass(frozen=True)
class Bar:
    """One hold on the drawing."""

    x_since: str
    x_until: str


@dataclass(frozen=True)
class ClockLine:
    """Start, today and end of one retention clock, with the holds on it."""

    start: date
    today: date
    end: date | None
    label: str
    start_why: str = ""
    end_why: str = ""
    held: tuple[Hold, ...] = ()
    active_until: date | None = None
    """The last day in daily use; what follows, until the end, is the archive."""

    @cached_property
    def archive_from(self) -> date | None:
        """The first day in the archive; None where nothing is archived before the end."""
        if self.active_until is None or (self.end is not None and self.active_until >= self.end):
            return None
        return self.active_until + timedelta(days=1)

    @property
    def is_archived(self) -> bool:
        """Whether today lies in the archive part."""
        return self.archive_from is not None and self.archive_from <= self.today and not self.over

    @cached_property
    def last(self) -> date:
        """The day at the end of the drawing: the end, or beyond it when a hold or today is later."""
        days = [hold.until or self.today + OPEN_END for hold in self.held]
        return max([self.end or self.today + OPEN_END, self.today, *days])

    @property
    def over(self) -> bool:
        """Whether the end has passed."""
        return self.end is not None and self.end < self.today

    @cached_property
    def is_held(self) -> bool:
        """Whether a hold is on today."""
        return any(hold.since <= self.today and (hold.until is None or hold.until >= self.today) for hold in self.held)

    @property
    def remaining(self) -> str:
        """The one sentence a reader needs: when it ends, or why not."""
        if self.is_held:
            return _("Held: nothing leaves while the hold lasts")
        if self.end is None:
            return _("No end is set yet")
        if self.over:
            return _("Ended on %(day)s") % {"day": written(self.end)}
        return _("Ends on %(day)s, in %(span)s") % {
            "day": written(self.end),
            "span": timeuntil(self.end, self.today, depth=1),
        }

    def x(self, day: date) -> str:
        """The place of a day, as an SVG percentage."""
        length = max((self.last - self.start).days, 1)
        share = min(max((day - self.start).days / length, 0), 1) * 98 + 1
        return f"{100 - share if get_language_bidi() else share:.2f}%"

    @cached_property
    def x_start(self) -> str:
        return self.x(self.start)

    @cached_property
    def x_today(self) -> str:
        return self.x(self.today)

    @cached_property
    def x_end(self) -> str:
        return self.x(self.end or self.last)

    @property
    def x_archive(self) -> str:
        """Where the archive begins."""
        return self.x(self.archive_from) if self.archive_from else ""

    @property
    def today_anchor(self) -> str:
        """Which side of "Today" the word hangs on, so that it never leaves the drawing."""
        return self._anchor(self.today)

    @property
    def archive_anchor(self) -> str:
        """The same for "Archive"."""
        return self._anchor(self.archive_from or self.last)

    def _anchor(self, day: date) -> str:
        share = (day - self.start).days / max((self.last - self.start).days, 1)
        return "start" if share < 0.1 else "end" if share > 0.9 else "middle"

    @property
    def holds(self) -> list[Bar]:
        """The holds as bars under the line."""
        return [Bar(self.x(hold.since), self.x(hold.until or self.last)) for hold in self.held]

    @cached_property
    def rows(self) -> list[Row]:
        """The same as the drawing, in words, in the order of time."""
        end = written(self.end) if self.end else _("no end set")
        start = Row(_("Start"), written(self.start), self.start_why)
        now = Row(_("Today"), written(self.today), "")
        close = Row(_("End"), end, self.end_why)
        return [start, *self._middle(now, close), *map(self._row_of, self.held)]

    def _middle(self, now: Row, close: Row) -> list[Row]:
        """Today, the beginning of the archive and the end, in the order of time."""
        if self.archive_from is None:
            return [close, now] if self.over else [now, close]
        archive = Row(
            _("Archive"), _("from %(day)s") % {"day": written(self.archive_from)}, _("opened with a reason only")
        )
        if self.over:
            return [archive, close, now]
        return [archive, now, close] if self.is_archived else [now, archive, close]

    def _row_of(self, hold: Hold) -> Row:
        until = written(hold.until) if hold.until else _("it is lifted")
        return Row(
            _("Held"), _("%(since)s until %(until)s") % {"since": written(hold.since), "until": until}, hold.label
        )

    @property
    def sentence(self) -> str:
        """What the drawing says, for those who do not see it."""
        colon = pgettext("label before message", ": ")
        return "; ".join([self.label, *(f"{row.name}{colon}{row.day}" for row in self.rows)])
