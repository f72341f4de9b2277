"""The register, measured: public and announced (PC-90), and closed where no mechanism carries a transfer (PC-101)."""

from datetime import date, datetime, timedelta
from typing import Final

from accounts.access import Audience
from privacy import subprocessors as law
from privacy.clocks import legal_day
from privacy.declare import Category
from privacy.promises import Measure, promise
from privacy.subprocessors import Closed, RegisterVersion, Subprocessor
from subprocessors import queries
from subprocessors.access import ACCESS
from subprocessors.calendars import promises as _calendars  # noqa: F401 - PC-96
from subprocessors.papers import papers
from subprocessors.rooms import promises as _rooms  # noqa: F401 - PC-95

CHECKED: Final = "tests/subprocessors/test_promises.py"


@promise("PC-90", checked_by=CHECKED)
def the_register_is_public_whole_and_announced(now: datetime) -> Measure:
    """Its pages are open to everybody, each entry answers what Art. 28 asks, and nothing came into force unannounced."""
    version, day, known = queries.in_force(now), legal_day(now), papers()
    numbers = {one.number for one in law.counted()}
    figures = {
        "subprocessors": len(version.entries),
        "version_in_force": version.number,
        "versions": len(law.VERSIONS),
        "announcements": len(queries.announced(now)),
        "agreements_on_file": sum(bool(one.dpa_on or one.key in known) for one in version.entries),
        "pages_not_public": sorted(name for name, row in ACCESS.items() if row.audience is not Audience.PUBLIC),
        "incomplete_entries": [one.key for one in version.entries if not _answers(one)],
        "due_but_not_announced_in_time": [
            one.number for one in law.VERSIONS if one.effective_on <= day and one.number not in numbers
        ],
        "announcements_that_fit_no_version": sorted(_strays(now)),
        "faults_of_the_history": law.faults(law.VERSIONS),
    }
    broken = list(figures)[-5:]
    return Measure(bool(version.entries) and not any(figures[name] for name in broken), figures)


@promise("PC-101", checked_by=CHECKED)
def no_transfer_stands_without_a_mechanism(now: datetime) -> Measure:
    """Who transfers is open only while a mechanism counts, closes the day after, and health data have no way out of the EEA."""
    version, day = queries.in_force(now), legal_day(now)
    abroad = [one for one in version.entries if one.transfers]
    ends = {one.key: one.mechanism.expires_on for one in abroad if one.mechanism}
    figures = {
        "transfers": len(abroad),
        "ends": {key: end.isoformat() for key, end in ends.items()},
        "closed_now": sorted(queries.closures(now)),
        "open_without_a_mechanism": [
            one.key for one in abroad if not one.has_basis_on(day) and _why(one.key, version, day) is None
        ],
        "open_after_the_end": [
            key for key, end in ends.items() if _why(key, version, end + timedelta(days=1)) is not Closed.NO_MECHANISM
        ],
        "health_data_beyond_the_eea": [one.key for one in version.entries if _leaks(one)],
    }
    broken = list(figures)[-3:]
    return Measure(not any(figures[name] for name in broken), figures)


def _answers(one: Subprocessor) -> bool:
    """Whether somebody who reads the entry learns who, where, what for, which data, on what ground and what is on file."""
    said = (
        one.company,
        one.country in law.COUNTRIES,
        one.purpose,
        one.purposes,
        one.categories,
        one.opened_by,
        one.hosts,
    )
    return all(said) and bool(one.dpa_on or one.evidence)


def _strays(now: datetime) -> set[int]:
    """Announced versions that are gone from the register, or stand there with another day than was told."""
    days = {one.number: one.effective_on for one in law.VERSIONS}
    return {one.number for one in queries.announced(now) if days.get(one.number) != one.effective_on}


def _why(key: str, version: RegisterVersion, day: date) -> Closed | None:
    return law.why_closed(key, day, (version,))


def _leaks(one: Subprocessor) -> bool:
    carries = one.may_carry_health or Category.HEALTH in one.categories
    return carries and not all(host.region_in_eea for host in one.hosts)
