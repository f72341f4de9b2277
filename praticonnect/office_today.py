"""The office's start page: what runs against a clock, what is overdue, what waits; each counted by one query."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.credentials.queries import waiting
from care.tenancy import ALL, scope
from gdpr_requests.desk.queries import waiting_at
from gdpr_requests.duties.queries import standings
from lifecycle import runs
from lifecycle.breaches.queries import Breach, breaches
from lifecycle.holds.queries import to_review
from lifecycle.schedule.queries import open_versions, versions
from praticonnect.office_subprocessors import rows
from privacy.clocks import legal_day
from records.emergency import reviews_at


@dataclass(frozen=True, slots=True)
class Due:
    """One figure of the start page: how many, of what, and where to see them; ``late`` asks for somebody today."""

    number: int
    noun: str
    since: str
    url: str
    link: str
    late: bool = False

    @property
    def tone(self) -> str:
        """How loud it is."""
        return "danger" if self.late and self.number else "warn" if self.number else ""


@dataclass(frozen=True, slots=True)
class Running:
    """A breach of which the authority has to be told: whole hours left, and whether they are over."""

    breach: Breach
    hours: int
    late: bool


def running(now: datetime) -> list[Running]:
    """Breaches that aren't closed and of which the authority waits to be told, the nearest end first."""
    found = [one for one in breaches() if not (one.closed_at or one.told_at) and one.risk != "none"]
    found.sort(key=lambda one: one.deadline)
    return [Running(one, int(one.left(now).total_seconds() // 3600), one.is_late(now)) for one in found]


def due(now: datetime) -> list[Due]:
    """All figures, what is late before what waits before what is empty."""
    with scope(ALL):
        found = [*_people(now), *_keeping(now), *_house(now)]
    return sorted(found, key=lambda one: (not one.number, not one.late))


def _people(now: datetime) -> Iterator[Due]:
    desk, asked = reverse("admin:desk"), waiting_at(legal_day(now))
    yield Due(
        asked.overdue, ngettext("request is overdue", "requests are overdue", asked.overdue),
        _("Their last day has passed without an answer."), f"{desk}?stands=overdue", _("See the requests"), late=True,
    )  # fmt: skip
    yield Due(
        asked.soon, ngettext("request is due within a week", "requests are due within a week", asked.soon),
        _("Out of %(n)d that are open.") % {"n": asked.open}, f"{desk}?stands=open", _("See the requests"),
    )  # fmt: skip
    review = reviews_at(now)
    yield Due(
        review.waiting, ngettext("emergency opening to review", "emergency openings to review", review.waiting),
        _("%(n)d beyond its 72 hours.") % {"n": review.overdue}, reverse("admin:emergencies"), _("Review them"),
        late=bool(review.overdue),
    )  # fmt: skip
    locked = waiting().count()
    yield Due(
        locked, ngettext("locked account waits for new credentials", "locked accounts wait for new credentials", locked),
        _("Their people can't sign in until somebody has seen who they are."), reverse("admin:credentials"),
        _("See the accounts"),
    )  # fmt: skip


def _keeping(now: datetime) -> Iterator[Due]:
    holds = to_review(legal_day(now))
    yield Due(
        holds, ngettext("hold is overdue for its review", "holds are overdue for their review", holds),
        _("It holds all the same."), reverse("admin:holds"), _("See the holds"), late=True,
    )  # fmt: skip
    proposed = len(open_versions(versions()))
    yield Due(
        proposed, ngettext("changed schedule to approve", "changed schedules to approve", proposed),
        _("Nothing follows it before."), reverse("admin:schedule"), _("See the schedule"),
    )  # fmt: skip


def _house(now: datetime) -> Iterator[Due]:
    found = standings(legal_day(now))
    late, soon = sum(one.overdue for one in found), sum(one.soon for one in found)
    yield Due(
        late + soon,
        ngettext("certificate, audit or training due", "certificates, audits or trainings due", late + soon),
        _("%(late)d overdue, %(soon)d within 30 days.") % {"late": late, "soon": soon}, reverse("admin:duties"),
        _("See what is due"), late=bool(late),
    )  # fmt: skip
    ending = [one.tone for one in rows(now) if one.tone]
    yield Due(
        len(ending), ngettext("transfer loses its basis", "transfers lose their basis", len(ending)),
        _("Within 90 days, or it is over: then nothing goes there any more."), reverse("admin:subprocessors"),
        _("See the subprocessors"), late="danger" in ending,
    )  # fmt: skip
    stopped = runs.waiting().count()
    yield Due(
        stopped, ngettext("rule was stopped and asks you", "rules were stopped and ask you", stopped),
        _("Nothing of it is destroyed before."), reverse("admin:operations"), _("See the operations"), late=True,
    )  # fmt: skip
