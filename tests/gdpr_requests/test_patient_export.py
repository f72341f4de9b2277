"""A patient's copy: of the account by a click, of a practice's file once the practice grants it (PC-60, PC-64, CSP L1111-7)."""

import json
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from fhir.resources.R4B.bundle import Bundle
from jsonschema import Draft202012Validator

from accounts.models import User
from adapters.models import Egress
from audit.actors import Actor
from audit.models import AccessEntry, EventEntry
from care.actions import join_practice
from care.models import Membership, PortalLink, Role
from care.portal.actions import end_link
from care.queries import practice_of
from care.tenancy import ALL, scope
from consents.actions import Control
from consents.patients import decide_by_link
from consents.receipts import is_genuine
from gdpr_requests import actions as desk
from gdpr_requests.desk import handing
from gdpr_requests.export import actions, building, communicable, promises
from gdpr_requests.models import Export, Proof, Request
from lifecycle.erasure.deciding import decide_account
from lifecycle.erasure.finishing import finish
from lifecycle.erasure.plan import plan_for_account
from privacy.deadlines import Right
from privacy.refusals import Refused
from records.models import Document, PatientFile
from records.portal.content import hand_in
from records.restriction.promises import restricted_files_are_only_stored
from tests.accounts.factories import WebClient, make_patient, make_practitioner, make_staff, prove, verified_client
from tests.care.factories import as_owner
from tests.gdpr_requests.factories import by_account, by_letter, dpo_of
from tests.records.factories import (
    actor_of,
    link,
    make_consultation,
    make_document,
    make_file,
    make_measure,
    png,
    working,
)
from tests.records.restriction.helpers import restrict
from vault.files import MAGIC
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases="__all__")
PAGE = reverse("patient_privacy:export")
NOW = timezone.now()
SOON = NOW + timedelta(days=3)


@pytest.fixture
def practitioner() -> User:
    return make_practitioner("camille@example.org", given_names="Camille", surname="Roux")


@pytest.fixture
def patient() -> User:
    return make_patient("eloise@example.org")


@pytest.fixture
def file(practitioner: User) -> PatientFile:
    """A file with one of each thing; a draft and a note of the practitioner's own among them."""
    made = make_file(practitioner, surname="Quemener", notes="Aubépine, à part moi", family_history="Diabète", now=NOW)
    signed = make_consultation(made, practitioner, signed=True, note="Depuis mardi", plan="Repos")
    make_consultation(made, practitioner, note="Brouillon de pervenche")
    make_measure(made, practitioner, value="62.50")
    make_document(made, practitioner, consultation=signed)
    return made


def at_home(user: User) -> WebClient:
    client = verified_client(user)
    prove(client, user)
    return client


def asked(file: PatientFile, account: User | None, right: Right = Right.ACCESS) -> Request:
    """By the portal, or by a letter where there is no account."""
    if account is None:
        return by_letter(right, file_id=file.pk, now=NOW)
    return by_account(account, right, file_id=file.pk, now=NOW)


def granted(request: Request, by: Any, now: Any = SOON) -> Export | None:
    """Decided; the export that this began."""
    if not request.proof:
        desk.prove(request_id=request.pk, proof=Proof.IN_PERSON, by=by, now=now)
    desk.answer(request_id=request.pk, outcome="granted", text="Here it is.", by=by, now=now)
    return Export.objects.filter(request_id=request.pk).first()


def made(file: PatientFile, account: User | None, practitioner: User) -> Export:
    export = granted(asked(file, account), actor_of(practitioner))
    assert export is not None
    building.build(export.pk, now=timezone.now())
    return Export.objects.get(pk=export.pk)


def opened(export: Export) -> ZipFile:
    with default_storage.open(actions.name_of(export.pk), "rb") as stored:
        assert stored.read(len(MAGIC)) == MAGIC
    return ZipFile(BytesIO(b"".join(actions.download(export, by=actor_of(export.account or make_staff()), now=NOW))))


def read(archive: ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))


def test_journey_ask_grant_wait_download_delete(practitioner: User, patient: User, file: PatientFile) -> None:
    link(file, patient)
    client = at_home(patient)
    place = client.get(reverse("patient_privacy:request_new") + "?right=20").content.decode()
    assert '<option value="20" selected>' in place
    request = asked(file, patient)
    export = granted(request, actor_of(practitioner))
    assert export is not None
    assert (export.scope, export.account_id, export.file_id, export.state) == ("file", patient.pk, file.pk, "waiting")
    assert "Being made" in client.get(PAGE).content.decode()
    mail.outbox.clear()
    assert building.build(export.pk, now=timezone.now()) is True
    (message,) = mail.outbox
    assert (message.to, PAGE in message.body, "Quemener" in message.body) == (["eloise@example.org"], True, False)
    address = reverse("patient_privacy:export_download", args=[export.pk])
    page = client.get(PAGE).content.decode()
    assert [word in page for word in (address, request.number, "Lefèvre")] == [True, True, False]
    told = client.get(reverse("patient_privacy:request", args=[request.pk])).content.decode()
    assert f'href="{PAGE}"' in told
    first = client.get(address).getvalue()
    export.refresh_from_db()
    assert (sha256(first).hexdigest(), export.downloads) == (export.sha256, 1)
    stale = verified_client(patient).get(address)
    assert (stale.status_code, "/accounts/" in stale["Location"]) == (302, True)
    assert client.post(reverse("patient_privacy:export_delete", args=[export.pk])).status_code == 302
    assert (client.get(address).status_code, Export.objects.count()) == (404, 0)
    assert not FileKey.objects.filter(file_id=export.pk, destroyed_at=None).exists()
    verbs = EventEntry.objects.filter(verb__startswith="gdpr.export.").order_by("pk").values_list("verb", flat=True)
    assert [verb.rsplit(".", 1)[-1] for verb in verbs] == ["asked", "ready", "downloaded", "deleted"]


def test_copy_holds_what_is_formalised_and_nothing_else(practitioner: User, patient: User, file: PatientFile) -> None:
    link(file, patient)
    archive = opened(made(file, patient, practitioner))
    found = read(archive, "file.json")
    (identity,), (visit,) = found["records.PatientFile"], found["records.Consultation"]
    assert (identity["surname"], identity["family_history"], "notes" in identity) == ("Quemener", "Diabète", False)
    assert (visit["note"], visit["signed_by"], "author" in visit) == ("Depuis mardi", "Camille Roux", False)
    assert found["records.ConsultationVersion"][0]["author_id"] == "Camille Roux"
    with scope(ALL):
        document = Document.objects.get()
    assert archive.read(f"documents/{document.pk}.png") == png()
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    hidden = ("Aubépine", "pervenche", str(practitioner.pk), practitioner.email)
    assert [word for word in hidden if word in everything] == []
    manifest = read(archive, "manifest.json")
    assert (manifest["drafts_left_out"], manifest["article"]) == (1, "GDPR Arts. 15 and 20, CSP L1111-7")
    assert [line["what"] for line in manifest["not_included"]] == [what for what, _why, _law in communicable.NOT_GIVEN]
    parts = {name for name in archive.namelist() if name != "manifest.json"}
    assert manifest["sha256"] == {name: sha256(archive.read(name)).hexdigest() for name in parts}
    assert {"index.html", "fhir.json", "contacts.vcf", "agenda.ics", "csv/records.Consultation.csv"} < parts


def test_its_json_fits_its_schema_and_its_fhir_the_standard(
    practitioner: User, patient: User, file: PatientFile
) -> None:
    link(file, patient)
    archive = opened(made(file, patient, practitioner))
    Draft202012Validator(read(archive, "schema/file.schema.json")).validate(read(archive, "file.json"))
    bundle = Bundle.model_validate_json(archive.read("fhir.json"))
    kinds = sorted(entry.resource.get_resource_type() for entry in bundle.entry)
    assert kinds == ["DocumentReference", "DocumentReference", "Encounter", "Observation", "Patient"]


def test_measure_of_a_draft_names_no_visit_that_isnt_there(practitioner: User, patient: User) -> None:
    file = make_file(practitioner, now=NOW)
    link(file, patient)
    make_document(file, practitioner, consultation=make_consultation(file, practitioner, note="Unsigned"))
    text = opened(made(file, patient, practitioner)).read("fhir.json")
    (paper,) = [
        one["resource"] for one in json.loads(text)["entry"] if one["resource"]["resourceType"] == "DocumentReference"
    ]
    assert ("context" in paper, b"Encounter" in text) == (False, False)


def test_journal_in_it_is_by_role_and_marks_ones_own(practitioner: User, patient: User, file: PatientFile) -> None:
    link(file, patient)
    archive = opened(made(file, patient, practitioner))
    lines = read(archive, "access-journal.json")
    entries = AccessEntry.objects.filter(subject_id=file.pk)
    assert [line["number"] for line in lines] == sorted(entries.values_list("pk", flat=True))
    assert {line["role"] for line in lines} == {"practitioner", "patient"}
    assert {line["you"] for line in lines if line["role"] == "practitioner"} == {False}
    assert (lines[-1]["action"], lines[-1]["you"]) == ("export", True)
    assert [line for line in lines if "actor_id" in line] == []


def test_page_is_read_offline_in_the_persons_language(practitioner: User, patient: User, file: PatientFile) -> None:
    link(file, patient)
    with working(practitioner) as by:
        row = PortalLink.objects.get(account=patient)
        hand_in(file=file, link=row, answers={"smoking": "never"}, by=by, now=NOW)
    page = opened(made(file, patient, practitioner)).read("index.html").decode()
    assert [word in page for word in ("Depuis mardi", "Do you smoke?", "opened", "2026-0", "cnil.fr", "<script")] == [
        True, True, True, True, True, False,
    ]  # fmt: skip


def test_requests_about_the_file_are_in_it_and_nobody_elses(
    practitioner: User, patient: User, file: PatientFile
) -> None:
    link(file, patient)
    mother = make_patient()
    link(file, mother, capacity="guardian", until=NOW + timedelta(days=900))
    theirs = by_account(mother, Right.RECTIFICATION, file_id=file.pk, text="Wisteria", now=NOW)
    archive = opened(made(file, patient, practitioner))
    requests = read(archive, "requests.json")
    assert ([one["right"] for one in requests], theirs.number in str(requests)) == (["15"], False)
    assert [step["text"] for step in requests[0]["thread"]] == ["Mine, please.", "Here it is."]


def test_consents_about_the_file_are_in_it_with_their_receipts(
    practitioner: User, patient: User, file: PatientFile
) -> None:
    """Each act, of a guardian before too; whose account and device theirs was isn't said. Another file's stay out."""
    own, mother = link(file, patient), make_patient()
    theirs = link(file, mother, capacity="guardian", until=NOW + timedelta(days=900))
    elsewhere = link(make_file(practitioner, now=NOW), patient)
    for row, account, on in ((theirs, mother, True), (own, patient, False), (elsewhere, patient, True)):
        by = Actor(account_id=account.pk, role="patient", ip="192.0.2.7", user_agent="Falkon")
        with scope(ALL):
            button = Control("button", "none", "Validate")
            decide_by_link(link=row, key="teleconsultation", on=on, by=by, language="en", now=NOW, control=button)
    archive = opened(made(file, patient, practitioner))
    lines = read(archive, "consents.json")
    assert [(line["role"], line["action"], line["by"], line["browser"]) for line in lines] == [
        ("guardian", "given", "", ""), ("patient", "withdrawn", str(patient.pk), "Falkon"),
    ]  # fmt: skip
    receipts = [name for name in archive.namelist() if name.startswith("receipts/")]
    assert ([line["receipt"] for line in lines], receipts) == (["", *receipts], [receipts[0]])
    assert is_genuine(read(archive, receipts[0]))
    assert read(archive, "manifest.json")["counts"]["consents.ConsentEvent"] == 2
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    assert str(mother.pk) not in everything
    page = archive.read("index.html").decode()
    assert [
        "Informed consent to teleconsultation" in page,
        "parent or guardian" in page,
        receipts[0] in page,
    ] == [True] * 3


def test_who_received_something_about_the_file_is_in_it(practitioner: User, patient: User, file: PatientFile) -> None:
    """What was sent about another file, or about the practitioner, isn't."""
    link(file, patient)
    other = make_file(practitioner, now=NOW)
    for file_id, service in ((file.pk, "mistral"), (other.pk, "assemblyai"), (None, "viva")):
        Egress.objects.create(
            at=NOW, subprocessor=service, host=f"api.{service}.ai", ground=f"ai_assistance+third_party_integrations.{service}",
            subject_id=practitioner.pk, file_id=file_id, categories="health",
        )  # fmt: skip
    archive = opened(made(file, patient, practitioner))
    ground = "Help by artificial intelligence + Integrations with other services: Mistral AI"
    assert read(archive, "sent.json") == [
        {
            "at": NOW.isoformat(), "service": "Mistral AI", "ground": ground, "categories": "health data", "arrived": False,
            "stand_in": False,
        }
    ]  # fmt: skip
    page = archive.read("index.html").decode()
    assert ("What left about this file" in page, page.count("Help by artificial intelligence +")) == (True, 1)
    assert read(archive, "manifest.json")["counts"]["adapters.Egress"] == 1
    shown = at_home(patient).get(reverse("patient_privacy:journal")).content.decode()
    assert ("What left about you" in shown, shown.count("Help by artificial intelligence +")) == (True, 1)


def test_parent_has_the_childs_copy_until_the_link_ends(practitioner: User, file: PatientFile) -> None:
    parent = make_patient()
    row = link(file, parent, capacity="guardian", until=NOW + timedelta(days=900))
    export = made(file, parent, practitioner)
    address = reverse("patient_privacy:export_download", args=[export.pk])
    client = at_home(parent)
    assert client.get(address).getvalue()[:4] == b"PK\3\4"
    assert AccessEntry.objects.filter(subject_id=file.pk, action="export").get().actor_role == "guardian"
    with scope(ALL):
        end_link(link=row, by=actor_of(practitioner), now=timezone.now())
    assert (client.get(address).status_code, str(export.pk) in client.get(PAGE).content.decode()) == (404, False)


@pytest.mark.parametrize(
    "said",
    [
        None,
        {"capacity": "proxy", "until": NOW + timedelta(days=900)},
        {"capacity": "guardian", "until": NOW + timedelta(days=900), "scope": ["documents"]},
        {"until": NOW + timedelta(minutes=1)},
    ],
)
def test_who_cannot_be_granted_it_cannot_ask(said: dict[str, Any] | None, file: PatientFile) -> None:
    """A stranger, a person of trust, a guardian without the choices, a link that ended: refused at filing, with a way on."""
    account = make_patient()
    if said is not None:
        link(file, account, **said)
    with pytest.raises(Refused) as refused:
        by_account(account, file_id=file.pk, now=SOON)
    assert (refused.value.refusal.code, Request.objects.count()) == ("not_theirs", 0)


def test_person_of_trust_asks_about_their_own_account(file: PatientFile) -> None:
    proxy = make_patient()
    link(file, proxy, capacity="proxy", until=NOW + timedelta(days=900))
    assert by_account(proxy, now=SOON).file_id is None


def test_link_that_ended_since_it_was_asked_has_no_copy(practitioner: User, patient: User, file: PatientFile) -> None:
    row, request = link(file, patient), asked(file, patient)
    with scope(ALL):
        end_link(link=row, by=actor_of(practitioner), now=SOON)
    with pytest.raises(Refused) as refused:
        granted(request, actor_of(practitioner))
    request.refresh_from_db()
    assert (refused.value.refusal.code, Export.objects.count(), request.outcome) == ("not_linked", 0, "")


def test_link_that_ends_before_it_is_made_leaves_no_copy(practitioner: User, patient: User, file: PatientFile) -> None:
    row = link(file, patient)
    export = granted(asked(file, patient), actor_of(practitioner))
    assert export is not None
    with scope(ALL):
        end_link(link=row, by=actor_of(practitioner), now=SOON)
    assert building.build(export.pk, now=SOON + timedelta(minutes=1)) is False
    assert (Export.objects.count(), AccessEntry.objects.filter(subject_id=file.pk, action="export").count()) == (0, 0)


def test_restricted_file_is_copied_for_its_patient_alone(practitioner: User, patient: User, file: PatientFile) -> None:
    link(file, patient)
    without = asked(file, None)
    mine = asked(file, patient)
    restrict(file, now=NOW)
    with pytest.raises(Refused) as refused:
        granted(without, actor_of(practitioner))
    assert refused.value.refusal.code == "restricted"
    export = granted(mine, actor_of(practitioner))
    assert export is not None
    assert building.build(export.pk, now=timezone.now()) is True
    assert read(opened(Export.objects.get()), "file.json")["records.PatientFile"][0]["surname"] == "Quemener"
    assert AccessEntry.objects.filter(subject_id=file.pk, action="open_restricted").count() == 1
    assert restricted_files_are_only_stored(timezone.now()).kept


def make_colleague(owner: User) -> User:
    """A practitioner of the same practice who doesn't treat the patient."""
    user, practice, now = make_practitioner("colleague@example.org"), practice_of(owner), timezone.now()
    assert practice is not None
    with scope(ALL):
        Membership.objects.filter(user=user).update(until_at=now)
        join_practice(practice=practice, user=user, role=Role.PRACTITIONER, by=as_owner(owner), now=now)
    return user


def test_desk_hands_the_copy_over_to_somebody_without_account(practitioner: User, file: PatientFile) -> None:
    request = asked(file, None)
    export = granted(request, actor_of(practitioner))
    assert export is not None
    mail.outbox.clear()
    assert building.build(export.pk, now=timezone.now()) is True
    assert [(message.to, "Quemener" in message.body) for message in mail.outbox] == [(["camille@example.org"], False)]
    page, address = (reverse(f"gdpr:{name}", args=[request.pk]) for name in ("request", "request_archive"))
    client = at_home(practitioner)
    assert address in client.get(page).content.decode()
    archive = ZipFile(BytesIO(client.get(address).getvalue()))
    assert read(archive, "manifest.json")["request"] == request.number
    colleague = make_colleague(practitioner)
    for other in (make_practitioner("other@example.org"), make_patient(), colleague):
        assert at_home(other).get(address).status_code == 404
    assert at_home(make_staff()).get(reverse("admin:request_archive", args=[request.pk])).status_code == 404
    assert AccessEntry.objects.filter(subject_id=export.pk, action="download").get().actor_id == practitioner.pk
    client.post(address, {"act": "delete"})
    assert (client.get(address).status_code, Export.objects.count()) == (404, 0)


def test_practice_enters_what_a_patient_without_account_asks(practitioner: User, file: PatientFile) -> None:
    client, page = at_home(practitioner), reverse("gdpr:request_enter", args=[file.pk])
    assert page in client.get(reverse("records:portal", args=[file.pk])).content.decode()
    typed = {
        "channel": "post", "received_on": NOW.date().isoformat(), "name": "Éloïse Lefèvre", "email": "",
        "address": "12, Ti Foss", "language": "fr", "right": "15", "objects_to": "", "text": "My file, please.",
    }  # fmt: skip
    wrong = client.post(page, {**typed, "address": ""})
    assert (wrong.status_code, "a postal address" in wrong.content.decode(), Request.objects.count()) == (422, True, 0)
    answer = client.post(page, typed)
    request = Request.objects.get()
    assert answer["Location"] == reverse("gdpr:request", args=[request.pk])
    assert (request.file_id, request.practice_id, request.data_class, request.account_id, request.proof) == (
        file.pk, file.practice_id, "medical", None, "",
    )  # fmt: skip
    assert granted(request, actor_of(practitioner), now=timezone.now() + timedelta(days=3)) is not None
    for other in (make_practitioner("other@example.org"), make_patient()):
        assert at_home(other).get(page).status_code == 404


def test_desk_hands_nothing_over_once_the_file_is_restricted(practitioner: User, file: PatientFile) -> None:
    request = asked(file, None)
    export = granted(request, actor_of(practitioner))
    assert export is not None
    restrict(file, now=NOW)
    assert building.build(export.pk, now=timezone.now()) is False
    assert Export.objects.get().state == "failed"
    assert handing.shown(request, True, timezone.now()) is None
    assert at_home(practitioner).get(reverse("gdpr:request_archive", args=[request.pk])).status_code == 404


def test_copy_goes_with_its_file(practitioner: User, patient: User, file: PatientFile) -> None:
    link(file, patient)
    export, later = made(file, patient, practitioner), timezone.now()
    with scope(ALL):
        PatientFile.objects.filter(pk=file.pk).update(leaving_at=later)
    assert at_home(patient).get(reverse("patient_privacy:export_download", args=[export.pk])).status_code == 404
    actions.destroy_strays(later)
    assert (Export.objects.count(), default_storage.exists(actions.name_of(export.pk))) == (0, False)
    assert not FileKey.objects.filter(file_id=export.pk, destroyed_at=None).exists()


def test_copy_goes_with_the_account(practitioner: User, patient: User, file: PatientFile) -> None:
    link(file, patient)
    export, by = made(file, patient, practitioner), dpo_of(make_staff())
    erasure = decide_account(patient.pk, approved=plan_for_account(patient.pk, NOW).sha256, by=by, now=NOW)
    finish(erasure.erasure_id, by=by, now=NOW)
    assert (Export.objects.count(), default_storage.exists(actions.name_of(export.pk))) == (0, False)
    assert not FileKey.objects.filter(file_id=export.pk, destroyed_at=None).exists()


def test_one_request_makes_one_copy(practitioner: User, patient: User, file: PatientFile) -> None:
    link(file, patient)
    request = asked(file, patient)
    assert granted(request, actor_of(practitioner)) is not None
    with pytest.raises(Refused):
        granted(request, actor_of(practitioner))
    with pytest.raises(IntegrityError), transaction.atomic():
        Export.objects.create(account=patient, scope="file", file_id=file.pk, request_id=request.pk, asked_at=NOW)
    assert Export.objects.count() == 1


def test_refused_or_partly_granted_begins_nothing(practitioner: User, patient: User, file: PatientFile) -> None:
    link(file, patient)
    request, by = asked(file, patient), actor_of(practitioner)
    desk.answer(request_id=request.pk, outcome="partly", ground="others", text="Not all.", by=by, now=SOON)
    assert Export.objects.count() == 0


def test_failed_copy_is_tried_again_by_a_click(practitioner: User, patient: User, file: PatientFile) -> None:
    link(file, patient)
    export = granted(asked(file, patient), actor_of(practitioner))
    assert export is not None
    Export.objects.filter(pk=export.pk).update(state="failed", attempts=5)
    client = at_home(patient)
    assert "could not be made" in client.get(PAGE).content.decode()
    for _ in range(2):
        client.post(reverse("patient_privacy:export_again", args=[export.pk]))
    export.refresh_from_db()
    assert (export.state, export.attempts) == ("waiting", 0)
    assert building.build(export.pk, now=timezone.now()) is True


def test_account_is_copied_by_a_click_with_profile_and_no_file(
    practitioner: User, patient: User, file: PatientFile
) -> None:
    link(file, patient)
    client = at_home(patient)
    for _ in range(2):
        assert client.post(PAGE).status_code == 302
    export = Export.objects.get()
    assert (export.scope, export.request_id) == ("account", None)
    assert building.build(export.pk, now=timezone.now()) is True
    archive = ZipFile(BytesIO(client.get(reverse("patient_privacy:export_download", args=[export.pk])).getvalue()))
    account = read(archive, "account.json")
    (profile,) = account["accounts.PatientProfile"]
    assert (account["accounts.User"][0]["email"], profile["surname"]) == ("eloise@example.org", "Lefèvre")
    assert ("consents.json" in archive.namelist(), [n for n in archive.namelist() if n.startswith("files/")]) == (
        True,
        [],
    )
    lines = read(archive, "access-journal.json")
    assert ({line["role"] for line in lines}, [line for line in lines if "actor_id" in line]) == ({"patient"}, [])


def test_letter_from_the_address_of_an_account_is_answered_on_its_page(patient: User, practitioner: User) -> None:
    by = dpo_of(make_staff())
    for user, right, how_far in (
        (patient, Right.ACCESS, "account"), (practitioner, Right.ACCESS, "access"),
        (practitioner, Right.PORTABILITY, "portability"),
    ):  # fmt: skip
        export = granted(by_letter(right, contact={"name": "Me", "email": user.email.upper()}, now=NOW), by)
        assert export is not None
        assert (export.account_id, export.scope) == (user.pk, how_far)
        assert building.build(export.pk, now=timezone.now()) is True
        tab = "patient_privacy:export" if user == patient else "gdpr:export"
        assert str(export.pk) in at_home(user).get(reverse(tab)).content.decode()
    assert granted(by_letter(contact={"name": "Me", "email": "nobody@example.org"}, now=NOW), by) is None


def test_strangers_get_404(practitioner: User, patient: User, file: PatientFile) -> None:
    link(file, patient)
    export = made(file, patient, practitioner)
    neighbour = make_patient()
    link(make_file(practitioner, surname="Voisin"), neighbour)
    for other in (neighbour, make_practitioner("other@example.org"), practitioner):
        client = at_home(other)
        for name in ("download", "delete", "again"):
            place = reverse(f"patient_privacy:export_{name}", args=[export.pk])
            assert (client.get(place) if name == "download" else client.post(place)).status_code == 404
        assert client.get(reverse("gdpr:export_download", args=[export.pk])).status_code == 404
    assert Export.objects.count() == 1


def test_page_takes_as_many_queries_for_three_as_for_one(practitioner: User, patient: User) -> None:
    client, counts = at_home(patient), []
    for more in (1, 2):
        for _ in range(more):
            file = make_file(practitioner, now=NOW)
            link(file, patient)
            made(file, patient, practitioner)
        client.get(PAGE)
        with CaptureQueriesContext(connection) as captured:
            assert (
                client.get(PAGE).content.count(b'class="button" href="/patient/privacy/export/')
                == Export.objects.count()
            )
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_promise_is_false_when_a_grant_begins_nothing(
    practitioner: User, patient: User, file: PatientFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    link(file, patient)
    assert promises.granted_copies_are_made(NOW).kept
    made(file, patient, practitioner)
    assert promises.granted_copies_are_made(NOW).kept
    other = make_file(practitioner, now=NOW)
    Export.objects.update(file_id=other.pk)
    assert promises.granted_copies_are_made(NOW).figures["archives_of_others"] == 1
    Export.objects.all().delete()
    monkeypatch.setattr("gdpr_requests.effects._granted", {Right.ACCESS: lambda request, **_: None})
    link(other, patient)
    request = asked(other, patient)
    with suppress(Refused):
        granted(request, actor_of(practitioner))
    assert promises.granted_copies_are_made(NOW).figures["granted_and_not_begun"] == [request.number]
