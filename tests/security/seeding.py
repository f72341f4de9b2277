"""A unique token into every sealed field, through the real pages, so that what stays of it in clear can be looked for."""

import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.patients.actions import change_identity
from audit.actors import Actor
from care.portal.actions import make_link
from care.tenancy import ALL, scope
from lifecycle.breaches.actions import open_breach
from lifecycle.erasure.deciding import decide_account
from lifecycle.erasure.plan import plan_for_account
from lifecycle.holds.actions import lift_hold, place_hold
from privacy.declare import REGISTRY
from privacy.purposes import Purpose
from records.actions import start_consultation
from records.authority.actions import end
from records.models import Consultation, PatientFile
from records.restriction.actions import lift, read, restrict, tell
from tests.accounts.factories import WebClient, make_practitioner, prove, verified_client
from tests.care.factories import held_client, make_member
from tests.imports.bundles import as_text, bundle, encounter, entry, observation, patient
from tests.journeys.conftest import app_code
from tests.records.assist_world import suggested
from tests.records.factories import working
from tests.records.orders import enter
from vault import access
from vault.fields import sealed_fields

IDENTITY = ("surname", "birth_name", "given_names", "birth_place", "address", "occupation")
MEDICAL = (
    "medical_history", "surgical_history", "allergies", "treatments", "family_history", "lifestyle", "notes",
)  # fmt: skip
PATIENT = ("surname", "given_names", "birth_place", "address", "payer_number")
TEXTS = ("reason", "note", "examination", "assessment", "plan")


def token_of(name: str) -> str:
    """The token of a sealed field or file: one word that stands nowhere else."""
    return "Kwz" + hashlib.sha256(name.encode()).hexdigest()[:12]


def sealed_names() -> set[str]:
    """Every sealed field of the house, by what is declared and by what the models say."""
    declared = {
        f"{label}.{name}" for label, one in REGISTRY.items() for name, field in one.fields.items() if field.sealed
    }
    built = {f"{model._meta.label}.{field.name}" for model in apps.get_models() for field in sealed_fields(model)}
    return declared | built


class Seeder:
    """A practitioner at the pages; ``tokens`` grows with each field that was filled."""

    def __init__(self) -> None:
        self.user = make_practitioner("camille@example.org")
        self.client: WebClient = verified_client(self.user)
        prove(self.client, self.user)
        self.tokens: dict[str, str] = {}

    def token(self, name: str, value: str | None = None) -> str:
        """The token of a field, noted as typed."""
        self.tokens[name] = value or token_of(name)
        return self.tokens[name]

    def texts(self, model: str, names: tuple[str, ...]) -> dict[str, str]:
        """Tokens for several fields of a model."""
        return {name: self.token(f"records.{model}.{name}") for name in names}

    def post(self, name: str, values: dict[str, Any], *ids: UUID) -> str:
        """Send a form as its page has it; returns where the page leads. Raises AssertionError when it was refused."""
        url = reverse(f"records:{name}", args=ids)
        shown = self.client.get(url)
        form = shown.context and shown.context.get("form")
        held = {key: value for key, value in form.initial.items() if value is not None} if form else {}
        answer = self.client.post(url, {**held, **values})
        assert answer.status_code == 302, f"{name}: {answer.context and answer.context['form'].errors}"
        return str(answer["Location"])

    def sow(self) -> None:
        """All of it."""
        self.set_up_app()
        file = self.make_file()
        self.write_consultation(file)
        self.add_measure_and_document(file)
        self.bring_bundle()
        self.leave_refused_files()
        self.be_a_patient(file)
        self.place_and_lift_hold(file)
        self.restrict_and_lift(file)
        self.enter_breach()
        self.open_in_emergency(file)
        self.record_death(file)
        self.open_archive(file)
        self.close_another_account()
        self.write_to_the_officer()
        self.be_read_by_an_authority()

    def be_read_by_an_authority(self) -> None:
        """An order with every word of it, and its document; ended, so that it says why."""
        now = timezone.now()
        words = {
            name: self.token(f"records.AuthorityOrder.{name}")
            for name in ("reference", "why", "whom", "agent", "silent_why")
        }
        paper = SimpleUploadedFile("order.pdf", a_pdf(self.token("content of an order")))
        order = enter(self.user, source=paper, silent_until=now.date(), now=now, **words)
        with scope(ALL):
            why, by = (
                self.token("records.AuthorityOrder.ended_why"),
                Actor(account_id=self.user.pk, role="practitioner"),
            )
            end(order_id=order.pk, why=why, by=by, now=now)

    def place_and_lift_hold(self, file: UUID) -> None:
        """A hold, by the actions of the office's page and of the command."""
        now, by = timezone.now(), Actor.operations("leak test")
        said = {name: self.token(f"lifecycle.Hold.{name}") for name in ("case", "why", "lifted_why")}
        with scope(ALL):
            hold = place_hold(
                file_id=file, ground="claim", case=said["case"], why=said["why"],
                review_on=(now + timedelta(days=30)).date(), by=by, now=now,
            )  # fmt: skip
            lift_hold(hold_id=hold.pk, why=said["lifted_why"], by=by, now=now)

    def restrict_and_lift(self, file: UUID) -> None:
        """A restriction with its note, a reading meanwhile, and why it ended."""
        now, by = timezone.now(), Actor(account_id=self.user.pk, role="practitioner")
        note, why = self.token("records.Restriction.note"), self.token("records.RestrictedOpening.why")
        ended = self.token("records.Restriction.lifted_why")
        with scope(ALL):
            row = restrict(file_id=file, ground="accuracy", note=note, by=by, now=now)
            read(file_id=file, ground="claims", why=why, by=by, now=now)
            tell(restriction_id=row.pk, how="wish", by=by, now=now)
            lift(restriction_id=row.pk, why=ended, by=by, now=now)

    def enter_breach(self) -> None:
        """What the office writes of a breach."""
        now = timezone.now()
        open_breach(
            nature=self.token("lifecycle.BreachEvent.said"), aware_at=now, by=Actor.operations("leak test"), now=now
        )

    def be_a_patient(self, file: UUID) -> None:
        """Somebody is invited by the page of the file; the practitioner is a patient too, with an identity of their own."""
        mail = self.token("care.Invitation.email", token_of("care.Invitation.email").lower() + "@qx7.example")
        self.post("portal", {"capacity": "self", "email": mail}, file)
        said = {name: self.token(f"accounts.PatientProfile.{name}") for name in PATIENT}
        said["phone"] = self.token("accounts.PatientProfile.phone", "+33698123468")
        self.token("accounts.PatientProfile.birth_date", "1932-08-24")
        known = {"birth_date": "24/08/1932", "sex": "other"}
        assert self.client.post(reverse("accounts:patient_start"), {**said, **known}).status_code == 302
        assert self.client.post(reverse("accounts:patient_identity"), {**said, **known}).status_code == 302
        self.answer_questionnaire(file)
        words = {"trustee": self.token("gdpr_requests.Directive.said"), "reference": "1", "step": "general"}
        assert self.client.post(reverse("patient_privacy:directives"), words).status_code == 302
        sex = {"sex": self.token("accounts.PatientProfile.sex")}  # the page takes none but its own words
        change_identity(
            user=self.user, values=sex, by=Actor(account_id=self.user.pk, role="patient"), now=timezone.now()
        )

    def answer_questionnaire(self, file: UUID) -> None:
        """The questionnaire by the portal: handed in, then begun anew as a draft."""
        with scope(ALL):
            practice = PatientFile.objects.get(pk=file).practice_id
            by = Actor(account_id=self.user.pk, role="patient")
            link = make_link(
                practice_id=practice, patient_id=file, account_id=self.user.pk, capacity="self", until=None, by=by,
                now=timezone.now(),
            )  # fmt: skip
        url = reverse("patient:questionnaire", args=[link.pk])
        words = dict.fromkeys(("diseases", "family_history", "treatments", "risks"), "none")
        said = {"smoking": "never", "alcohol": "never", "activity": "some", **words}
        said["lifestyle"] = self.token("records.Questionnaire.answers")
        assert self.client.post(url, said).status_code == 302
        draft = {**said, "lifestyle": self.token("records.QuestionnaireDraft.answers"), "later": "1"}
        assert self.client.post(url, draft).status_code == 302

    def open_in_emergency(self, file: UUID) -> None:
        """By staff of the practice, through the page; the patient is found by surname and birth date."""
        member = make_member(self.user, "staff")
        client = held_client(member)
        prove(client, member)
        answer = client.post(
            reverse("records:emergency"),
            {"surname": token_of("records.PatientFile.surname"), "birth_date": "23/07/1931", "kind": "life",
             "why": self.token("care.EmergencyAccess.why")},
        )  # fmt: skip
        assert answer.status_code == 302, answer.context["form"].errors

    def record_death(self, file: UUID) -> None:
        """By the page of the file; an old one, so that the token is a day like no other."""
        self.token("records.PatientFile.died_on", "2019-07-23")
        self.post("death", {"died_on": "23/07/2019", "may_end": "on"}, file)

    def open_archive(self, file: UUID) -> None:
        """Out of the archive again, by its page, with a reason."""
        with scope(ALL):
            PatientFile.objects.filter(pk=file).update(active_until=(timezone.now() - timedelta(days=1)).date())
        self.post("archived", {"why": self.token("records.ArchiveOpening.why")}, file)

    def close_another_account(self) -> None:
        """Somebody else's account is decided to be erased: who they were lies sealed until its own end."""
        surname = self.token("lifecycle.ClosedAccount.identity")
        mail = self.token("lifecycle.ClosedAccount.sought", token_of("lifecycle.ClosedAccount.sought").lower())
        other, now = make_practitioner(f"{mail}@qx7.example", surname=surname), timezone.now()
        decide_account(other.pk, approved=plan_for_account(other.pk, now).sha256, by=Actor.operations("test"), now=now)

    def write_to_the_officer(self) -> None:
        """By the public form: who writes and what they write is sealed; mails name neither."""
        typed = {
            "name": self.token("gdpr_requests.Request.contact"),
            "text": self.token("gdpr_requests.Exchange.text"),
            "email": "somebody@qx7.example",
            "right": "15",
        }
        assert WebClient().post(reverse("gdpr:contact"), typed).status_code == 302

    def set_up_app(self) -> None:
        """An authenticator app by the page; its key is a secret too."""
        url = reverse("mfa_activate_totp")
        secret = self.client.get(url).context["form"].secret
        self.token("mfa.Authenticator.data", secret)
        assert self.client.post(url, {"code": app_code(secret)}).status_code == 302
        prove(self.client, self.user)

    def make_file(self) -> UUID:
        """A new patient with every field of identity, contact and the medical summary."""
        typed = self.texts("PatientFile", IDENTITY) | {
            "birth_date": "23/07/1931",
            "phone": self.token("records.PatientFile.phone", "0798123467"),
            "email": self.token("records.PatientFile.email", "kwzmail@qx7.example"),
        }
        self.token("records.PatientFile.birth_date", "1931-07-23")
        self.post("new", typed)
        with scope(ALL):
            file = PatientFile.objects.get()
        texts = self.texts("PatientFile", MEDICAL)
        self.post("medical", texts | {"lifestyle": self.token("records.Correction.before")}, file.pk)
        self.post("medical", texts, file.pk)
        return file.pk

    def write_consultation(self, file: UUID) -> None:
        """A draft saved, signed, and amended with a reason."""
        self.client.post(reverse("records:consultation_new", args=[file]))
        with scope(ALL):
            row = Consultation.objects.get().pk
        self.post("consultation", {**self.texts("Consultation", TEXTS), "sign": "1"}, file, row)
        amended = {
            "plan": f"{token_of('records.Consultation.plan')} {self.token('records.ConsultationVersion.content')}",
            "why": self.token("records.ConsultationVersion.amendment_reason"),
        }
        self.post("amend", amended, file, row)
        with working(self.user) as by:
            draft = start_consultation(file=PatientFile.objects.get(pk=file), by=by, now=timezone.now())
        now, said = timezone.now(), self.token("records.Suggestion.text")
        suggested(draft, self.user, said, now=now)
        suggested(draft, self.user, "", sound=self.token("records.Suggestion.sound"), now=now)

    def add_measure_and_document(self, file: UUID) -> None:
        """A value of a kind of its own, and a PDF whose content is a token too."""
        values = self.texts("Measure", ("label", "value", "unit"))
        self.post("measures", {"vital": "other", "taken_at": "2026-01-05T10:00", **values}, file)
        upload = SimpleUploadedFile(
            self.token("records.Document.original_name") + ".pdf", a_pdf(self.token("content of a document"))
        )
        self.post("documents", {"title": self.token("records.Document.title"), "document": upload}, file)

    def bring_bundle(self) -> None:
        """What only imports write: foreign kinds of measures, foreign records, the report."""
        brought = bundle(
            patient(gender=self.token("records.PatientFile.sex")),
            encounter(reasonCode=[{"text": self.token("records.SourceRecord.raw")}]),
            observation(
                "a0000000-0000-4000-8000-000000000001",
                code={"text": "X", "coding": [{"code": self.token("records.Measure.code")}]},
            ),
            entry(
                "Flag", "a0000000-0000-4000-8000-000000000002", code={"text": self.token("records.KeptResource.raw")}
            ),
        )
        name = self.token("records.ImportRun.file_names")
        self.token("records.ImportLine.source", name)
        self.bring(self.upload(f"{name}.json", as_text(brought)))

    def leave_refused_files(self) -> None:
        """Files that wait for a yes in the storage, sealed, with a report that names places in them."""
        element = self.token("records.ImportLine.path")
        dangling = bundle(patient(), encounter(**{element: {"reference": "Patient/7"}}))
        self.upload("dangling.json", as_text(dangling))
        column = self.token("records.ImportLine.message")
        self.upload("twice.csv", f"nom;prenom;{column};{column}\nMorvan;Anne;{self.token('a waiting upload')};2\n")

    def upload(self, name: str, content: str) -> UUID:
        """The import page: try a file; returns the run."""
        page = self.post("import", {"uploads": [SimpleUploadedFile(name, content.encode())]})
        return UUID(page.rstrip("/").rsplit("/", 1)[-1])

    def bring(self, run: UUID) -> None:
        """The import page: yes."""
        assert self.client.post(reverse("records:import_confirm", args=[run])).status_code == 302


def a_pdf(words: str) -> bytes:
    """A one-page PDF with uncompressed text."""
    stream = f"BT /F1 24 Tf 72 720 Td ({words}) Tj ET".encode()
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = io.BytesIO(b"%PDF-1.4\n"), []
    out.seek(0, io.SEEK_END)
    for number, part in enumerate(parts, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj%s endobj\n" % (number, part))
    start = out.tell()
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    out.write(b"xref\n0 6\n0000000000 65535 f \n" + rows)
    out.write(b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start)
    return out.getvalue()


def revealed() -> Iterator[tuple[str, Any]]:
    """Every sealed value of every row, opened: (field, value)."""
    for factor in Authenticator.objects.filter(type=Authenticator.Type.TOTP):
        yield "mfa.Authenticator.data", decrypt(factor.data["secret"])
    yield from ((f"{row._meta.label}.{name}", value) for row, name, value in revealed_rows())


def revealed_rows() -> Iterator[tuple[Any, str, Any]]:
    """Every sealed value of every row with the row, whatever is archived or restricted: (row, field, value)."""
    by = Actor.system("leak test")
    for model in apps.get_models():
        if not sealed_fields(model):
            continue
        with transaction.atomic(), scope(ALL):
            for row in model._default_manager.all():
                handle = access.open(
                    row.sealed_file_id, by=by, purpose=Purpose.LEGAL, part="file", practice_id=None,
                    now=timezone.now(), from_archive=True, despite_restriction=True,
                )  # fmt: skip
                yield from ((row, name, value) for name, value in handle.reveal(row).items())
