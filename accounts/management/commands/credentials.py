"""``manage.py credentials cut/list/check/issue``: lost credentials, by the actions of the office's pages (MD-51)."""

from dataclasses import replace
from typing import Any

from django.core.management.base import CommandParser

from accounts.credentials import cuts, issuing, queries
from accounts.credentials.models import CredentialCut, Lost
from accounts.queries import account_by_email
from audit.actors import Actor
from privacy.commandline import HouseCommand, fail
from privacy.refusals import Refused


class Command(HouseCommand):
    """Cuts an account at once, and issues new credentials after its holder was seen."""

    help = "Cuts an account from what is lost or stolen; shows, checks and issues anew."

    def arguments(self, parser: CommandParser) -> None:
        """The verbs, each for one account."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        cut = self.verb(
            verbs, "cut", "end every session and link, switch off what is lost, lock if nothing strong remains"
        )
        cut.add_argument("email")
        cut.add_argument("--reason", required=True, metavar="TEXT", help="who called and what they said; stored sealed")
        cut.add_argument(
            "--lost", nargs="+", choices=Lost.values, default=[Lost.ALL.value], help="everything, if not given"
        )
        self.verb(verbs, "list", "accounts that were cut, those that wait first")
        check = self.verb(verbs, "check", "note which document proved who the person is, and how it was seen")
        check.add_argument("email")
        check.add_argument("--proof", required=True, choices=CredentialCut.Proof.values)
        check.add_argument("--seen", required=True, choices=CredentialCut.Seen.values)
        issue = self.verb(verbs, "issue", "send the link; prints the code to be told")
        issue.add_argument("email")
        for each in (check, issue):
            each.add_argument(
                "--by", required=True, metavar="EMAIL", help="the person of the office who does it (MD-31)"
            )

    def run(self, **options: Any) -> None:
        """Do it, then show where the case stands; wrong use leaves with code 2 and one line."""
        try:
            shown, code = getattr(self, f"_{options['verb']}")(
                options, Actor.operations(f"credentials {options['verb']}")
            )
        except Refused as refused:
            fail(str(refused))
        rows = [_as_dict(row) for row in shown]
        if self.as_json:
            self.print_json({"cuts": rows, "code": code} if code else rows)
            return
        if code:
            self.stdout.write(f"Tell this code to the person, not by mail: {code}")
        names = ("email", "at", "lost", "locked", "sessions", "factors", "links", "state")
        self.print_table(names, [[row[name] for name in names] for row in rows])

    def _cut(self, options: dict[str, Any], by: Actor) -> tuple[list[CredentialCut], str]:
        user = account_by_email(options["email"])
        if user is None:
            fail(f"There is no account with the address {options['email']}; check its spelling")
        said = {"lost": options["lost"], "reason": options["reason"], "said": cuts.Said.OFFICE}
        return [cuts.cut(user=user, **said, by=by, now=self.now)], ""

    def _list(self, options: dict[str, Any], by: Actor) -> tuple[list[CredentialCut], str]:
        return list(queries.cuts()), ""

    def _check(self, options: dict[str, Any], by: Actor) -> tuple[list[CredentialCut], str]:
        said = {"proof": options["proof"], "seen": options["seen"], "by": _person(options["by"], by)}
        return [issuing.check_identity(cut_id=_waiting(options["email"]).pk, **said, now=self.now)], ""

    def _issue(self, options: dict[str, Any], by: Actor) -> tuple[list[CredentialCut], str]:
        found = _waiting(options["email"])
        code = issuing.issue(cut_id=found.pk, by=_person(options["by"], by), now=self.now)
        return [queries.cut(found.pk)], code


def _person(email: str, by: Actor) -> Actor:
    """Who decides at the command line: somebody of the office, by name."""
    user = account_by_email(email)
    if user is None or not user.is_staff or not user.is_active:
        fail(f"--by names nobody of the office: {email}. Give the address of an active office account")
    return replace(by, account_id=user.pk)


def _waiting(email: str) -> CredentialCut:
    found = queries.waiting_of(email)
    if found is None:
        fail(f"No account with the address {email} waits for new credentials; `manage.py credentials list` shows all")
    return found


def _as_dict(row: CredentialCut) -> dict[str, Any]:
    return {
        "id": row.pk, "email": row.user.email, "at": row.at.isoformat(), "lost": row.lost, "locked": row.locked,
        "sessions": row.sessions, "factors": row.factors, "links": row.links, "state": _state(row),
    }  # fmt: skip


def _state(row: CredentialCut) -> str:
    moments = (
        ("reissued", row.done_at),
        ("replaced", row.ended_at),
        ("issued", row.issued_at),
        ("checked", row.checked_at),
    )
    said = next((name for name, at in moments if at), "")
    return said or ("locked" if row.locked else "open")
