"""What the supervision page asks and says: its filter, and a journal's line in words (MD-44, MD-45)."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import queries as accounts
from audit.models import AccessEntry, Entry, EventEntry, SecurityEntry
from audit.supervision import Wanted
from audit.words import EVENTS, KINDS, act_in_words
from consents.log import safe
from gdpr_requests.wording import role_in_words
from privacy.clocks import start_of
from records.reading import purpose_in_words

DAYS = 30
"""How far back the page looks unless asked."""

JOURNALS = (
    ("security", _("Sign-ins and factors")),
    ("access", _("Openings of files")),
    ("event", _("Creations, changes, deletions")),
)
AREAS: dict[str, str | Promise] = {
    "records": _("Patient files"),
    "care": _("Practices, teams and the portal"),
    "gdpr": _("Requests and exports"),
    "consents": _("Consents"),
    "lifecycle": _("Contracts, terms, holds and erasures"),
    "accounts": _("Accounts"),
    "directory": _("Public pages"),
    "subprocessors": _("Subprocessors"),
    "adapters": _("What leaves the house"),
    "audit": _("The office"),
}
"""What the first word of an event's name stands for, in the order of the list."""
HEADINGS = (
    "entry",
    "at",
    "what",
    "outcome",
    "account",
    "account_id",
    "role",
    "file",
    "purpose",
    "channel",
    "ip",
    "device",
)


JOURNAL_OF = {"kind": "security", "verb": "event"}
"""Which journal a choice of what happened belongs to."""


def happenings() -> list[tuple[Any, Any]]:
    """Everything that a line of the two journals can say, in words, by area; for a form."""
    return [("", _("Everything")), (dict(JOURNALS)["security"], _choices("kind", KINDS.known)), *_by_area()]


def _by_area() -> list[tuple[Any, Any]]:
    areas: dict[str, dict[str, Any]] = {area: {} for area in AREAS}
    for name, words in EVENTS.known.items():
        areas.setdefault(name.partition(".")[0].removesuffix("_requests"), {})[name] = words
    return [(AREAS.get(area, area), _choices("verb", names)) for area, names in areas.items() if names]


def _choices(prefix: str, names: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted(((f"{prefix}:{name}", str(words)) for name, words in names.items()), key=lambda one: one[1])


class Window(forms.Form):
    """A period and a person; empty fields don't filter."""

    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label=_("To, that day included"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    account = forms.CharField(label=_("Account (e-mail address or id)"), required=False, max_length=254)

    def clean_account(self) -> UUID | None:
        """The account that is meant. An address nobody has gets an error, not an empty list."""
        typed = str(self.cleaned_data["account"]).strip()
        if not typed:
            return None
        try:
            return UUID(typed)
        except ValueError:
            account = accounts.account_by_email(typed)
        if account is None:
            raise forms.ValidationError(_("No account has this address now. If it is gone, type the account's id."))
        return account.pk

    def clean(self) -> dict[str, Any]:
        """The period goes forwards."""
        found = super().clean() or {}
        if found.get("since") and found.get("until") and found["since"] > found["until"]:
            self.add_error("until", _("This day comes before the first one. Turn them round."))
        return found


class Filter(Window):
    """Which lines of which journal to show."""

    field_order = ("journal", "what", "since", "until", "show", "account", "ip", "file")

    journal = forms.ChoiceField(label=_("Journal"), choices=JOURNALS, required=False)
    what = forms.ChoiceField(label=_("What happened"), choices=happenings, required=False)
    show = forms.ChoiceField(
        label=_("Sign-ins"),
        required=False,
        choices=[
            ("", _("Everything")),
            ("attempts", _("Attempts to sign in")),
            ("refused", _("Refused only")),
            ("ok", _("Successful only")),
        ],
    )
    ip = forms.GenericIPAddressField(label=_("Public IP address"), required=False)
    file = forms.UUIDField(label=_("Number of a file"), required=False)

    def clean(self) -> dict[str, Any]:
        """What happened stands in the journal that is asked; else the page would be empty and nobody would know why."""
        found = super().clean()
        journal = JOURNAL_OF.get(found.get("what", "").partition(":")[0])
        if journal and journal != (found.get("journal") or "security"):
            words = dict(JOURNALS)[journal]
            self.add_error(
                "what", _("This stands in another journal: choose “%(journal)s” above.") % {"journal": words}
            )
        return found

    def wanted(self, now: datetime) -> Wanted:
        """The question, with the last thirty days where no period is given. Ask after ``is_valid``."""
        said = self.cleaned_data
        today = timezone.localdate(now)
        until = (said.get("until") or today) + timedelta(days=1)
        since = said.get("since") or until - timedelta(days=DAYS)
        show = said.get("show") or ""
        return Wanted(
            journal=said.get("journal") or "security",
            since=start_of(since),
            until=start_of(until),
            outcome=show if show in ("ok", "refused") else "",
            only_attempts=bool(show),
            account_id=said.get("account"),
            ip=said.get("ip") or None,
            subject_id=said.get("file"),
            name=(said.get("what") or "").partition(":")[2],
        )


def lines(found: list[Entry]) -> Iterator[dict[str, Any]]:
    """The entries in words, with the addresses of the accounts that still exist, in one further query."""
    names = accounts.addresses(_concerned(found))
    for entry in found:
        account = _account(entry)
        yield {
            "entry": entry.pk,
            "at": entry.at,
            "what": what(entry),
            "outcome": getattr(entry, "outcome", ""),
            "account": names.get(account, "") if account else "",
            "account_id": account,
            "role": role_in_words(entry.actor_role),
            "file": getattr(entry, "subject_id", None),
            "purpose": purpose_in_words(entry.purpose) if isinstance(entry, AccessEntry) else "",
            "channel": entry.channel,
            "ip": getattr(entry, "ip", None),
            "device": getattr(entry, "user_agent", ""),
        }


def cells(found: list[Entry]) -> Iterator[list[str]]:
    """The entries as cells of a spreadsheet that none of them can make calculate."""
    for line in lines(found):
        moment: datetime = line["at"]
        told = {**line, "at": moment.isoformat()}
        yield [safe(str(told[name] if told[name] is not None else "")) for name in HEADINGS]


def what(entry: Entry) -> str:
    """What happened, in words."""
    if isinstance(entry, SecurityEntry):
        return KINDS.of(entry.kind)
    if isinstance(entry, AccessEntry):
        return act_in_words(entry.part, entry.action)
    return EVENTS.of(entry.verb) if isinstance(entry, EventEntry) else gettext("unknown")


def _concerned(found: Iterable[Entry]) -> set[UUID]:
    return {account for entry in found if (account := _account(entry))}


def _account(entry: Entry) -> UUID | None:
    return getattr(entry, "account_id", None) or entry.actor_id
