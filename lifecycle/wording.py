"""Phases, acts and payments in words."""

from decimal import Decimal

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.access import Act
from lifecycle.phases import Phase
from lifecycle.states import Event, Name

PHASES: dict[Name, str | Promise] = {
    Name.NONE: _("No contract"),
    Name.TRIAL: _("Trial"),
    Name.GRACE: _("Seven days of grace"),
    Name.FREE_LISTING: _("Free listing"),
    Name.SUBSCRIBED: _("Subscribed"),
    Name.DELETION_PENDING: _("Deletion requested"),
    Name.CLOSED: _("Closed"),
}

ABOUT: dict[Name, str | Promise] = {
    Name.NONE: _("Nothing was begun for this account."),
    Name.TRIAL: _("Everything is open. What you enter stays, whatever you decide at the end."),
    Name.GRACE: _(
        "The trial or the subscription is over. For seven days everything stays open, so that you can decide."
    ),
    Name.FREE_LISTING: _(
        "Patient files, consultations and imports are closed. Every patient file is kept as you left it, and your profile stays in the directory if you allowed it."
    ),
    Name.SUBSCRIBED: _("Everything is open, until you end the subscription."),
    Name.DELETION_PENDING: _(
        "You asked for the deletion of this account. Patient files, consultations and imports are closed; nothing is deleted yet, and you can withdraw."
    ),
    Name.CLOSED: _("The moment of the deletion that was asked for has come."),
}

ACTS: dict[Act, str | Promise] = {
    Act.CARE: _("Patient files, consultations, measures, documents, imports"),
    Act.PRIVACY: _("Privacy centre: choices, logs and their downloads, access journal, register"),
    Act.ACCOUNT: _("Profile, password, second step, sessions"),
    Act.SUBSCRIPTION: _("This page"),
}

EVENTS: dict[Event, str | Promise] = {
    Event.TRIAL_STARTED: _("Trial begun"),
    Event.SUBSCRIBED: _("Subscribed"),
    Event.SUBSCRIPTION_ENDED: _("Subscription ended"),
}

PAYMENTS: dict[str, tuple[str | Promise, str]] = {
    "asked": (_("being prepared"), ""),
    "begun": (_("being prepared"), ""),
    "ordered": (_("to be paid"), "info"),
    "failed": (_("card refused"), "warn"),
    "pending": (_("on its way"), "info"),
    "expired": (_("not paid"), ""),
    "cancelled": (_("not paid"), ""),
    "paid": (_("paid"), "ok"),
    "partly_refunded": (_("given back in part"), ""),
    "refunded": (_("given back"), ""),
    "disputed": (_("disputed"), "warn"),
    "dispute_won": (_("paid"), "ok"),
    "dispute_lost": (_("taken back by the bank"), "warn"),
}
"""What a state of a payment is called, and its tone."""


def euros(cents: int) -> str:
    """An amount as people of the active language write it."""
    return f"{number_format(Decimal(cents) / 100, 2)}\N{NO-BREAK SPACE}€"


def line(phase: Phase) -> dict[str, object]:
    """What other pages say of the phase in one line (templates/lifecycle/line.html); a warning when time runs or ran out."""
    warn = phase.name in (Name.GRACE, Name.FREE_LISTING)
    return {
        "name": PHASES[phase.name],
        "about": ABOUT[phase.name],
        "last_day": phase.last_day,
        "warn": warn,
    }
