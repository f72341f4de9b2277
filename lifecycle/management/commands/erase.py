"""``manage.py erase plan SUBJECT``, ``erase execute SUBJECT --plan SHA`` and ``erase status CERTIFICATE.json`` (PC-62, NEW-06)."""

import json
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandParser

from accounts.models import User
from accounts.queries import account_by_email
from audit.actors import Actor
from lifecycle.deletion.actions import record_closing
from lifecycle.erasure.approving import PlanChanged
from lifecycle.erasure.certificate import token_of
from lifecycle.erasure.execute import Executed, StillKept, execute_account, execute_file
from lifecycle.erasure.finishing import ResidueFound
from lifecycle.erasure.plan import Plan, plan_for_account, plan_for_file
from lifecycle.erasure.status import NoCertificate, status_of
from privacy.commandline import FOUND, HouseCommand, fail
from privacy.refusals import Refused
from records.models import PatientFile


class Command(HouseCommand):
    """Shows the plan of an erasure, executes exactly the approved plan, and says what is left of what was kept."""

    help = "Show the plan of an erasure, execute the approved plan, or say what is left of what a certificate kept."

    def arguments(self, parser: CommandParser) -> None:
        """The three verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        plan = self.verb(verbs, "plan", "what goes, what stays, on which legal ground, until when; writes nothing")
        execute = self.verb(verbs, "execute", "execute the plan at this address; without --plan it is only shown")
        for one in (plan, execute):
            one.add_argument("subject", metavar="SUBJECT", help="e-mail or id of an account, or id of a patient's file")
        execute.add_argument("--plan", metavar="SHA256", help="address of the approved plan, as `erase plan` shows it")
        execute.add_argument(
            "--out", type=Path, metavar="FOLDER", help="write certificate.json and certificate.pdf there"
        )
        status = self.verb(verbs, "status", "a signed statement of what is left of what a certificate kept")
        status.add_argument("certificate", type=Path, metavar="CERTIFICATE.json")

    def run(self, **options: Any) -> int | None:
        """Do it; wrong use leaves with code 2 and one line."""
        if options["verb"] == "status":
            return self.status(options["certificate"])
        plan = self.plan(options["subject"])
        if options["verb"] == "plan" or not options["plan"]:
            self.show(plan)
            if options["verb"] == "execute" and not self.as_json:
                self.stdout.write(f"Nothing was erased. To execute exactly this, add --plan {plan.sha256}")
            return None
        return self.execute_plan(plan, options["plan"], options["out"])

    def plan(self, subject: str) -> Plan:
        """The plan for an account or a file, or leave with one line."""
        user = account_by_email(subject)
        if user is not None:
            return plan_for_account(user.pk, self.now)
        subject_id = _id(subject)
        if User.objects.filter(pk=subject_id).exists():
            return plan_for_account(subject_id, self.now)
        try:
            return plan_for_file(subject_id, self.now)
        except PatientFile.DoesNotExist:
            fail(f"There is no account and no patient file {subject}; check the id")

    def execute_plan(self, plan: Plan, approved: str, out: Path | None) -> int | None:
        """Execute, and say where the certificate is."""
        by = Actor.operations("erase execute")
        try:
            if plan.kind == "file":
                done = execute_file(plan.subject_id, approved, by=by, now=self.now)
            else:
                close = partial(_close, plan.subject_id, by, self.now)
                done = execute_account(plan.subject_id, approved, by=by, now=self.now, along=close)
        except (PlanChanged, StillKept, Refused) as refusal:
            fail(str(refusal))
        except ResidueFound as found:
            self.stderr.write(
                f"Erased, but not verified: {found}. The next sweep looks again; see the operations page."
            )
            return FOUND
        self.tell(done, out)
        return None

    def tell(self, done: Executed, out: Path | None) -> None:
        """Say what was done, and write the certificate where it is wanted."""
        made = done.certificate
        if made and out:
            out.mkdir(parents=True, exist_ok=True)
            (out / "certificate.json").write_text(made.content, encoding="utf-8")
            (out / "certificate.pdf").write_bytes(bytes(made.pdf))
        page = f"/privacy/certificate/{token_of(made.pk)}/" if made else None
        if self.as_json:
            self.print_json({"erasure": done.erasure_id, "plan": done.plan_sha256, "certificate": page})
        else:
            self.stdout.write(f"Erased as planned. The certificate: {page or 'made by the next sweep'}")

    def show(self, plan: Plan) -> None:
        """Print a plan."""
        if self.as_json:
            self.print_json(_as_dict(plan))
            return
        self.print_table(
            ("outcome", "rows", "what", "ground", "until"),
            [(one.outcome, one.count, one.title, f"{one.article} ({one.rule})", one.until or "") for one in plan.shown],
        )
        if plan.refused:
            self.stdout.write(f"This file can't be erased now: {next(one.sentence for one in plan.shown)}")
        self.stdout.write(f"Address of the plan: {plan.sha256}")

    def status(self, path: Path) -> int | None:
        """Print the statement; exit code 2 for what is no certificate."""
        try:
            statement = status_of(json.loads(path.read_text(encoding="utf-8")), now=self.now)
        except OSError as error:
            fail(f"{path} can't be read: {error.strerror}")
        except (ValueError, KeyError, TypeError, AttributeError) as refusal:
            fail(
                str(refusal) if isinstance(refusal, NoCertificate) else f"{path} is no certificate: give its JSON file"
            )
        if self.as_json:
            self.stdout.write(
                json.dumps(statement, ensure_ascii=False, sort_keys=True, separators=(",", ":")), ending=""
            )
            return None
        self.print_table(
            ("what", "kept", "left", "until"),
            [(one["table"], one["count"], one["remaining"], one["until"] or "") for one in statement["parts"]],
        )
        self.stdout.write("Fully erased." if statement["fully_erased"] else "Something kept is still there.")
        return None


def _close(account_id: UUID, by: Actor, now: datetime, plan: Plan) -> None:
    """The account is closed from the decision on, whether or not its holder had asked for it."""
    record_closing(account_id=account_id, plan_sha256=plan.sha256, by=by, now=now)


def _as_dict(plan: Plan) -> dict[str, object]:
    refused = plan.refused
    return {
        "kind": plan.kind,
        "subject": plan.subject_id,
        "sha256": plan.sha256,
        "refused": {"fate": refused.fate, "rule": refused.rule, "until": refused.until} if refused else None,
        "lines": [
            {
                "table": one.table,
                "about": one.title,
                "outcome": one.outcome,
                "count": one.count,
                "rule": one.rule,
                "ground": one.article,
                "until": one.until,
                "why": one.sentence,
            }
            for one in plan.shown
        ],
    }


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        fail(f"There is no account with the address {text}, and it is no id; check its spelling")
