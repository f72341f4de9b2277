"""Directives for after death: written, revoked, opened by a recorded death, decided by people (LIL art. 85; MD-30)."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts import mails
from accounts.models import User
from adapters.boxes.models import Outgoing
from audit.actors import Actor
from care.tenancy import ALL, scope
from consents.models import ConsentEvent
from consents.queries import is_live
from gdpr_requests.desk import steps
from gdpr_requests.directives import actions, dying, ending, promises, queries
from gdpr_requests.directives.words import CONSENT
from gdpr_requests.export import building
from gdpr_requests.export.queries import patients_exports
from gdpr_requests.models import Directive, Exchange, Export, Request
from praticonnect.database import as_owner
from privacy.refusals import Refused
from records.actions import record_death
from records.models import PatientFile
from tests.accounts.factories import make_patient, make_practitioner, make_staff, prove, verified_client
from tests.care.factories import LONG_AGO
from tests.gdpr_requests.factories import NOW, dpo_of
from tests.letters import deliver
from tests.records.factories import link, make_consultation, make_file, working
from vault.queries import with_key

pytestmark = pytest.mark.django_db(databases="__all__")
DIED = NOW + timedelta(days=30)
SOON = DIED + timedelta(hours=1)
HEIR = {"name": "Grace Hopper", "email": "grace@example.org", "address": "", "words": "Be kind.", "language": "en"}


def broken() -> dict[str, Any]:
    """What the measure finds wrong."""
    found = promises.directives_are_kept_and_carried_out(SOON)
    named = (
        "without_a_key", "without_their_consent", "ended_with_a_key", "deaths_not_acted_on",
        "handed_over_to_somebody_unknown", "not_wired", "guards_missing",
    )  # fmt: skip
    wrong = {name: found.figures[name] for name in named if found.figures[name]}
    assert found.kept == (not wrong)
    return wrong


@pytest.fixture
def owner() -> User:
    return make_practitioner(now=LONG_AGO)


@pytest.fixture
def patient() -> User:
    return make_patient("ada@example.org")


@pytest.fixture
def file(owner: User, patient: User) -> PatientFile:
    """A file that the patient's account is linked to."""
    row = make_file(owner, now=LONG_AGO)
    link(row, patient, now=LONG_AGO)
    return row


def by_of(user: User) -> Actor:
    return Actor(account_id=user.pk, role="patient")


def write(patient: User, account: str = "keep", **files: str) -> Directive:
    said = {"account": account, "files": files, **HEIR}
    return actions.write_specific(
        account_id=patient.pk, said=said, agreed=True, language="en", by=by_of(patient), now=NOW
    )


def die(owner: User, file: PatientFile, died_on: str | None = "2026-12-10") -> None:
    with working(owner) as by:
        record_death(file=file, died_on=died_on, by=by, now=DIED)


def asked() -> list[tuple[Any, Any]]:
    """Who is asked about what, after a death."""
    rows = Request.objects.filter(channel="death").order_by("serial")
    return [(row.practice_id, row.file_id) for row in rows]


@pytest.mark.parametrize("established", [False, True])
def test_what_waits_for_the_account_goes_until_the_death_is_established(
    owner: User, patient: User, file: PatientFile, monkeypatch: pytest.MonkeyPatch, established: bool
) -> None:
    """A practice's entry proves nothing, and may be taken back: a login code and a notice asked for before it still leave."""
    with transaction.atomic():
        mails.login_code(user=patient, code="123456", valid_until=None)
        mails.wrong_codes(user=patient)
    die(owner, file)
    if established:
        monkeypatch.setattr("accounts.hooks.silences", [lambda account_id: account_id == patient.pk])
    deliver()
    found = Outgoing.objects.filter(kind=mails.KIND, subject_id=patient.pk).order_by("pk")
    assert [row.problem for row in found] == ["", "holder_died" if established else ""]


def texts(request: Request, by: Actor) -> str:
    from gdpr_requests.desk.queries import opened

    with transaction.atomic():
        return "\n".join(line.text for line in opened(request, by=by, now=SOON).thread)


def test_pages_write_a_version_on_its_own_consent_and_revoking_destroys_it(patient: User, file: PatientFile) -> None:
    client, page = verified_client(patient), reverse("patient_privacy:directives")
    assert client.get(page).status_code == 200
    field = f"file_{file.practice_id}"
    chosen = {"step": "specific", "account": "erase", field: "hand_over", "name": "Grace", "email": "grace@example.org"}
    assert client.post(page, chosen).status_code == 422
    assert (Directive.objects.count(), ConsentEvent.objects.filter(key=CONSENT).count()) == (0, 0)
    assert client.post(page, chosen | {"agreed": "on"}).status_code == 302
    row = Directive.objects.get()
    assert (row.kind, row.number, ConsentEvent.objects.get(key=CONSENT).pk) == ("specific", 1, row.consent_id)
    assert "Grace" in client.get(page).content.decode()
    assert broken() == {}
    assert client.post(page, {"step": "revoke_specific"}).status_code == 302
    row.refresh_from_db()
    assert (row.ended, row.said, is_live(patient.pk, CONSENT, now=SOON + timedelta(days=3650))) == (
        "revoked",
        None,
        False,
    )


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_key_of_an_ended_version_dies(patient: User) -> None:
    first = write(patient)
    second = write(patient, "erase")
    assert with_key([first.pk, second.pk]) == {second.pk}
    assert actions.revoke(account_id=patient.pk, kind="specific", language="en", by=by_of(patient), now=NOW)
    assert with_key([first.pk, second.pk]) == set()
    assert [row.ended for row in queries.directives_of(patient.pk)] == ["revoked", "replaced"]
    assert not actions.revoke(account_id=patient.pk, kind="specific", language="en", by=by_of(patient), now=NOW)


def test_practitioner_notes_where_general_directives_lie(owner: User) -> None:
    client, page = verified_client(owner), reverse("gdpr:directives")
    assert client.post(page, {"step": "general", "trustee": "Notaires", "reference": ""}).status_code == 422
    assert client.post(page, {"step": "general", "trustee": "Notaires", "reference": "7-42"}).status_code == 302
    said = queries.said_of(owner.pk, by=Actor(account_id=owner.pk, role="practitioner"), now=NOW)
    assert said == {"general": {"trustee": "Notaires", "reference": "7-42"}}


@pytest.mark.parametrize(
    ("said", "agreed", "code"),
    [
        ({"account": "keep", "files": {}}, False, "no_consent"),
        ({"account": "burn", "files": {}}, True, "no_choice"),
        ({"account": "keep", "files": {"018f0000-0000-7000-8000-000000000000": "erase"}}, True, "no_file"),
        ({"account": "hand_over", "files": {}}, True, "no_person"),
    ],
)
def test_specific_directives_are_concrete(patient: User, said: dict[str, Any], agreed: bool, code: str) -> None:
    with pytest.raises(Refused) as caught:
        actions.write_specific(
            account_id=patient.pk, said=said, agreed=agreed, language="en", by=by_of(patient), now=NOW
        )
    assert caught.value.refusal.code == code


def test_version_in_force_is_neither_rewritten_nor_deleted(patient: User) -> None:
    row = write(patient)
    for attack in (lambda: Directive.objects.filter(pk=row.pk).update(number=7), lambda: row.delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            attack()


def test_death_tells_the_house_and_the_practice_each_what_is_theirs(
    owner: User, patient: User, file: PatientFile
) -> None:
    other = make_practitioner("b@example.org", now=LONG_AGO)
    elsewhere = make_file(other, now=LONG_AGO)
    link(elsewhere, patient, now=LONG_AGO)
    write(patient, "keep", **{str(file.practice_id): "hand_over", str(elsewhere.practice_id): "erase"})
    die(owner, file)
    assert asked() == [(None, None), (file.practice_id, file.pk)]
    house, practice = Request.objects.filter(channel="death").order_by("serial")
    with working(owner) as by:
        seen = texts(practice, by)
    assert [word in seen for word in ("Hand a copy over", "Grace Hopper", "Erase")] == [True, True, False]
    assert "Erase" not in texts(house, dpo_of(make_staff("dpo@example.org")))
    assert mail.outbox == [] or all("grace@example.org" not in one.to for one in mail.outbox)
    assert broken() == {}


def test_death_of_somebody_without_directives_is_told_to_nobody(owner: User, patient: User, file: PatientFile) -> None:
    die(owner, file)
    assert asked() == []


def test_death_recorded_twice_asks_once_and_taken_back_is_noted(owner: User, patient: User, file: PatientFile) -> None:
    write(patient, **{str(file.practice_id): "erase"})
    die(owner, file)
    die(owner, file, "2026-12-11")
    die(owner, file, None)
    assert len(asked()) == 2
    assert Exchange.objects.filter(kind="note").count() == 2


def test_other_practices_are_asked_once_a_person_granted_the_request_of_the_account(
    owner: User, patient: User, file: PatientFile
) -> None:
    other = make_practitioner("b@example.org", now=LONG_AGO)
    elsewhere = make_file(other, now=LONG_AGO)
    link(elsewhere, patient, now=LONG_AGO)
    write(patient, "hand_over", **{str(file.practice_id): "keep", str(elsewhere.practice_id): "erase"})
    die(owner, file)
    by, house = dpo_of(make_staff("dpo@example.org")), Request.objects.get(channel="death")
    with pytest.raises(Refused) as caught:
        steps.answer(request_id=house.pk, outcome="granted", text="Done.", by=by, now=SOON)
    assert caught.value.refusal.code == "not_proven"
    steps.prove(request_id=house.pk, proof="in_person", by=by, now=SOON)
    steps.answer(request_id=house.pk, outcome="granted", text="Here it is.", by=by, now=SOON)
    assert asked() == [(None, None), (elsewhere.practice_id, elsewhere.pk)]
    assert [(one.account_id, one.scope, one.request_id) for one in Export.objects.all()] == [
        (patient.pk, "account", house.pk)
    ]
    assert dying.copy_of(house.pk, SOON) is None
    mail.outbox.clear()
    building.build(Export.objects.get().pk, now=SOON)
    (word,) = mail.outbox
    assert (word.to, "Tell the person they named" in str(word.body)) == (["dpo@praticonnect.com"], True)
    assert list(patients_exports(patient, SOON)) == []
    Export.objects.update(state="ready", ready_at=SOON, expires_at=SOON + timedelta(days=7))
    assert dying.copy_of(house.pk, SOON) == Export.objects.get()
    assert broken() == {}


def test_law_keeps_a_medical_file_whatever_the_directive_says(owner: User, patient: User, file: PatientFile) -> None:
    make_consultation(file, owner, signed=True)
    write(patient, **{str(file.practice_id): "erase"})
    die(owner, file)
    request = Request.objects.get(practice_id=file.practice_id)
    with working(owner) as by:
        steps.prove(request_id=request.pk, proof="in_person", by=by, now=SOON)
        with pytest.raises(Refused, match="can't be erased yet"):
            steps.answer(request_id=request.pk, outcome="granted", text="Done.", by=by, now=SOON)
        steps.answer(
            request_id=request.pk, outcome="refused", ground="retention", text="The law keeps it.", by=by, now=SOON
        )
    with scope(ALL):
        assert PatientFile.objects.filter(pk=file.pk, leaving_at=None).exists()


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_granted_erasure_takes_the_account_and_its_directives(owner: User, patient: User, file: PatientFile) -> None:
    row = write(patient, "erase", **{str(file.practice_id): "keep"})
    die(owner, file)
    by, house = dpo_of(make_staff("dpo@example.org")), Request.objects.get(channel="death")
    assert sorted(dying.plan_lines(house, SOON)) == ["goes", "stays"]
    steps.prove(request_id=house.pk, proof="in_person", by=by, now=SOON)
    steps.answer(request_id=house.pk, outcome="granted", text="Erased.", by=by, now=SOON)
    row.refresh_from_db()
    assert (User.objects.get(pk=patient.pk).is_active, row.ended, with_key([row.pk])) == (False, "erased", set())
    assert broken() == {}


def test_named_person_follows_the_request_by_its_link_and_nobody_else(
    owner: User, patient: User, file: PatientFile
) -> None:
    from gdpr_requests.desk import links
    from gdpr_requests.desk.queries import without_account

    write(patient, "hand_over", **{str(file.practice_id): "keep"})
    die(owner, file)
    house = Request.objects.get(channel="death")
    assert without_account(house.pk) == house
    mail.outbox.clear()
    steps.ask_identity(request_id=house.pk, text="Who are you?", by=dpo_of(make_staff("dpo@example.org")), now=SOON)
    assert [one.to for one in mail.outbox] == [["grace@example.org"]]
    unsigned = links.follow_url(house).rsplit(":", 2)[0]  # what follows is the second of signing and the signature
    assert unsigned in str(mail.outbox[0].body)


def test_office_records_a_proven_death_without_directives(patient: User) -> None:
    dpo = make_staff("dpo@example.org")
    client = verified_client(dpo)
    prove(client, dpo)
    page = reverse("admin:death")
    assert client.get(page).status_code == 200
    said = {"email": "nobody@example.org", "text": "The daughter, certificate of 3 November."}
    assert client.post(page, said).status_code == 422
    assert client.post(page, said | {"email": patient.email}).status_code == 302
    house = Request.objects.get(channel="death")
    assert (house.account_id, house.practice_id) == (patient.pk, None)
    assert "left no directives" in texts(house, dpo_of(dpo))
    assert client.get(reverse("admin:request", args=[house.pk])).status_code == 200


def test_ended_rows_leave_three_years_later(patient: User) -> None:
    write(patient)
    actions.revoke(account_id=patient.pk, kind="specific", language="en", by=by_of(patient), now=NOW)
    sweep, by = ending.sweep, Actor.system("sweep")
    assert sweep(by=by, now=NOW + timedelta(days=1090), dry_run=False)["PC-52.directives"].counts()["done"] == 0
    assert sweep(by=by, now=NOW + timedelta(days=1100), dry_run=False)["PC-52.directives"].counts()["done"] == 1


def test_measure_turns_false_when_broken_by_hand(owner: User, patient: User, file: PatientFile) -> None:
    row = write(patient, **{str(file.practice_id): "erase"})
    die(owner, file)
    assert broken() == {}
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table gdpr_requests_directive disable trigger user")
        cursor.execute("alter table gdpr_requests_request disable trigger user")
    assert broken() == {"guards_missing": 1}
    Directive.objects.filter(pk=row.pk).update(consent_id=row.pk)
    assert broken() == {"guards_missing": 1, "without_their_consent": 1}
    Request.objects.filter(channel="death", practice_id=None).update(channel="post")
    assert broken() == {"guards_missing": 1, "without_their_consent": 1, "deaths_not_acted_on": 1}
