"""Whether a way out is open at all, whoever asks: the register, a setting, the office's switch, the breaker (PC-101)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

from adapters import breaker
from adapters.calls import AnyCall
from adapters.faults import Closed
from adapters.grounds import Ground, Necessary, NoGround, must_be_genuine
from adapters.models import Switch
from privacy.clocks import legal_day
from privacy.payers import Payer, is_payer, payer
from privacy.refusals import Refusal
from privacy.subprocessors import CLOSED, Host, Subprocessor, entry, why_closed

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
"""Where a stand-in may listen; never in production."""


Receiver = Subprocessor | Payer
"""Who may be sent something: whoever processes it for us, or a payer, who is told it in its own right."""


def stand_ins_play() -> bool:
    """Whether calls go to stand-ins of this machine."""
    return bool(settings.STAND_INS) and not settings.PRODUCTION


def by_register(subprocessor: str, now: datetime) -> Closed | None:
    """Closed by the register itself: no entry, not in force yet, or a transfer without a live mechanism (PC-101)."""
    if is_payer(subprocessor):
        known = payer(subprocessor, legal_day(now), made_up=stand_ins_play())
        return None if known else Closed(subprocessor, "register", _("it doesn't stand in the list of payers"))
    why = why_closed(subprocessor, legal_day(now))
    return Closed(subprocessor, "register", _(CLOSED[why])) if why else None


def by_setting(subprocessor: str, *, needs_credentials: bool = True) -> Closed | None:
    """Off by PRATICONNECT_ADAPTERS_OFF, or for want of a credential."""
    block: Mapping[str, Any] = settings.ADAPTERS.get(subprocessor, {"off": True, "credentials": {}})
    if block["off"]:
        return Closed(subprocessor, "setting", _("switched off by a setting"))
    missing = [name for name, value in block["credentials"].items() if not value]
    if missing and needs_credentials:
        return Closed(subprocessor, "credentials", _("not set up: %(names)s") % {"names": ", ".join(missing)})
    return None


def by_office(subprocessor: str) -> Closed | None:
    """Switched off in the office."""
    switch = Switch.objects.filter(subprocessor=subprocessor, on_at=None).first()
    return Closed(subprocessor, "office", switch.reason) if switch else None


def require_open(subprocessor: str, now: datetime, *, needs_credentials: bool = True) -> None:
    """Raises :class:`Closed` unless something may go there now. After it, the caller tries: a resting way lets one through.

    For whoever calls out next, and nobody else: pages and rules ask :func:`why_shut`, which takes the one try from nobody.
    ``needs_credentials`` False: mail and storage have settings of their own.
    """
    if closed := _shut(subprocessor, now, needs_credentials=needs_credentials):
        raise closed
    if until := breaker.resting_until(subprocessor, now):
        raise _resting(subprocessor, until)


def why_shut(subprocessor: str, now: datetime) -> Closed | None:
    """What closes a way now, for whoever shows it or queues a message; None when something could go there. Only looks."""
    if closed := _shut(subprocessor, now):
        return closed
    until = breaker.rests_until(subprocessor, now)
    return _resting(subprocessor, until) if until else None


def _shut(subprocessor: str, now: datetime, *, needs_credentials: bool = True) -> Closed | None:
    by_us = by_setting(subprocessor, needs_credentials=needs_credentials)
    return by_register(subprocessor, now) or by_us or by_office(subprocessor)


def _resting(subprocessor: str, until: datetime) -> Closed:
    return Closed(subprocessor, "breaker", _("resting after failures in a row"), until)


def registered(subprocessor: str, now: datetime) -> Receiver:
    """Its row in the register or among the payers. Raises :class:`Closed` where none counts now, or what is there is shut."""
    if closed := by_register(subprocessor, now):
        raise closed
    day = legal_day(now)
    listed = payer(subprocessor, day, made_up=stand_ins_play()) if is_payer(subprocessor) else None
    return listed or entry(subprocessor, day)


def known_host(subprocessor: str, hostname: str, now: datetime) -> tuple[Receiver, Host]:
    """The register's rows of a host. Raises :class:`Closed` for one that the register doesn't have for this subprocessor."""
    found = registered(subprocessor, now)
    if (host := found.host(hostname)) is None:
        raise Closed(subprocessor, "register", _("the register doesn't know this host"))
    return found, host


def require_ground(call: AnyCall, ground: Ground, found: Receiver, now: datetime) -> None:
    """Ask the ground now, and whether it reaches this subprocessor with this data. Raises ``Refused``, TypeError."""
    must_be_genuine(ground)
    ground.check(now)
    if isinstance(ground, Necessary):
        ground.covers(call.subprocessor, call.categories)
    elif ground.name.rpartition("+")[2] not in found.switches:
        raise NoGround(Refusal("wrong_subprocessor", _("This consent isn't one for this service.")))
    if call.categories - found.categories:
        raise NoGround(Refusal("wrong_categories", _("The register doesn't have this service process such data.")))
