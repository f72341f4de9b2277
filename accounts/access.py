"""Who may reach which page, and what act the page performs. One row per URL name; no row, no page.

Each app keeps its rows in ``<app>/access.py`` as ``ACCESS``; ``praticonnect.gate`` reads them all
and answers 404 for a URL that has none (deny by default).
"""

from dataclasses import dataclass
from enum import Enum, auto


class Audience(Enum):
    """Who may come in."""

    PUBLIC = auto()
    SIGNED_IN = auto()  # password given, second factor perhaps not yet: enrolment pages only
    VERIFIED = auto()  # any account with a second factor proven in this session
    PRACTITIONER = auto()
    OFFICE = auto()  # DPO and operations, with a factor they hold


class Act(Enum):
    """What the page does; consents and phases close acts, not pages."""

    PUBLIC = auto()
    ACCOUNT = auto()
    PRIVACY = auto()  # open in every phase: rights can't be suspended
    CARE = auto()  # the core functions: closed without health_data_processing
    OFFICE = auto()


@dataclass(frozen=True)
class Access:
    """One row of the table."""

    audience: Audience
    act: Act


ACCESS: dict[str, Access] = {}
