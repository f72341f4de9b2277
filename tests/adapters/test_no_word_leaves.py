"""No word about anybody's health leaves the house but where it may (issue 5, done when 4; ecosystem 7.3, item 7).

Every sealed field holds a token; then every flow that sends something runs, against stand-ins, a mail server and an S3 server that
keep what they got. Sealed storage gets sealed bytes; Mistral and AssemblyAI get, with both consents, notes and sound, without names.
"""

import base64
import gzip
import json
import quopri
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import User
from adapters import bulkgate, google
from adapters.content import Code, Plain
from adapters.folders import _folders
from adapters.grounds import necessary
from care.models import PortalLink
from care.tenancy import ALL, scope
from fakes import smtp
from fakes.server import Fakes
from praticonnect.celery import app
from privacy.declare import REGISTRY, Category
from records.fields import CONSULTATION_FIELDS
from records.models import Consultation, PatientFile
from tests.adapters.contracts.captured import by_place, captured, tokens_in
from tests.adapters.contracts.kinds import House, all_kinds, one_of_each
from tests.adapters.test_withdrawals import outcome
from tests.lifecycle.residue.s3 import served
from tests.records.assist_world import World
from tests.records.factories import NOW
from tests.security.ground import make_ground
from tests.security.seeding import IDENTITY, TEXTS, revealed, sealed_names, token_of
from tests.security.test_health_pages import UNPLANTED
from tests.security.walking import TOKEN
from vault.files import MAGIC

pytestmark = pytest.mark.django_db(databases="__all__")
NUMBER: Final = "+33698765432"


@pytest.fixture
def outside(
    fakes: Fakes, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], dict[str, list[bytes]]]]:
    """Everybody outside, keeping what they get: the stand-ins, a mail server, a store."""
    settings.VIDEO_RECORDING = True
    monkeypatch.setattr("adapters.outbox._send", lambda task: None)
    with ExitStack() as stack:
        letters: list[bytes] = []
        port = stack.enter_context(smtp.listening(lambda letter: letters.append(letter.raw), 0))
        bucket, store = stack.enter_context(served())
        settings.EMAIL_BACKEND, settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = "adapters.mail.Backend", False, 5
        settings.EMAIL_HOST = settings.MAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = port
        settings.STORAGES = {**settings.STORAGES, "default": {**store, "BACKEND": "adapters.storage.JournaledS3"}}
        app.loader.import_default_modules()
        yield lambda: captured(fakes, letters, bucket)


def full_house(fakes: Fakes) -> House:
    """A practice in which each sealed field holds a token, and somebody in it who allows everything and uses every service."""
    ground, now = make_ground(), timezone.now() + timedelta(minutes=5)
    with scope(ALL):
        file = PatientFile.objects.select_related("practice").get(pk=ground.arguments["file_id"])
        draft = Consultation.objects.get(pk=ground.arguments["records:draft consultation_id"])
    patient = next(user for user in User.objects.all() if user.email == "self@example.org")
    owner = next(user for user in User.objects.all() if user.email == "owner@example.org")
    with scope(ALL):
        link = PortalLink.objects.get(account=patient, patient_id=file.pk)
    assert sealed_names() - ground.planted - set(UNPLANTED) <= {"records.Suggestion.sound"}  # the house below has one
    notes = {name: token_of(f"Consultation.{name}") for name in TEXTS}
    with time_machine.travel(now, tick=False):
        return House(fakes, World(owner, patient, file, link, draft), now=now, email="payer@example.org", **notes)


def everything(house: House) -> None:
    """A message of every kind, every task, and what no row of the outbox stands for: a text with a code, one with a reminder."""
    with time_machine.travel(house.now, tick=False):
        rows = one_of_each(house)
        assert set(rows) == all_kinds()
        assert outcome(house)["sent"]
    for name in ("login_code", "appointment_reminder"):
        words = Plain.from_template("adapters/sms/login_code.txt", {"code": Code("482913")}, language="fr")
        ground = necessary(name, subject_id=house.user.pk)
        categories = ground._necessity.categories - {bulkgate.Category.IDENTITY}
        bulkgate.send_text(bulkgate.Text(NUMBER, words, name, categories), ground=ground, now=house.now)


def health() -> set[str]:
    """Every token that stands in a field of health, whichever file's."""
    fields = {
        f"{label}.{name}"
        for label, one in REGISTRY.items()
        for name, field in one.fields.items()
        if field.category is Category.HEALTH
    }
    return {token for name, value in revealed() if name in fields for token in TOKEN.findall(json.dumps(value).lower())}


def identity() -> set[str]:
    """Every token by which a patient is known."""
    return {token_of(f"PatientFile.{name}").lower() for name in IDENTITY}


CONTENTS: Final = {token_of(f"{name} inside").lower() for name in ("Document", "restricted document", "order")}
"""Words inside of documents."""


def test_no_word_about_health_leaves_but_where_it_may(
    fakes: Fakes, outside: Callable[[], dict[str, list[bytes]]]
) -> None:
    house = full_house(fakes)
    everything(house)
    sent = outside()
    assert {place for place, raws in sent.items() if raws} == {
        "assemblyai", "bulkgate", "google", "livekit", "mail", "mistral", "payer", "resend", "scell", "storage", "viva",
    }  # fmt: skip
    words = health() | CONTENTS
    assert len(words) > 30
    found = {place: tokens & (words | identity()) for place, tokens in by_place(sent).items()}
    notes = {token_of(f"Consultation.{name}").lower() for name in TEXTS}
    drafted = {token_of(f"Consultation.{name}").lower() for name in CONSULTATION_FIELDS if name in TEXTS}
    assert {place: tokens for place, tokens in found.items() if tokens} == {"mistral": drafted, "assemblyai": notes}


def test_a_word_that_leaves_is_seen(
    fakes: Fakes, outside: Callable[[], dict[str, list[bytes]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a busy time that says why, and a file that only begins as a sealed one does."""
    said = token_of("Consultation.reason")
    monkeypatch.setattr(google, "TITLE", said)
    with time_machine.travel(NOW, tick=False):
        house = House(fakes)
        one_of_each(house)
        default_storage.save(f"{next(iter(_folders))}/plain", ContentFile(MAGIC + said.encode()))
        outcome(house)
    assert by_place(outside()) == {"google": {said.lower()}, "storage": {said.lower()}}


WRITTEN: Final[dict[str, Callable[[str], bytes]]] = {
    "plain": str.encode,
    "in capitals": lambda token: token.upper().encode(),
    "utf-16": lambda token: token.encode("utf-16"),
    "percent": lambda token: "".join(f"%{ord(sign):02x}" for sign in token).encode(),
    "quoted": lambda token: quote(f"é {token}").encode(),
    "quoted-printable": lambda token: quopri.encodestring(f"{'é' * 24}{token}".encode()),
    "escapes": lambda token: "".join(f"\\u{ord(sign):04x}" for sign in token).encode(),
    "gzip": lambda token: gzip.compress(token.encode() * 3),
    "hexadecimal": lambda token: token.encode().hex().encode(),
    "in base64 in gzip": lambda token: gzip.compress(base64.b64encode(f"x{token}".encode())),
    **{f"base64 at {n}": lambda token, n=n: base64.b64encode(b"x" * n + token.encode() + b"rest") for n in range(3)},
    "base64 in lines": lambda token: base64.encodebytes(b"x" * 50 + token.encode() + b"y" * 50).replace(b"\n", b"\r\n"),
    "base64url": lambda token: base64.urlsafe_b64encode(b"\xff\xfe" + token.encode()).rstrip(b"="),
}  # fmt: skip


@pytest.mark.parametrize("how", WRITTEN)
def test_the_search_reads_what_is_written_otherwise(how: str) -> None:
    token = token_of("shaped")
    assert tokens_in(b'{"a": "' + WRITTEN[how](token) + b'"}') == {token.lower()}
    assert tokens_in(b"nothing of that kind " * 20) == set()
