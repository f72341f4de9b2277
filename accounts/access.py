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
    PATIENT = auto()  # an account with a patient's side; the gate opens the practices of its live links
    AUTHORITY = auto()  # an agent named by an order; the gate opens the practices of the orders that run
    OFFICE = auto()  # DPO and operations, with a factor they hold


class Act(Enum):
    """What the page does; consents and phases close acts, not pages."""

    PUBLIC = auto()
    ACCOUNT = auto()
    PRIVACY = auto()  # open in every phase: rights can't be suspended
    PORTAL = auto()  # a patient's own pages: no practitioner's contract closes them
    CARE = auto()  # the core functions: closed without health_data_processing, and in free_listing
    SUBSCRIPTION = auto()  # seeing, beginning and ending the contract
    OFFICE = auto()


@dataclass(frozen=True)
class Access:
    """One row of the table."""

    audience: Audience
    act: Act
    right: str = ""
    """What a member of a practice's team needs for the page (``care.roles.Right``); empty: practitioners alone."""


OPEN = Access(Audience.PUBLIC, Act.ACCOUNT)
ENROLLING = Access(Audience.SIGNED_IN, Act.ACCOUNT)
OWN = Access(Audience.VERIFIED, Act.ACCOUNT)
PORTAL = Access(Audience.PATIENT, Act.PORTAL)

ACCESS: dict[str, Access] = {
    # The steps before a session exists: each asks allauth for its own place in the login.
    "account_login": OPEN,
    "account_signup": OPEN,
    "account_inactive": OPEN,
    "account_email_verification_sent": OPEN,
    "account_reset_password": OPEN,
    "account_reset_password_done": OPEN,
    "mfa_authenticate": OPEN,
    "mfa_login_webauthn": OPEN,
    "accounts:code": OPEN,
    "accounts:renew_password": OPEN,
    "accounts:lost": OPEN,
    "accounts:lost_sent": OPEN,
    "accounts:lost_confirm": OPEN,
    "accounts:issue": OPEN,
    "accounts:reset": OPEN,
    "accounts:reset_unproved": OPEN,
    "account_logout": OPEN,
    "set_language": OPEN,
    "accounts:patient_signup": OPEN,
    # Proof in a session that has none, or no longer: nothing else opens to it.
    "accounts:confirm": ENROLLING,
    # Closes, never opens: a session whose factor is gone may say so too.
    "accounts:lost_here": ENROLLING,
    "account_reauthenticate": ENROLLING,
    "mfa_reauthenticate": ENROLLING,
    "mfa_reauthenticate_webauthn": ENROLLING,
    # One's own account.
    "accounts:profile": OWN,
    "accounts:patient_start": OWN,
    "accounts:patient_identity": PORTAL,
    "accounts:security": OWN,
    "accounts:protect": OWN,
    "accounts:texts": OWN,
    "accounts:end_sessions": OWN,
    "usersessions_list": OWN,
    "account_email": OWN,
    "account_change_password": OWN,
    "account_set_password": OWN,
    "mfa_index": OWN,
    "mfa_activate_totp": OWN,
    "mfa_deactivate_totp": OWN,
    "mfa_view_recovery_codes": OWN,
    "mfa_generate_recovery_codes": OWN,
    "mfa_list_webauthn": OWN,
    "mfa_add_webauthn": OWN,
    "mfa_remove_webauthn": OWN,
    "mfa_edit_webauthn": OWN,
}
