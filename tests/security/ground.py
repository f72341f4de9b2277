"""The practice of the walk: a token in every sealed field that a page could show, and everybody who may read of it."""

from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.credentials import cuts
from accounts.credentials.models import CredentialCut
from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry
from care.actions import join_practice
from care.models import Membership, Role
from care.queries import practice_of
from care.tenancy import ALL, scope
from consents.models import ConsentEvent, PublishedText
from directory.models import Listing
from gdpr_requests import actions as desk
from gdpr_requests.desk import links
from gdpr_requests.desk.identity import send_document
from gdpr_requests.directives import actions as directives
from gdpr_requests.duties import actions as duties
from gdpr_requests.export.building import build
from gdpr_requests.models import Export, Proof
from lifecycle.breaches.actions import open_breach
from lifecycle.deletion.links import token_of as keep_token
from lifecycle.holds.actions import lift_hold
from privacy.deadlines import Right
from privacy.patient_keys import AI_HELP
from records import actions
from records.authority.actions import end
from records.emergency import open_in_emergency
from records.models import Consultation, Document, PatientFile
from records.portal import actions as portal
from records.portal import content
from tests.accounts.factories import make_patient, make_practitioner, make_staff, prove, verified_client
from tests.care.factories import as_owner, held_client, let_in, make_member
from tests.consents.factories import choose, person
from tests.gdpr_requests.factories import VISITOR, account_of, by_account, by_letter, dpo_of, signed_file
from tests.imports.factories import imported
from tests.lifecycle.test_holds import place
from tests.records.assist_world import suggested
from tests.records.factories import actor_of, link, make_file, working
from tests.records.orders import enter, read_by_agent
from tests.records.restriction.helpers import BY, lift, restrict, tell
from tests.security.seeding import IDENTITY, MEDICAL, PATIENT, TEXTS, a_pdf, token_of
from tests.security.test_idor import agreed, copied, exported
from tests.security.walking import ANYBODY, AS_AGENT, AS_PATIENT, IN_OFFICE, IN_PRACTICE, Ground, Reader, tokens_of
from vault import rings

BORN = "1931-07-23"


def words(model: str, names: tuple[str, ...]) -> dict[str, str]:
    """A token for each field of a model."""
    return {name: token_of(f"{model}.{name}") for name in names}


def mail(name: str) -> str:
    """A token as an address."""
    return f"{token_of(name).lower()}@qx7.example"


def make_ground() -> Ground:
    """Build all of it, by the real actions."""
    owner = make_practitioner("owner@example.org")
    file = full_file(owner)
    corrected(owner, file)
    arguments, contents = things_of(owner, file)
    with scope(ALL):
        imported_file = PatientFile.objects.get(origin="imported").pk
    for page in ("kept", "kept_one", "imported_bundle"):
        arguments[f"records:{page} file_id"] = imported_file
    arguments |= restricted(owner, contents) | archived(owner) | house(owner, file, contents)
    readers = (
        *team(owner, file), *people(owner, file, arguments), *office(owner, file, arguments), agent(owner, file, arguments, contents)
    )  # fmt: skip
    arguments["emergency_id"] = arguments.pop("emergency")
    with scope(ALL):
        arguments["membership_id"] = Membership.objects.filter(role="assistant").values_list("pk", flat=True)[0]
        files = frozenset(PatientFile.objects.values_list("pk", flat=True))
    return Ground(arguments, readers, *tokens_of(contents), files)


def full_file(owner: User, model: str = "PatientFile") -> PatientFile:
    """A patient with a token in each text."""
    said = words(model, (*IDENTITY, *MEDICAL)) | {"email": mail(f"{model}.email"), "birth_date": BORN}
    return make_file(owner, now=timezone.now(), **said)


def corrected(owner: User, file: PatientFile) -> None:
    """The file keeps what stood there before."""
    with working(owner) as by:
        for said in (token_of("Correction.before"), token_of("PatientFile.lifestyle")):
            actions.change_file(file=file, changes={"lifestyle": said}, by=by, now=timezone.now())


def things_of(owner: User, file: PatientFile) -> tuple[dict[str, Any], dict[str, UUID]]:
    """Consultations, a measure, a document, shares, an invitation, a hold: addresses, and the keys of contents."""
    now = timezone.now()
    signed, draft = written(owner, file)
    document, contents = scanned(owner, file, "Document")
    with working(owner) as by:
        measure = actions.add_measure(
            file=file, **words("Measure", ("label", "value", "unit", "code")), taken_at=now, by=by, now=now
        )
        for thing in (signed, document):
            content.share(file=file, thing=thing, by=by, now=now)
        invitation, _secret = portal.invite(file=file, email=mail("Invitation.email"), language="en", by=by, now=now)
    hold = place(
        file, case=token_of("Hold.case"), why=token_of("Hold.why"), now=now, review_on=(now + timedelta(30)).date()
    )
    with scope(ALL):
        lift_hold(hold_id=place(file, now=now).pk, why=token_of("Hold.lifted_why"), by=BY, now=now)
    arguments = {
        **imported(owner, token_of("imported")), "file_id": file.pk, "consultation_id": signed.pk, "number": 1,
        "records:discard consultation_id": draft.pk, "records:draft consultation_id": draft.pk,
        **helped(owner, file, draft),
        "measure_id": measure.pk, "document_id": document.pk, "hold_id": hold.pk, "invitation_id": invitation.pk,
    }  # fmt: skip
    return arguments, contents


def helped(owner: User, file: PatientFile, draft: Consultation) -> dict[str, Any]:
    """What a machine wrote for a draft, a recording that waits, and a draft for which one may be asked: its author agrees."""
    now, parent = timezone.now(), "third_party_integrations"
    ready = suggested(draft, owner, token_of("Suggestion.text"), now=now)
    suggested(draft, owner, "", sound=token_of("Suggestion.sound"), now=now)
    for child in ("", "mistral"):
        choose(person(owner.pk), parent, child=child, now=now)
    with working(owner) as by:
        row = actions.start_consultation(file=file, by=by, now=now)
        notes = {"note": token_of("notes for a machine")}
        actions.save_draft(consultation=row, content=notes, revision=row.revision, by=by, now=now)
    return {
        "suggestion_id": ready.pk, "records:assist_decide consultation_id": draft.pk, "records:assist consultation_id": row.pk,
    }  # fmt: skip


def written(owner: User, file: PatientFile) -> tuple[Consultation, Consultation]:
    """A consultation, signed and amended, and a draft."""
    now = timezone.now()
    texts = words("Consultation", TEXTS)
    with working(owner) as by:
        rows = []
        for said in (texts, {"note": token_of("draft.note")}):
            row = actions.start_consultation(file=file, by=by, now=now)
            rows.append(actions.save_draft(consultation=row, content=said, revision=row.revision, by=by, now=now))
        actions.sign(consultation=rows[0], by=by, now=now)
        rows[0].refresh_from_db()
        newer = {**texts, "plan": token_of("Consultation.amended plan")}
        actions.amend(
            consultation=rows[0], content=newer, reason=token_of("ConsultationVersion.reason"), by=by, now=now
        )
    return rows[0], rows[1]


def scanned(owner: User, file: PatientFile, name: str) -> tuple[Document, dict[str, UUID]]:
    """A document with a token in its title, its name and its content; whose content and pages they are."""
    inside = token_of(f"{name} inside")
    with working(owner) as by:
        row = actions.add_document(
            file=file, source=BytesIO(a_pdf(inside)), name=f"{token_of(f'{name}.name')}.pdf", title=token_of(f"{name}.title"),
            by=by, now=timezone.now(),
        )  # fmt: skip
    return row, {inside.lower(): file.pk, f"document {row.pk}": file.pk}


def restricted(owner: User, contents: dict[str, UUID]) -> dict[str, Any]:
    """A restricted file that is being read, with a note."""
    now = timezone.now()
    file = full_file(owner, "restricted")
    document, inside = scanned(owner, file, "restricted document")
    contents |= inside
    lift(tell(restrict(file, now=now), now=now), why=token_of("Restriction.lifted_why"), now=now)
    restrict(file, now=now, note=token_of("Restriction.note"))
    with scope(ALL):
        from records.restriction.actions import read

        why = token_of("RestrictedOpening.why")
        opening = read(file_id=file.pk, ground="claims", why=why, by=actor_of(owner), now=now)
    given = {"file_id": file.pk, "document_id": document.pk, "opening_id": opening.pk}
    pages = ("restriction", "restricted_ask", "restricted_read", "restricted_document")
    return {f"records:{page} {name}": value for page in pages for name, value in given.items()}


def archived(owner: User) -> dict[str, Any]:
    """A file in the archive, and one that was opened out of it with a reason."""
    now = timezone.now()
    shut, again = full_file(owner, "archived"), full_file(owner, "reopened")
    for file in (shut, again):
        rings.archive([file.pk], now)
        with scope(ALL):
            PatientFile.objects.filter(pk=file.pk).update(
                archived_at=now - timedelta(days=2), active_until=(now - timedelta(days=3)).date()
            )
    with working(owner) as by:
        actions.open_archived(file_id=again.pk, why=token_of("ArchiveOpening.why"), by=by, now=now)
        opening = again.archiveopenings.get()
    return {"records:archived file_id": shut.pk, "admin:archive_opening opening_id": opening.pk}


def house(owner: User, file: PatientFile, contents: dict[str, UUID]) -> dict[str, Any]:
    """What isn't a patient's: an export, requests, a breach, a duty with its proof, receipts."""
    now = timezone.now()
    asked = by_account(owner, text=token_of("Exchange of the owner"), now=now)
    letter = asked_by_letter("house", dpo_of(make_staff()), contents)
    practice = practice_of(owner)
    to_practice = asked_by_letter("practice", actor_of(owner), contents, practice_id=practice and practice.pk)
    handed = copy_of_a_letter(owner, file)
    duty = duties.add_duty(kind="audit", title="Audit", every_months=12, first_due_on=date(2026, 1, 5), by=BY, now=now)
    done = duties.record_done(duty_id=duty.pk, done_on=date(2026, 1, 5), proof=a_pdf("proof"), by=BY, now=now)
    breach = open_breach(nature=token_of("BreachEvent.said"), aware_at=now, by=BY, now=now)
    receipt = ConsentEvent.objects.filter(subject_id=owner.pk).values_list("pk", flat=True).first()
    return {
        "language": "en", "cut_id": cut_of_somebody(now), "event_id": receipt, "address": PublishedText.objects.values_list("sha256", flat=True).first(),
        "key": "some-key", "admin:way_out key": "resend", "admin:way_open key": "resend", "uidb36": "abc", "pk": 1, "consents:confirm key": "tos_privacy",
        "gdpr:integration key": "google",
        "listing_id": Listing.objects.create(user=owner).pk, "export_id": exported(owner).pk, "proof_id": signed_file(owner, a_pdf("signed")).pk,
        "token": keep_token(owner.pk, 1, now), "patient:invitation token": "no-such-link",
        "request_id": asked.pk, "admin:request request_id": letter, "admin:request_paper request_id": letter, "gdpr:request_paper request_id": to_practice, "gdpr:request_archive request_id": handed,
        **{f"gdpr:{page} token": links.token_of(letter) for page in ("follow", "follow_paper")},
        "duty_id": duty.pk, "done_id": done.pk, "breach_id": breach.id,
        "subprocessor": "scell", "path": "below", "box": "out", "row_id": UUID(int=0),
        "admin:operations_approve run_id": UUID(int=0), "app_label": "audit", "content_type_id": 1, "url": "x",
    }  # fmt: skip


def cut_of_somebody(now: datetime) -> UUID:
    """The case of an account that the office locked."""
    lost = cuts.cut(
        user=make_practitioner("lost@example.org"), lost=["all"], said=CredentialCut.Said.OFFICE, reason="telephone",
        by=BY, now=now,
    )  # fmt: skip
    return lost.pk


def copy_of_a_letter(owner: User, file: PatientFile) -> UUID:
    """A copy of the file for somebody who asked by letter; it lies ready at the desk."""
    request, now = by_letter(Right.ACCESS, file_id=file.pk), timezone.now()
    desk.prove(request_id=request.pk, proof=Proof.IN_PERSON, by=actor_of(owner), now=now)
    desk.answer(request_id=request.pk, outcome="granted", text="Here it is.", by=actor_of(owner), now=now)
    assert build(Export.objects.get(request_id=request.pk).pk, now=now)
    return request.pk


def asked_by_letter(name: str, handler: Actor, contents: dict[str, UUID], **to: Any) -> UUID:
    """A request of somebody without an account, who was asked for an identity document and sent one."""
    now, inside = timezone.now(), token_of(f"identity for the {name}")
    contact = {"name": token_of(f"contact of the {name}"), "email": "x@qx7.example", "language": "en"}
    request = by_letter(Right.ACCESS, now=now, text=token_of(f"letter to the {name}"), contact=contact, **to)
    desk.ask_identity(request_id=request.pk, text="Please", by=handler, now=now)
    row = send_document(request_id=request.pk, source=BytesIO(a_pdf(inside)), by=VISITOR, now=now)
    contents[inside.lower()] = row.pk
    return request.pk


def team(owner: User, file: PatientFile) -> list[Reader]:
    """The owner, and members whom the patient lets in."""
    let_in(owner, file.pk)
    member = make_member(owner, "staff"), make_member(owner, "assistant")
    return [
        Reader("owner", proved(owner), "practitioner", "practitioner", IN_PRACTICE),
        Reader("staff", proved(member[0]), "staff", "staff", IN_PRACTICE),
        Reader("assistant", proved(member[1]), "assistant", "assistant", IN_PRACTICE),
    ]


def people(owner: User, file: PatientFile, arguments: dict[str, Any]) -> list[Reader]:
    """The patient, a guardian and a person of trust: each with a link, an identity and a request of their own."""
    readers, now = [], timezone.now()
    for capacity, role in (("self", "patient"), ("guardian", "guardian"), ("proxy", "proxy")):
        account = make_patient(f"{capacity}@example.org", **words(f"profile of {capacity}", PATIENT))
        row = link(file, account, capacity=capacity, until=None if capacity == "self" else now + timedelta(90))
        asked = desk.file_request(
            right=Right.ACCESS, text=token_of(f"Exchange of {capacity}"), channel="centre", account_id=account.pk,
            by=account_of(account), now=now,
        )  # fmt: skip
        with working_as(file):
            answers = {"lifestyle": token_of(f"answers of {capacity}"), "smoking": "never"}
            by = Actor(account.pk, role, practice_id=file.practice_id)
            content.hand_in(file=file, link=row, answers=answers, by=by, now=now)
        directives.write_general(
            account_id=account.pk, said={"trustee": token_of(f"trustee of {capacity}"), "reference": "1"}, by=account_of(account), now=now
        )  # fmt: skip
        client = proved(account)
        draft = {**answers, "lifestyle": token_of(f"draft of {capacity}"), "later": "1"}
        assert client.post(reverse("patient:questionnaire", args=[row.pk]), draft).status_code == 302
        entry = AccessEntry.objects.filter(subject_id=file.pk).values_list("pk", flat=True)[0]
        own = {"link_id": row.pk, "request_id": asked.pk, "entry_id": entry}
        if role == "patient":
            own["patient_privacy:consent_receipt event_id"] = agreed(row, now)
            agreed(row, now, AI_HELP)
            own["patient_privacy:export_download export_id"] = copied(file, account, owner)
        readers.append(Reader(capacity, client, role, "patient", AS_PATIENT, own))
        arguments.setdefault("link_id", row.pk)
    return readers


def working_as(file: PatientFile) -> Any:
    """The rows of the file's practice, as the gate opens them to a patient."""
    return scope([file.practice_id])


def office(owner: User, file: PatientFile, arguments: dict[str, Any]) -> list[Reader]:
    """A colleague in an emergency, the data protection officer, somebody who asked by letter, and nobody."""
    colleague = make_practitioner("colleague@example.org")
    now = timezone.now()
    with scope(ALL):
        Membership.objects.filter(user=colleague).update(until_at=now)
        join_practice(practice=practice_of(owner), user=colleague, role=Role.PRACTITIONER, by=as_owner(owner), now=now)
    with scope([file.practice_id]):
        by = Actor(colleague.pk, "practitioner", practice_id=file.practice_id)
        why = token_of("EmergencyAccess.why")
        arguments["emergency"] = open_in_emergency(file_id=file.pk, kind="life", why=why, by=by, now=now).pk
    officer = make_staff("dpo@example.org")
    return [
        Reader("emergency", proved(colleague), "emergency", "practitioner", IN_PRACTICE),
        Reader("officer", proved(officer), "dpo", "dpo", IN_OFFICE),
        Reader("nobody", Client(raise_request_exception=False), "anonymous", "anonymous", ANYBODY),
    ]


def proved(user: User) -> Client:
    """A client whose second factor is fresh."""
    client = verified_client(user) if user.is_staff else held_client(user)
    prove(client, user, at=timezone.now() + timedelta(hours=1))
    client.raise_request_exception = False
    return client


def agent(owner: User, file: PatientFile, arguments: dict[str, Any], contents: dict[str, UUID]) -> Reader:
    """Somebody who reads the file under an order, every word of which is a token."""
    said = words("AuthorityOrder", ("reference", "why", "whom", "agent"))
    inside = token_of("order inside")
    order, account = read_by_agent(owner, file, source=BytesIO(a_pdf(inside)), now=timezone.now(), **said)
    contents[inside.lower()] = order.sealed_file_id
    ended = enter(
        owner,
        file,
        silent_until=timezone.now().date(),
        silent_why=token_of("AuthorityOrder.silent_why"),
        now=timezone.now(),
    )
    with scope(ALL):
        end(
            order_id=ended.pk,
            why=token_of("AuthorityOrder.ended_why"),
            by=Actor(ended.entered_by_id, "dpo"),
            now=timezone.now(),
        )
    arguments["admin:order order_id"] = ended.pk
    arguments |= {"order_id": order.pk, "part": "medical", "authority:join token": "no-such-link"}
    return Reader("agent", proved(account), "authority", "authority", AS_AGENT)
