"""``manage.py breach open/scope/people/decide/told/passwords/notify/close/list``: the breach register (GDPR Art. 33(5))."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from accounts.queries import account_by_email
from audit.actors import Actor
from care.tenancy import ALL, scope
from lifecycle.breaches import actions, queries
from lifecycle.breaches.queries import Breach
from lifecycle.models.breaches import Risk
from privacy.commandline import HouseCommand, fail
from privacy.refusals import Refused


class Command(HouseCommand):
    """Operations keep the register by the actions of the office's page."""

    help = "Keeps the breach register: its 72 hours, the people touched, who was told."

    def arguments(self, parser: CommandParser) -> None:
        """The verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        entered = self.verb(verbs, "open", "enter a breach; its 72 hours run from awareness on")
        entered.add_argument("--nature", required=True, metavar="TEXT", help="what happened; stored sealed")
        entered.add_argument(
            "--aware", metavar="MOMENT", help="when we became aware, as 2027-03-27T10:00+01:00; now, if not given"
        )
        entered.add_argument("--began", metavar="MOMENT", help="when it began, if known")
        scoped = self._of_breach(verbs, "scope", "say by whom files may have been read; scopes add up")
        scoped.add_argument("--account", metavar="EMAIL", default="")
        scoped.add_argument("--session", metavar="REF", default="", help="as the access journal names it")
        scoped.add_argument("--ip", metavar="ADDRESS", default="")
        scoped.add_argument("--since", required=True, metavar="MOMENT")
        scoped.add_argument("--until", metavar="MOMENT", help="now, if not given")
        self._of_breach(verbs, "people", "the files that were read, computed from the journal")
        decided = self._of_breach(verbs, "decide", "decide on the risk")
        decided.add_argument("--risk", required=True, choices=Risk.values)
        for name in ("why", "consequences", "measures"):
            decided.add_argument(f"--{name}", required=name == "why", default="", metavar="TEXT")
        told = self._of_breach(verbs, "told", "the authority was told")
        told.add_argument("--reference", required=True, metavar="NUMBER")
        told.add_argument("--delay", default="", metavar="TEXT", help="after 72 hours: why so late")
        self._of_breach(
            verbs, "passwords", "end the sessions of the accounts used; new passwords at their next sign-in"
        )
        self._of_breach(verbs, "notify", "tell whoever wasn't told yet, each once")
        closed = self._of_breach(verbs, "close", "close it")
        closed.add_argument("--why", required=True, metavar="TEXT")
        self.verb(verbs, "list", "all breaches, the latest first")

    def run(self, **options: Any) -> int:
        """Do it; wrong use leaves with code 2 and one line. 1: a deadline has passed."""
        verb, by = options["verb"], Actor.operations(f"breach {options['verb']}")
        try:
            shown = queries.breaches() if verb == "list" else [getattr(self, f"_{verb}")(options, by)]
        except Refused as refused:
            fail(str(refused.refusal.message))
        except queries.NoSuchBreach:
            fail(f"There is no breach {options['breach']}; `manage.py breach list` shows all of them")
        self._show(shown)
        return int(any(one.is_late(self.now) and not one.closed_at for one in shown))

    def _of_breach(self, verbs: Any, name: str, about: str) -> CommandParser:
        parser = self.verb(verbs, name, about)
        parser.add_argument("breach", type=_id, metavar="BREACH_ID")
        return parser

    def _open(self, options: dict[str, Any], by: Actor) -> Breach:
        aware, began = _moment(options["aware"]) or self.now, _moment(options["began"])
        return actions.open_breach(nature=options["nature"], aware_at=aware, began_at=began, by=by, now=self.now)

    def _scope(self, options: dict[str, Any], by: Actor) -> Breach:
        user = account_by_email(options["account"]) if options["account"] else None
        if options["account"] and user is None:
            fail(f"There is no account with the address {options['account']}; check its spelling")
        return actions.add_scope(
            breach_id=options["breach"], since=_moment(options["since"]) or self.now,
            until=_moment(options["until"]) or self.now, actor_id=user.pk if user else None,
            session_ref=options["session"], ip=options["ip"], by=by, now=self.now,
        )  # fmt: skip

    def _people(self, options: dict[str, Any], by: Actor) -> Breach:
        return queries.breach(options["breach"])

    def _decide(self, options: dict[str, Any], by: Actor) -> Breach:
        said = {name: options[name] for name in ("risk", "why", "consequences", "measures")}
        return actions.decide(breach_id=options["breach"], **said, by=by, now=self.now)

    def _told(self, options: dict[str, Any], by: Actor) -> Breach:
        said = {name: options[name] for name in ("reference", "delay")}
        return actions.authority_told(breach_id=options["breach"], **said, by=by, now=self.now)

    def _passwords(self, options: dict[str, Any], by: Actor) -> Breach:
        actions.ask_for_passwords(breach_id=options["breach"], by=by, now=self.now)
        return queries.breach(options["breach"])

    def _notify(self, options: dict[str, Any], by: Actor) -> Breach:
        actions.tell_people(breach_id=options["breach"], by=by, now=self.now)
        return queries.breach(options["breach"])

    def _close(self, options: dict[str, Any], by: Actor) -> Breach:
        return actions.close_breach(breach_id=options["breach"], why=options["why"], by=by, now=self.now)

    def _show(self, shown: list[Breach]) -> None:
        with scope(ALL):
            found = [_as_dict(one, self.now) for one in shown]
        if self.as_json:
            self.print_json(found)
            return
        names = ("id", "aware_at", "deadline", "hours_left", "people", "risk", "authority_told_at", "closed_at")
        self.print_table(names, [[one[name] if one[name] is not None else "" for name in names] for one in found])


def _as_dict(one: Breach, now: datetime) -> dict[str, Any]:
    found = queries.touched(one)
    return {
        "id": one.id, "aware_at": one.aware_at.isoformat(), "deadline": one.deadline.isoformat(),
        "hours_left": round(one.left(now).total_seconds() / 3600, 1), "late": one.is_late(now), "risk": one.risk or None,
        "people": len(found.files), "files": found.files, "practices": len(found.practices),
        "accounts": found.accounts, "readings": found.readings, "notices": queries.notices(one.id),
        "authority_told_at": one.told_at and one.told_at.isoformat(), "closed_at": one.closed_at and one.closed_at.isoformat(),
    }  # fmt: skip


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        fail(f"{text!r} is no breach id; it looks like 0199f2a0-1111-7222-8333-444455556666")


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{text!r} is no moment; write it like 2027-03-27T10:00+01:00")
    if found.tzinfo is None:
        fail(f"{text} has no time zone; add one, such as +01:00 or Z")
    return found
