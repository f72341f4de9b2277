"""What the supervision page asks and says: its filter, and a journal's line in words (MD-44, MD-45)."""

from collections.abc import Iterable, Iterator
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
from consents.log import safe
from gdpr_requests.wording import role_in_words
from privacy.clocks import start_of
from records.reading import act_in_words, purpose_in_words

DAYS = 30
"""How far back the page looks unless asked."""

JOURNALS = (
    ("security", _("Sign-ins and factors")),
    ("access", _("Openings of files")),
    ("event", _("Creations, changes, deletions")),
)
SECURITY: dict[str, str | Promise] = {
    "login.ok": _("signed in"),
    "login.failed": _("wrong password"),
    "login.locked_out": _("not weighed: too many tries"),
    "factor.failed": _("wrong second factor"),
    "factor.used": _("second factor proven"),
    "factor.code_sent": _("code sent"),
    "factor.added": _("factor added"),
    "factor.removed": _("factor removed"),
    "factor.renewed": _("factor renewed"),
    "session.ended": _("session ended"),
    "session.timed_out": _("session timed out"),
    "session.client_changed": _("session changed its network or device"),
    "stepup.ok": _("confirmed that it is them"),
    "password.changed": _("password changed"),
    "password.reset": _("password reset"),
    "password.compromised": _("password found in a breach"),
    "email.changed": _("e-mail address changed"),
    "email.added": _("e-mail address added"),
    "email.removed": _("e-mail address removed"),
    "account.created": _("account created"),
    "keys.rotated": _("master key changed"),
    "password.link_sent": _("link for a new password sent"),
    "password.renewal_put_off": _("renewal of the password put off"),
    "credentials.link_sent": _("link to report a loss sent"),
    "credentials.cut": _("account cut from what is lost"),
    "credentials.identity_checked": _("identity checked for new credentials"),
    "credentials.link_issued": _("new credentials sent"),
    "credentials.code_failed": _("wrong code for new credentials"),
    "credentials.reissued": _("new credentials in force"),
    "authority.code_wrong": _("wrong code for an authority's access"),
    "portal.identity_refused": _("details of a patient didn't match"),
    "team.access_ended": _("access to the practice ended"),
}
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

    field_order = ("journal", "since", "until", "show", "account", "ip", "file")

    journal = forms.ChoiceField(label=_("Journal"), choices=JOURNALS, required=False)
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
    """What happened, in words; a name without words stands for itself."""
    if isinstance(entry, SecurityEntry):
        return str(SECURITY.get(entry.kind, entry.kind))
    if isinstance(entry, AccessEntry):
        return act_in_words(entry.part, entry.action)
    return entry.verb if isinstance(entry, EventEntry) else gettext("unknown")


def _concerned(found: Iterable[Entry]) -> set[UUID]:
    return {account for entry in found if (account := _account(entry))}


def _account(entry: Entry) -> UUID | None:
    return getattr(entry, "account_id", None) or entry.actor_id
