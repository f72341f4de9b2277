"""Fills a new installation with a believable practice, through the same actions as the pages. Never in production.

Everything is invented (praticonnect/demo_content.py) and the same each time; a second call changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from accounts import hooks
from accounts.actions import sign_up_practitioner
from accounts.factors import enrol_app
from accounts.models import User
from accounts.queries import account_by_email
from audit.actors import Actor
from care.models import Practice
from care.queries import practice_of
from care.team.actions import invite, let_team_in, sign_agreement, sign_up
from care.team.queries import current_number
from care.tenancy import scope
from consents.actions import decide
from gdpr_requests.duties.actions import add_duty, record_done
from gdpr_requests.models import Duty, DutyKind
from lifecycle.actions import subscribe
from lifecycle.queries import facts_of, phase_at
from lifecycle.states import Name
from praticonnect import demo_content as content
from praticonnect import demo_office, demo_patient
from praticonnect.demo_papers import pdf_of, png_of
from privacy.clocks import legal_day
from records.actions import (
    PastConsultation,
    PastMeasure,
    add_document,
    bring_past,
    make_file,
    save_draft,
    sign,
    start_consultation,
)
from records.importing.actions import Upload
from records.importing.importer import Importer
from records.importing.runs import number_of_steps, open_run, process
from records.models import PatientFile
from records.reading import Part, open_file
from records.vitals import VITALS
from subprocessors.queries import in_force
from vault.handles import Handle

JOINED_DAYS_AGO: Final = 120
SUBSCRIBED_DAYS_AGO: Final = 101
ASSISTANT_DAYS_AGO: Final = 45
_PARIS: Final = ZoneInfo("Europe/Paris")
_DECISIONS: Final = (
    (JOINED_DAYS_AGO - 1, "health_data_processing", None, True), (JOINED_DAYS_AGO - 1, "public_directory_listing", None, True), (110, "marketing_emails", None, True), (96, "analytics_product", None, True),
    (80, "third_party_integrations", None, True), (80, "third_party_integrations", "google", True), (52, "marketing_emails", None, False),
    (31, "third_party_integrations", "livekit", True), (12, "analytics_product", None, False), (9, "analytics_product", None, True),
    (3, "third_party_integrations", "google", False),
)  # fmt: skip
"""Days ago, key, child, on: a history as people make one."""


@dataclass(frozen=True, slots=True)
class Login:
    """One account of the demo, and what it is for."""

    role: str
    email: str
    password: str = content.PASSWORD


LOGINS: Final = (
    Login("practitioner", content.PRACTITIONER["email"]),  # type: ignore[arg-type]
    Login("other practice", content.COLLEAGUE["email"]),  # type: ignore[arg-type]
    Login("subscription not begun", content.RESTING["email"]),  # type: ignore[arg-type]
    Login("patient (/patient/)", demo_patient.EMAIL),
    Login("practice assistant", content.ASSISTANT),
    Login("DPO (/admin/)", content.OFFICER),
)


def seed(now: datetime) -> bool:
    """Make what isn't there yet, each account with all that is its own in one transaction. True when something was made."""
    made = [
        _practice(content.PRACTITIONER, content.PEOPLE, _DECISIONS, now, sample=True),
        _practice(content.COLLEAGUE, content.PEOPLE[12:14], _DECISIONS[:1], now, sample=False),
        _practice(content.RESTING, content.PEOPLE[14:16], _DECISIONS[:1], now, sample=False),
        _subscribed(content.PRACTITIONER, now),
        _subscribed(content.COLLEAGUE, now),
        _assistant(now),
        _officer(now),
        _duties(now),
        _agreements(now),
        _patient_account(now),
        _requests(now),
    ]
    return any(made)


def _practice(
    who: Mapping[str, Any],
    people: Iterable[content.Person],
    decisions: Iterable[tuple[int, str, str | None, bool]],
    now: datetime,
    *,
    sample: bool,
) -> bool:
    if account_by_email(who["email"]):
        return False
    with transaction.atomic(), transaction.atomic(using="keys"):
        user = _signed_up(who, _at(now, JOINED_DAYS_AGO))
        practice = practice_of(user)
        assert practice is not None  # noqa: S101 - sign-up opens one
        by = Actor(account_id=user.pk, role="practitioner", practice_id=practice.pk, channel="command")
        for days, key, child, on in decisions:
            decide(
                subject_id=user.pk,
                key=key,
                child=child,
                on=on,
                by=by,
                language="fr",
                channel="command",
                now=_at(now, days),
            )
        with scope([practice.pk]):
            files = [_patient(practice, person, by, now, number) for number, person in enumerate(people)]
            _look_around(files, by, now)
        if sample:
            _import_sample(user, practice, by, now)
    return True


def _signed_up(who: Mapping[str, Any], joined: datetime) -> User:
    answers = {
        name: value
        for question in hooks.questions_for("practitioner")
        for name, value in question.by_operations.items()
    }
    by = Actor.operations("demo")
    user = sign_up_practitioner(
        email=who["email"], password=content.PASSWORD, profile=who["profile"], answers=answers, language="fr", email_verified=True,
        by=by, now=joined,
    )  # fmt: skip
    enrol_app(user=user, by=by, now=joined)
    return user


def _subscribed(who: Mapping[str, Any], now: datetime) -> bool:
    """A subscription begun in the trial, as of the day it was; today where the account is older than the phases."""
    user = account_by_email(who["email"])
    assert user is not None  # noqa: S101 - made just before
    if phase_at(user.pk, now).name is Name.SUBSCRIBED:
        return False
    begun = facts_of(user.pk)[0].at
    subscribe(user=user, by=Actor.operations("demo"), now=max(begun, _at(now, SUBSCRIBED_DAYS_AGO)))
    return True


def _patient_account(now: datetime) -> bool:
    user = account_by_email(str(content.PRACTITIONER["email"]))
    return user is not None and demo_patient.seed_patient(user, now)


def _requests(now: datetime) -> bool:
    officer = account_by_email(content.OFFICER)
    return officer is not None and demo_office.seed_requests(officer, now)


def _assistant(now: datetime) -> bool:
    """A practice assistant of the first practice: invited, bound by a signed agreement, let in by three of its patients."""
    if account_by_email(content.ASSISTANT):
        return False
    owner = account_by_email(str(content.PRACTITIONER["email"]))
    practice = practice_of(owner) if owner else None
    assert owner and practice  # noqa: S101, PT018 - made just before
    joined = _at(now, ASSISTANT_DAYS_AGO)
    by = Actor(account_id=owner.pk, role="practitioner", practice_id=practice.pk, channel="command")
    with transaction.atomic(), scope([practice.pk]):
        invitation = invite(practice=practice, email=content.ASSISTANT, role="assistant", by=by, now=joined)
        member = sign_up(
            invitation=invitation, password=content.PASSWORD, name=content.ASSISTANT_NAME, language="fr",
            by=Actor.operations("demo"), now=joined,
        ).user  # fmt: skip
        enrol_app(user=member, by=Actor.operations("demo"), now=joined)
        sign_agreement(
            user=member, number=current_number(joined), agreed=True, language="fr",
            by=Actor(account_id=member.pk, role="assistant", practice_id=practice.pk, channel="command"), now=joined,
        )  # fmt: skip
        for file in PatientFile.objects.filter(practice=practice).order_by("created_at", "pk")[:3]:
            let_team_in(practice_id=practice.pk, file_id=file.pk, how="spoken", by=by, now=joined)
    return True


def _officer(now: datetime) -> bool:
    if account_by_email(content.OFFICER):
        return False
    with transaction.atomic():
        user = User.objects.create_user(
            content.OFFICER, content.PASSWORD, now=now, language="fr", is_staff=True, is_superuser=True
        )
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        enrol_app(user=user, by=Actor.operations("demo"), now=now)
    return True


def _duties(now: datetime) -> bool:
    """What the office has to renew, each done once with a proof (PC-82)."""
    if Duty.objects.exists():
        return False
    by, today = Actor.operations("demo"), legal_day(now)
    for kind, title, every, days_ago in content.DUTIES:
        on = today - timedelta(days=days_ago)
        with transaction.atomic():
            duty = add_duty(kind=kind, title=title, every_months=every, first_due_on=on, by=by, now=now)
            record_done(duty_id=duty.pk, done_on=on, proof=pdf_of([title, on.isoformat()]), by=by, now=now)
    return True


def _agreements(now: datetime) -> bool:
    """A made-up agreement with each subprocessor that has none, entered as the office enters one (PC-90)."""
    entered = Duty.objects.filter(kind=DutyKind.AGREEMENT).values_list("subprocessor", flat=True)
    lacking = [one for one in in_force(now).entries if one.key not in set(entered)]
    by, on = Actor.operations("demo"), legal_day(now) - timedelta(days=content.AGREED_DAYS_AGO)
    for one in lacking:
        title = content.AGREEMENT % one.name
        with transaction.atomic():
            duty = add_duty(
                kind=DutyKind.AGREEMENT, title=title, every_months=None, first_due_on=on, subprocessor=one.key, by=by,
                now=now,
            )  # fmt: skip
            record_done(duty_id=duty.pk, done_on=on, proof=pdf_of([title, on.isoformat()]), by=by, now=now)
    return bool(lacking)


def _patient(practice: Practice, person: content.Person, by: Actor, now: datetime, number: int) -> PatientFile:
    """A file with its story: what was before the practice joined comes in as past, what came after was written here."""
    joined = _at(now, JOINED_DAYS_AGO, number)
    file, handle = make_file(practice=practice, by=by, now=joined, identity=_identity(person))
    past = [seen for seen in person.story.seen if seen.days_ago >= JOINED_DAYS_AGO]
    if past:
        _bring(file, handle, past, by, now, joined, number)
    for seen in person.story.seen:
        if seen.days_ago < JOINED_DAYS_AGO:
            _write(file, handle, seen, by, _at(now, seen.days_ago, number))
    if number % 3 == 0:
        _add_papers(file, handle, by, _at(now, 30, number))
    return file


def _identity(person: content.Person) -> dict[str, str | None]:
    known = {
        name: getattr(person, name)
        for name in ("surname", "given_names", "birth_name", "birth_date", "sex", "phone", "occupation")
    }
    return {**person.story.fields, **{name: text for name, text in known.items() if text}, "address": person.town}


def _bring(
    file: PatientFile,
    handle: Handle,
    past: Iterable[content.Seen],
    by: Actor,
    now: datetime,
    joined: datetime,
    number: int,
) -> None:
    visits = [(seen, PastConsultation(_at(now, seen.days_ago, number), _texts(seen), kind=seen.kind)) for seen in past]
    measures = [
        PastMeasure(visit.started_at, *_measured(vital, value), consultation_id=visit.id)
        for seen, visit in visits
        for vital, value in seen.measures
    ]
    bring_past(
        file=file, handle=handle, consultations=[visit for _seen, visit in visits], measures=measures, by=by, now=joined
    )


def _write(file: PatientFile, handle: Handle, seen: content.Seen, by: Actor, began: datetime) -> None:
    row = start_consultation(file=file, by=by, now=began, kind=seen.kind)
    row = save_draft(
        consultation=row, content=_texts(seen), revision=row.revision, by=by, now=began + timedelta(minutes=9)
    )
    measures = [PastMeasure(began, *_measured(vital, value), consultation_id=row.pk) for vital, value in seen.measures]
    bring_past(file=file, handle=handle, measures=measures, by=by, now=began + timedelta(minutes=10))
    sign(consultation=row, by=by, now=began + timedelta(minutes=18))


def _measured(vital: str, value: str) -> tuple[str, str, str, str]:
    known = VITALS[vital]
    return known.name, value, known.unit, known.code


def _texts(seen: content.Seen) -> dict[str, str | None]:
    return {"reason": seen.reason, "note": seen.note, "assessment": seen.assessment, "plan": seen.plan}


def _add_papers(file: PatientFile, handle: Handle, by: Actor, added: datetime) -> None:
    papers = (
        ("bilan-sanguin.pdf", "Bilan sanguin", pdf_of(content.LETTER)),
        ("ordonnance-numerisee.png", "Ordonnance numérisée", png_of(420, 594, 236)),
    )
    for name, title, data in papers:
        add_document(file=file, source=BytesIO(data), name=name, title=title, handle=handle, by=by, now=added)


def _look_around(files: list[PatientFile], by: Actor, now: datetime) -> None:
    """Openings of the last weeks, so that the access journal has something to show."""
    parts = (Part.FILE, Part.CONSULTATIONS, Part.MEASURES)
    for days in (28, 21, 13, 6, 2, 1):
        for number, file in enumerate(files):
            if (days + number) % 4 == 0:
                open_file(file, parts[(days + number) % len(parts)], by=by, now=_at(now, days, number))


def _import_sample(user: User, practice: Practice, by: Actor, now: datetime) -> None:
    """The repo's own sample bundles and tables, as the import page would bring them."""
    folder = Path(settings.BASE_DIR) / "sample"
    paths = [*sorted((folder / "fhir").glob("*.json")), *sorted(folder.glob("*.csv"))]
    uploads = [Upload(path.name, path.stat().st_size, lambda p=path: p.open("rb")) for path in paths]  # type: ignore[misc]
    names = [upload.name for upload in uploads]
    moment = _at(now, 7)
    run, handle = open_run(
        practice=practice, names=names, steps=number_of_steps(names), dry_run=False, by=by, now=moment
    )
    process(Importer(user, practice, by, moment), run, handle, uploads)


def _at(now: datetime, days_ago: int, number: int = 0) -> datetime:
    """A moment of a working morning, `days_ago` days before `now`."""
    day: date = (now - timedelta(days=days_ago)).astimezone(_PARIS).date()
    return datetime.combine(day, time(8, 30), _PARIS) + timedelta(minutes=20 * number)
