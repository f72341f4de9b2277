"""With an integration off, no packet leaves: every operation × every way of being off, counted at a listening socket (issue 5, done when 3)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.utils import timezone

from adapters import actions, breaker
from adapters.content import Plain
from adapters.faults import Closed, Fault
from adapters.folders import _folders
from adapters.grounds import necessary
from adapters.mail import Letter
from adapters.models import Egress
from adapters.storage import JournaledS3
from adapters.viva import tokens
from audit.actors import Actor
from fakes.server import Fakes
from lifecycle.deletion.actions import request_deletion
from lifecycle.erasure.plan import plan_for_account
from praticonnect.adapter_settings import CREDENTIALS
from privacy.patient_keys import PATIENT_KEYS
from privacy.payers import is_payer
from privacy.refusals import Refused
from privacy.subprocessor_rows import VERSIONS, RegisterVersion
from tests.adapters.contracts.operations import OPERATIONS
from tests.adapters.contracts.shape import Act, Operation
from tests.adapters.contracts.stage import Stage, taken_back
from tests.adapters.server import Provider, provider
from tests.consents.factories import choose, person
from tests.records.factories import NOW
from tests.subprocessors.links import wish
from vault.files import MAGIC

pytestmark = pytest.mark.django_db(databases="__all__")
SERVICES: Final = sorted({one.subprocessor for one in OPERATIONS})
PARENT: Final = "third_party_integrations"
NEWS: Final = "marketing_emails"
BY: Final = Actor.operations("test")
Way = Callable[[Stage, str, pytest.MonkeyPatch], object]


# -- the ways of being off -----------------------------------------------------------------------------------------------------


def by_setting(stage: Stage, key: str, patch: pytest.MonkeyPatch) -> None:
    patch.setitem(block(key), "off", True)


def by_want_of(name: str) -> Way:
    return lambda stage, key, patch: patch.setitem(block(key)["credentials"], name, "")


def by_office(stage: Stage, key: str, patch: pytest.MonkeyPatch) -> None:
    actions.switch_off(subprocessor=key, reason="An incident there", by=BY, now=NOW)


def by_breaker(stage: Stage, key: str, patch: pytest.MonkeyPatch) -> None:
    now = NOW if key in SERVICES and key != configured.MAIL_CARRIER else timezone.now()
    for _failure in range(breaker.OPENS_AFTER):
        breaker.failed(key, now)


def by_no_entry(stage: Stage, key: str, patch: pytest.MonkeyPatch) -> None:
    register(patch, without(key))


def by_entry_to_come(stage: Stage, key: str, patch: pytest.MonkeyPatch) -> None:
    (first,) = VERSIONS
    coming = replace(first, number=2, announced_on=NOW.date(), effective_on=NOW.date() + timedelta(days=31))
    register(patch, without(key), coming)


def by_mechanism_over(stage: Stage, key: str, patch: pytest.MonkeyPatch) -> None:
    (first,) = VERSIONS
    bare = tuple(
        replace(one, mechanisms=(), hosts=tuple(replace(host, region_in_eea=False) for host in one.hosts))
        for one in first.entries
    )
    register(patch, replace(first, entries=bare))


def by_parent(stage: Stage, key: str, patch: pytest.MonkeyPatch) -> None:
    choose(person(stage.world.practitioner.pk), PARENT, False, now=NOW)


def by_child(stage: Stage, key: str, patch: pytest.MonkeyPatch) -> None:
    choose(person(stage.world.practitioner.pk), PARENT, False, child=key, now=NOW)


def by_news(stage: Stage, key: str, patch: pytest.MonkeyPatch) -> None:
    choose(person(stage.world.practitioner.pk), NEWS, False, now=NOW)


def by_wish(key: str) -> Way:
    return lambda stage, _service, _patch: wish(stage.world.link, key, on=False, now=NOW)


def by_ending(stage: Stage, key: str, patch: pytest.MonkeyPatch) -> None:
    user = stage.world.practitioner
    by = Actor(account_id=user.pk, role="practitioner")
    request_deletion(user=user, plan_sha256=plan_for_account(user.pk, NOW).sha256, by=by, now=NOW)


CLOSED: Final[dict[str, Way]] = {
    "setting": by_setting, "office": by_office, "breaker": by_breaker, "no entry": by_no_entry, "entry to come": by_entry_to_come, "mechanism over": by_mechanism_over,
}  # fmt: skip
"""Whatever anybody agreed to. A payer needs no mechanism: it is a controller of its own, asked within the EEA."""
WISHES: Final[dict[str, Way]] = {f"wish {key}": by_wish(key) for key in PATIENT_KEYS}
PERSONAL: Final[dict[str, Way]] = {
    "parent": by_parent,
    "child": by_child,
    "news": by_news,
    "account's end": by_ending,
    **WISHES,
}
"""By people: for what rests on them."""


def ways_of(thing: Operation) -> dict[str, Way]:
    """Every way in which an operation is off. What rests on a legal basis is nobody's to switch but the house's."""
    wanting = {f"without {name}": by_want_of(name) for name in CREDENTIALS[thing.subprocessor]}
    closed = {name: way for name, way in CLOSED.items() if name != "mechanism over" or not is_payer(thing.subprocessor)}
    return closed | wanting | {name: PERSONAL[name] for name in personal(thing.ground)}


def personal(ground: str) -> list[str]:
    """Who switches off what rests on a ground of this name."""
    if PARENT in ground:
        wished = [f"wish {ground.partition('+')[0]}"] if "+" in ground else []
        return ["parent", "child", "account's end", *wished]
    return ["news", "account's end"] if ground == NEWS else []


def block(key: str) -> dict[str, Any]:
    found: dict[str, Any] = configured.ADAPTERS[key]
    return found


def without(key: str) -> RegisterVersion:
    (first,) = VERSIONS
    return replace(first, entries=tuple(one for one in first.entries if one.key != key))


def register(patch: pytest.MonkeyPatch, *versions: RegisterVersion) -> None:
    """These versions count, and no payer is listed."""
    patch.setattr("privacy.subprocessors._counting", [lambda: versions])
    patch.setattr("privacy.payers.payers_at", lambda day, made_up=False: ())


# -- the battery ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def stage(fakes: Fakes, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """Somebody who allows everything, and the stand-ins."""
    settings.VIDEO_RECORDING = True
    monkeypatch.setattr("adapters.outbox._send", lambda task: None)
    return Stage(fakes)


@pytest.fixture
def socket() -> Iterator[Provider]:
    """A socket that counts who connects, in the place of everybody outside."""
    with provider() as there:
        yield there


def prepared(stage: Stage, service: str) -> list[tuple[Operation, Act]]:
    """Every operation of a service, with its act."""
    found = []
    for one in OPERATIONS:
        if one.subprocessor == service:
            stage.fakes.reset()
            found.append((one, one.ready(stage)))
    return found


def looked_up(*asked: object, **_how: object) -> None:
    """Nobody asks for a name's address either."""
    raise AssertionError(f"somebody asked where {asked[:1]} is")


def tried(act: Act, there: Provider) -> tuple[str, int]:
    """The kind of refusal, and how many connected; with no token kept from before."""
    tokens.forget()
    before = there.connections
    try:
        act()
        said = "it was sent"
    except (Closed, Refused):
        said = "refused"
    except Exception as other:  # noqa: BLE001 - whatever else it is, the table shows it
        said = repr(other)
    return said, there.connections - before


@pytest.mark.parametrize("service", SERVICES)
def test_whatever_is_off_no_operation_connects_anywhere(stage: Stage, socket: Provider, service: str) -> None:
    acts = prepared(stage, service)
    ways = {name: way for operation, _act in acts for name, way in ways_of(operation).items()}
    found, asked, lines = {}, set(), Egress.objects.count()
    for name, way in ways.items():
        with taken_back(), pytest.MonkeyPatch.context() as patch:
            way(stage, service, patch)
            patch.setattr(configured, "STAND_INS", socket.url)
            patch.setattr("socket.getaddrinfo", looked_up)
            for operation, act in acts:
                if name in ways_of(operation):
                    asked.add((operation.function, operation.ready.__name__, name))
                    found[operation.function, operation.ready.__name__, name] = tried(act, socket)
            assert (name, Egress.objects.count()) == (name, lines)
    assert asked
    assert {where: came for where, came in found.items() if came != ("refused", 0)} == {}


@pytest.mark.parametrize("service", SERVICES)
def test_while_everything_is_on_each_connects(stage: Stage, socket: Provider, settings: Any, service: str) -> None:
    """The control: the same acts at the same socket, with nothing off. What that socket answers is no answer of theirs."""
    found = {}
    acts = prepared(stage, service)
    settings.STAND_INS = socket.url
    for operation, act in acts:
        found[operation.ready.__name__] = tried(act, socket)[1] > 0
        breaker.succeeded(service)
    assert set(found.values()) == {True}, found


def test_what_rests_on_no_consent_is_known_by_name() -> None:
    assert {one.function for one in OPERATIONS if not personal(one.ground)} == {
        "resend.send_message", "resend.leave", "resend.contacts", "bulkgate.send_text", "viva.api.webhook_key", "livekit.end_room",
        "livekit.rooms", "livekit.end_recording", "google.revoke", "assemblyai.delete", "assemblyai.listed", "payer.ask",
    }  # fmt: skip


@pytest.fixture
def own_doors(fakes: Fakes, socket: Provider, settings: Any) -> dict[str, Act]:
    """Mail and storage, by their carriers: they have credentials of their own, beside the adapters' blocks."""
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "adapters.mail.Backend", "127.0.0.1", socket.port
    settings.MAIL_HOST, settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = "127.0.0.1", False, 1
    store = JournaledS3(access_key="a", secret_key="b", bucket_name="c", endpoint_url=socket.url, region_name="fr-par")
    return {
        settings.MAIL_CARRIER: written, settings.STORAGE_CARRIER: lambda: store.save(f"{next(iter(_folders))}/a.bin", ContentFile(MAGIC))
    }  # fmt: skip


def written() -> int:
    """A letter, sent by whichever carrier the settings name."""
    words = Plain.from_template("account/email/login_code_subject.txt", {}, language="en")
    return Letter(words, words, "ada@example.org", ground=necessary("account_message")).send()


@pytest.mark.parametrize("way", CLOSED)
def test_mail_and_storage_connect_nowhere_either(
    fakes: Fakes, socket: Provider, own_doors: dict[str, Act], way: str
) -> None:
    for key, act in own_doors.items():
        with taken_back(), pytest.MonkeyPatch.context() as patch:
            CLOSED[way](Stage(fakes), key, patch)
            with pytest.raises(Closed):
                act()
            assert (socket.connections, Egress.objects.count()) == (0, 0)


def without_mechanisms(patch: pytest.MonkeyPatch) -> None:
    """The hosts are where they are, and no transfer has a mechanism any more."""
    (first,) = VERSIONS
    register(patch, replace(first, entries=tuple(replace(one, mechanisms=()) for one in first.entries)))


@pytest.mark.parametrize(("carrier", "closes"), [("resend", True), ("scaleway", False)])
def test_mail_by_a_carrier_outside_the_eea_ends_with_its_mechanism(
    own_doors: dict[str, Act],
    socket: Provider,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    carrier: str,
    closes: bool,
) -> None:
    """Resend sits in the United States, its SMTP too: without a live mechanism no letter leaves. Scaleway's needs none."""
    settings.MAIL_CARRIER = carrier
    without_mechanisms(monkeypatch)
    with pytest.raises(Closed if closes else Fault) as told:
        written()
    gate = told.value.gate if isinstance(told.value, Closed) else ""
    assert (gate, socket.connections > 0, Egress.objects.count()) == (
        ("register", False, 0) if closes else ("", True, 1)
    )
