"""Which versions of the register are announced, which count, and what stands in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from privacy import subprocessors as law
from privacy.clocks import legal_day
from privacy.subprocessors import Closed, RegisterVersion, Subprocessor
from subprocessors.models import Announcement


@dataclass(frozen=True, slots=True)
class Coming:
    """A version that is announced and not in force yet, with the last day on which it can be objected to."""

    announcement: Announcement
    version: RegisterVersion

    @property
    def last_day(self) -> date:
        """The day before it takes effect."""
        return self.version.effective_on - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """One subprocessor on one day: its entry, since when it stands in the register, and whether something closes it."""

    entry: Subprocessor
    since: date
    closed: Closed | None
    closed_since: date | None


def announced(now: datetime) -> list[Announcement]:
    """What was announced until ``now``, the earlier version first."""
    return list(Announcement.objects.filter(at__lte=now).order_by("number"))


def public(now: datetime) -> list[RegisterVersion]:
    """The first version and what was announced since: what nobody was told of is nobody's business yet."""
    told = _told(now) if len(law.VERSIONS) > 1 else {}
    return [one for one in law.VERSIONS if one.number == 1 or one.number in told]


def counted() -> list[RegisterVersion]:
    """The versions that may count, each from its day on: announced as they stand, and long enough before.

    Asked whenever the register is read (``privacy.subprocessors.counted``): one query, none while there is one version. It needs no
    moment: an announcement makes a version count from a later day on, so that none of tomorrow changes what counts today.
    """
    told = {one.number: one for one in Announcement.objects.all()} if len(law.VERSIONS) > 1 else {}
    return [one for one in law.VERSIONS if one.number == 1 or _leaves_time(one, told.get(one.number))]


def in_force(now: datetime) -> RegisterVersion:
    """The register as it counts at ``now``. Raises :class:`privacy.subprocessors.NoRegister` before the first."""
    return law.register_at(legal_day(now))


def coming(now: datetime) -> Coming | None:
    """The change that can be objected to at ``now``, if there is one."""
    if len(law.VERSIONS) == 1:
        return None
    today, known = legal_day(now), {one.number: one for one in law.VERSIONS}
    found = [one for one in announced(now) if one.number in known and known[one.number].effective_on > today]
    return Coming(found[0], known[found[0].number]) if found else None


def standings(now: datetime) -> list[Standing]:
    """Every subprocessor of the register in force."""
    day, versions = legal_day(now), law.counted()
    return [
        Standing(
            one,
            _since(one.key, day, versions),
            law.why_closed(one.key, day, versions),
            law.closed_since(one.key, day, versions),
        )
        for one in law.register_at(day, versions).entries
    ]


def closures(now: datetime) -> dict[str, Standing]:
    """The subprocessors that something closes now, by key."""
    return {one.entry.key: one for one in standings(now) if one.closed}


def _since(key: str, day: date, versions: Sequence[RegisterVersion]) -> date:
    """The day since which it stands in the register without a gap."""
    since = day
    for version in reversed(law.until(day, versions)):
        if version.entry(key) is None:
            break
        since = version.effective_on
    return since


def _told(now: datetime) -> Mapping[int, Announcement]:
    return {one.number: one for one in announced(now)}


def _leaves_time(version: RegisterVersion, told: Announcement | None) -> bool:
    return (
        told is not None
        and told.effective_on == version.effective_on
        and version.effective_on >= law.earliest(legal_day(told.at))
    )
