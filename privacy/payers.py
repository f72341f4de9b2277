"""The payers that may be asked whether a patient is covered: recipients of their own right, not subprocessors (MD-73). Pure: no Django here.

A payer (a health fund, a complementary insurer) decides itself why and how it uses what it is told: it is a controller, so it stands in no
agreement under Art. 28 GDPR and not in the register of subprocessors. It stands here, version by version like that one: who, where,
which hosts, what it is told. Nothing is sent to a payer that isn't listed, and the public page shows the list.

The first version is empty: no payer has agreed yet to answer us. The made-up one below exists on a developer's machine only, where the
stand-ins play it; production doesn't know it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from privacy.declare import Category
from privacy.subprocessor_rows import Host
from privacy.wording import gettext_noop as _

TOLD: Final = frozenset({Category.IDENTITY})
"""What a payer is told: the membership number and the day of birth. No name, no practitioner, no reason, nothing of the file."""


@dataclass(frozen=True, slots=True)
class Payer:
    """One payer. ``base``: path of its FHIR R4 server on its first host. Texts are English sources."""

    key: str
    name: str
    company: str
    country: str
    in_eea: bool
    hosts: tuple[Host, ...]
    base: str
    purpose: str = _("To say whether a patient is covered on a day, when the practitioner asks")
    opened_by: str = _(
        "The number that the patient gave for this, and the management of their care (GDPR Art. 9(2)(h))"
    )
    categories: frozenset[Category] = TOLD
    switches: tuple[str, ...] = ()
    may_carry_health: bool = False

    def host(self, hostname: str) -> Host | None:
        """The row of a name to be called; None for a name that nobody registered."""
        return next((host for host in self.hosts if host.answers_to(hostname)), None)


@dataclass(frozen=True, slots=True)
class PayersVersion:
    """All payers from a day on."""

    number: int
    effective_on: date
    entries: tuple[Payer, ...]


VERSIONS: tuple[PayersVersion, ...] = (PayersVersion(1, date(2026, 5, 14), ()),)
"""The oldest first; never edited: a change is a new version."""

MADE_UP: Final = Payer(
    key="payer",
    name="Mutuelle des Exemples",
    company="Mutuelle des Exemples",
    country="FR",
    in_eea=True,
    hosts=(Host("payer.example.org", True),),
    base="/fhir/r4",
)
"""Played by the stand-ins; nobody's."""


def payers_at(day: date, *, made_up: bool = False) -> tuple[Payer, ...]:
    """Who may be asked on ``day``; with the made-up one where the stand-ins play."""
    held = [one for one in VERSIONS if one.effective_on <= day]
    listed = held[-1].entries if held else ()
    return (*listed, MADE_UP) if made_up and all(one.key != MADE_UP.key for one in listed) else listed


def payer(key: str, day: date, *, made_up: bool = False) -> Payer | None:
    """The payer ``key`` as it is listed on ``day``; None when it isn't."""
    return next((one for one in payers_at(day, made_up=made_up) if one.key == key), None)


def is_payer(key: str) -> bool:
    """Whether a key is or was one of a payer, in whichever version."""
    return key == MADE_UP.key or any(one.key == key for version in VERSIONS for one in version.entries)
