"""A death is recorded: what the person left opens requests, which people decide (LIL art. 85; MD-30, MD-31).

Who learns what. A practice that records a death learns of the directive for its own file. The house learns of the death only where
the patient's own account left directives, by the account's link to that file. Other practices learn nothing until the data protection
officer has established the death and granted the request about the account; then each is asked about its own file alone.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from audit.actors import Actor
from gdpr_requests import effects
from gdpr_requests.desk.filing import file_request
from gdpr_requests.desk.states import DONE, Event
from gdpr_requests.desk.writing import locked
from gdpr_requests.directives import queries, words
from gdpr_requests.directives.words import ACCOUNT, Choice
from gdpr_requests.export import granting
from gdpr_requests.export.queries import of_request
from gdpr_requests.models import Channel, Export, Outcome, Request
from gdpr_requests.models.exports import ExportState
from lifecycle.deletion.showing import short
from lifecycle.erasure.approving import approve
from lifecycle.erasure.execute import execute_account
from lifecycle.erasure.plan import plan_for_account
from privacy.deadlines import Right
from privacy.refusals import Refusal, Refused
from records.models import PatientFile

READS: Final = Actor.system("recorded death")
"""Who opens directives to file requests: nobody sees more of them than the request that is theirs to answer."""


def death_recorded(*, file: PatientFile, died_on: str | None, by: Actor, now: datetime) -> None:
    """A practice wrote a day of death into a file, or took it back; called in that transaction.

    What waits for the account stays: one practice's entry proves no death, and may be a mistake. Each message asks as it leaves
    whether the death was established (``queries.has_died``).
    """
    for account_id in queries.patients_of(file.pk, now):
        if died_on is None:
            _note_taken_back(account_id, now)
        else:
            open_requests(account_id, files={file.practice_id: file.pk}, now=now)


def report(*, email: str, text: str, by: Actor, now: datetime) -> Request:
    """The office enters that the holder of an account died, with who says so and what proves it. Raises Refused."""
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        raise Refused(Refusal("no_account", _("No account has this address. Check it with whoever reports the death.")))
    if not text.strip():
        raise Refused(Refusal("no_proof", _("Say who reports the death, and what proves it.")))
    said = queries.said_of(user.pk, by=READS, now=now)
    known = _open_of(user.pk).filter(practice_id=None).first()
    request = known or _file_house(user.pk, said, now)
    step = locked(request.pk, by=by, now=now)
    step.write(Event.NOTE, text)
    return request


def open_requests(account_id: UUID, *, files: dict[UUID, UUID], now: datetime, house: bool = True) -> list[Request]:
    """Ask the house about the account, and each practice of ``files`` about its own file, as the directives say; each once."""
    said = queries.said_of(account_id, by=READS, now=now)
    if not said:
        return []
    asked = set(
        Request.objects.filter(account_id=account_id, channel=Channel.DEATH)
        .exclude(state__in=DONE)
        .values_list("practice_id", flat=True)
    )
    made = [_file_house(account_id, said, now)] if house and None not in asked else []
    specific = queries.specific(said)
    for practice_id, file_id in files.items():
        choice = (specific or {}).get("files", {}).get(str(practice_id), Choice.KEEP)
        if specific and choice != Choice.KEEP and practice_id not in asked:
            made.append(_file(account_id, specific, choice, words.file_lines(specific, choice), now, file_id=file_id))
    return made


def carry_out(request: Request, *, by: Actor, now: datetime) -> None:
    """What a person granted: erased as far as no law and no hold keeps it, prepared to be handed over, or kept."""
    if request.channel != Channel.DEATH or request.account_id is None:
        return
    said = queries.specific(queries.said_of(request.account_id, by=by, now=now))
    if request.file_id is not None:
        choice = _choice_for(request, said)
        if choice == Choice.ERASE:
            effects.erase(request, by=by, now=now)
        elif choice == Choice.HAND_OVER:
            granting.hand_over(request, request.account_id, by=by, now=now)
        return
    if said is None:
        return
    others = {link.practice_id: link.patient_id for link in queries.own_links(request.account_id, now)}
    open_requests(request.account_id, files=others, now=now, house=False)
    if said[ACCOUNT] == Choice.ERASE:
        plan = plan_for_account(request.account_id, now)
        approve("account", request.account_id, plan.sha256, by=by, now=now)
        execute_account(request.account_id, plan.sha256, by=by, now=now)
    elif said[ACCOUNT] == Choice.HAND_OVER:
        granting.hand_over(request, request.account_id, by=by, now=now)


def copy_of(request_id: UUID, now: datetime) -> Export | None:
    """The archive that a granted request about an account had prepared, while it is there."""
    request = Request.objects.filter(
        pk=request_id, channel=Channel.DEATH, file_id=None, outcome__in=[Outcome.GRANTED, Outcome.PARTLY], contact__isnull=False
    ).exclude(proof="").first()  # fmt: skip
    if request is None or request.account_id is None:
        return None
    found = of_request(request.pk, now)
    return found if found and found.state == ExportState.READY else None


def plan_lines(request: Request, now: datetime) -> dict[str, list[str]]:
    """What erasing the account would do, for whoever decides: what ``goes``, and what ``stays`` on which ground."""
    house = request.channel == Channel.DEATH and request.file_id is None and request.is_open
    if (
        not house
        or request.account_id is None
        or not User.objects.filter(pk=request.account_id, is_active=True).exists()
    ):
        return {}
    return short(plan_for_account(request.account_id, now))


def _choice_for(request: Request, said: dict[str, Any] | None) -> str:
    if said is None:
        raise Refused(Refusal("revoked", _("The directives were revoked or are gone. There is nothing to carry out.")))
    return str(said.get("files", {}).get(str(request.practice_id), Choice.KEEP))


def _file_house(account_id: UUID, said: dict[str, dict[str, Any]], now: datetime) -> Request:
    specific = queries.specific(said)
    text = words.account_lines(specific, queries.general(said))
    return _file(account_id, specific, (specific or {}).get(ACCOUNT, Choice.KEEP), text, now)


def _file(
    account_id: UUID, said: dict[str, Any] | None, choice: str, text: str, now: datetime, *, file_id: UUID | None = None
) -> Request:
    """A request whose person is the one named where a copy is handed over: their identity is checked first (MD-32)."""
    contact = None
    if said and choice == Choice.HAND_OVER:
        contact = {name: said.get(name, "") for name in ("name", "email", "address", "language")}
    return file_request(
        right=Right.DIRECTIVES, channel=Channel.DEATH, account_id=account_id, file_id=file_id, text=text, contact=contact,
        by=READS, now=now,
    )  # fmt: skip


def _note_taken_back(account_id: UUID, now: datetime) -> None:
    for request in _open_of(account_id):
        locked(request.pk, by=READS, now=now).write(
            Event.NOTE, _("The practice took the recorded death back: the person may live. Check before you decide.")
        )


def _open_of(account_id: UUID) -> QuerySet[Request]:
    return Request.objects.filter(account_id=account_id, channel=Channel.DEATH).exclude(state__in=DONE)
