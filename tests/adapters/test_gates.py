"""What keeps a way shut: the ground, the register, a setting, the office. Each of them: zero packets (ecosystem 7.3, item 6)."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from django.core.exceptions import ImproperlyConfigured

from adapters import actions
from adapters.calls import Call, HealthCall, HealthService, body_of
from adapters.checks import check_hosts
from adapters.content import HealthText
from adapters.door import Closed, send
from adapters.grounds import NoGround, necessary
from adapters.models import Egress, Switch
from audit.actors import Actor
from audit.models import EventEntry
from consents.grants import NoGrant, grant_for
from praticonnect import adapter_settings
from privacy import payers, subprocessors
from privacy.clocks import legal_day
from privacy.declare import Category
from privacy.ids import new_id
from privacy.refusals import Refused
from privacy.subprocessors import Host, register_at
from tests.adapters.calls import NOW, ONCE, message, to_resend
from tests.adapters.server import Provider
from tests.consents.factories import choose, person
from vault.unsealed import Unsealed

pytestmark = pytest.mark.django_db
BY = Actor.operations("test")


def none_left(there: Provider) -> bool:
    """No connection, no line."""
    return there.connections == 0 and not Egress.objects.exists()


def to_google(**said: Any) -> Call:
    values: dict[str, Any] = {
        "subprocessor": "google", "method": "POST", "url": "https://www.googleapis.com/calendar/v3/freeBusy",
        "categories": frozenset({Category.APPOINTMENT}), "json": {},
    }  # fmt: skip
    return Call(**(values | said))


def with_google() -> Actor:
    by = person()
    for child in (None, "google"):
        choose(by, "third_party_integrations", child=child, now=NOW - timedelta(hours=1))
    return by


def test_a_consent_opens_its_own_service_until_it_is_withdrawn(there: Provider) -> None:
    by = with_google()
    grant = grant_for(by.account_id, "third_party_integrations", "google", now=NOW)
    send(to_google(), ground=grant, now=NOW, deadline=ONCE)
    line = Egress.objects.get()
    assert (line.ground, line.subject_id, there.connections) == ("third_party_integrations.google", by.account_id, 1)
    choose(by, "third_party_integrations", child="google", on=False, now=NOW + timedelta(minutes=1))
    with pytest.raises(NoGrant):
        send(to_google(), ground=grant, now=NOW + timedelta(minutes=2), deadline=ONCE)
    assert (there.connections, Egress.objects.count()) == (1, 1)


def test_a_consent_opens_no_other_service(there: Provider) -> None:
    grant = grant_for(with_google().account_id, "third_party_integrations", "google", now=NOW)
    with pytest.raises(NoGround) as refused:
        send(to_resend(), ground=grant, now=NOW, deadline=ONCE)
    assert (refused.value.refusal.code, none_left(there)) == ("wrong_subprocessor", True)


class Lookalike:
    name, subject_id, file_id = "account_message", None, None

    def check(self, now: datetime) -> None:
        """Says yes to everything."""

    def covers(self, *_any: object) -> None:
        """Covers everything."""


@pytest.mark.parametrize("ground", [Lookalike(), None, "account_message", new_id()])
def test_what_only_looks_like_a_ground_sends_nothing(there: Provider, ground: Any) -> None:
    with pytest.raises(TypeError, match="Nothing leaves without a ground"):
        send(to_resend(), ground=ground, now=NOW, deadline=ONCE)
    assert none_left(there)


@pytest.mark.parametrize(
    ("basis", "categories", "code"),
    [
        ("patient_payment", {Category.CONTACT}, "wrong_subprocessor"),
        ("account_message", {Category.FINANCIAL}, "wrong_categories"),
        ("account_message", {Category.HEALTH}, "wrong_categories"),
    ],
)
def test_a_basis_sends_no_further_than_it_reaches(
    there: Provider, basis: str, categories: set[Category], code: str
) -> None:
    with pytest.raises(NoGround) as refused:
        send(to_resend(categories=frozenset(categories)), ground=necessary(basis), now=NOW, deadline=ONCE)
    assert (refused.value.refusal.code, none_left(there)) == (code, True)


def test_the_register_s_own_kinds_of_data_are_a_limit_too(there: Provider) -> None:
    grant = grant_for(with_google().account_id, "third_party_integrations", "google", now=NOW)
    with pytest.raises(NoGround) as refused:
        send(to_google(categories=frozenset({Category.CONTACT})), ground=grant, now=NOW, deadline=ONCE)
    assert (refused.value.refusal.code, none_left(there)) == ("wrong_categories", True)


@pytest.mark.parametrize(
    "hidden",
    [
        HealthText("asthma"),
        [{"a": HealthText("asthma")}],
        Unsealed("asthma"),
        [{"a": Unsealed("asthma")}],
        {Unsealed("a"): 1},
    ],
)
def test_health_content_goes_to_no_mail_service_however_deep(there: Provider, hidden: Any) -> None:
    with pytest.raises(NoGround):
        send(to_resend(json={"text": hidden}), ground=message(), now=NOW, deadline=ONCE)
    assert none_left(there)


@pytest.mark.parametrize("part", ["form", "query", "headers", "url"])
def test_words_of_a_file_stand_in_no_form_address_or_header(there: Provider, part: str) -> None:
    asthma = Unsealed("https://api.resend.com/asthma") if part == "url" else {"a": Unsealed("asthma")}
    with pytest.raises((NoGround, TypeError)):
        send(to_resend(**{"json": None, part: asthma}), ground=message(), now=NOW, deadline=ONCE)
    assert none_left(there)


def test_a_call_with_words_of_a_file_goes_only_to_whoever_may_have_them_and_says_so() -> None:
    """Even where the register lets a service carry health: a call that isn't one for it has no place for words."""
    here, may = Host("a.example.org", True), SimpleNamespace(may_carry_health=True)
    said: dict[str, Any] = {"method": "POST", "url": "https://a.example.org/", "subprocessor": "mistral"}
    health, contact = frozenset({Category.HEALTH}), frozenset({Category.CONTACT})
    for words in (HealthText("asthma"), Unsealed("asthma")):
        call = HealthCall(**said, categories=health, json={"a": [words]})
        assert body_of(call, may, here).content == b'{"a": ["asthma"]}'
        sound = body_of(HealthCall(**said, categories=health, content=b"\x00\x01"), may, here)
        assert (sound.content, sound.media_type) == (b"\x00\x01", "application/octet-stream")
        for wrong in (Call(**said, categories=health, json=words), HealthCall(**said, categories=contact, json=words)):
            with pytest.raises(NoGround):
                body_of(wrong, may, here)
        with pytest.raises(NoGround):
            body_of(call, SimpleNamespace(may_carry_health=False), here)
        with pytest.raises(NoGround):
            body_of(call, may, Host("a.example.org", False))


def test_whoever_a_call_of_health_may_go_to_may_carry_it_in_the_eea() -> None:
    named = get_args(HealthService)
    found = {one.key: one for one in register_at(legal_day(NOW)).entries if one.key in named}
    assert sorted(found) == sorted(named)
    assert [one.may_carry_health and all(host.region_in_eea for host in one.hosts) for one in found.values()] == [
        True,
        True,
    ]


@pytest.mark.parametrize(
    "host",
    ["example.org", "resend.com", "api.resend.com.example.org", "xapi.resend.com", "127.0.0.1", "API.RESEND.COM.evil"],
)
def test_a_host_the_register_doesn_t_have_is_refused(there: Provider, host: str) -> None:
    with pytest.raises(Closed) as closed:
        send(to_resend(url=f"https://{host}/emails"), ground=message(), now=NOW, deadline=ONCE)
    assert (closed.value.gate, none_left(there)) == ("register", True)


def test_a_service_of_no_register_is_refused(there: Provider) -> None:
    with pytest.raises(Closed) as closed:
        send(to_resend(subprocessor="databroker"), ground=message(), now=NOW, deadline=ONCE)
    assert (closed.value.gate, none_left(there)) == ("register", True)


def test_a_transfer_without_a_live_mechanism_is_refused(there: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """PC-101: the day after its mechanisms end, and on the day itself if they are taken off the register."""
    last = max(one.expires_on for one in subprocessors.entry("resend", NOW.date()).mechanisms)
    after = datetime.combine(last + timedelta(days=1), NOW.timetz())
    with pytest.raises(Closed) as closed:
        send(to_resend(), ground=message(), now=after, deadline=ONCE)
    (version,) = subprocessors.VERSIONS
    bare = tuple(replace(one, mechanisms=()) for one in version.entries)
    monkeypatch.setattr(subprocessors, "VERSIONS", (replace(version, entries=bare),))
    with pytest.raises(Closed, match="no legal mechanism"):
        send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    assert (closed.value.gate, none_left(there)) == ("register", True)


def test_before_the_first_register_nothing_leaves(there: Provider) -> None:
    with pytest.raises(Closed):
        send(to_resend(), ground=message(), now=NOW.replace(month=5, day=1), deadline=ONCE)
    assert none_left(there)


@pytest.mark.parametrize(
    ("block", "gate"),
    [
        ({"off": True, "credentials": {"A": "b"}}, "setting"),
        ({"off": False, "credentials": {"A": ""}}, "credentials"),
        (None, "setting"),
    ],
)
def test_a_setting_closes_a_way(there: Provider, settings: Any, block: dict[str, Any] | None, gate: str) -> None:
    others = {key: one for key, one in settings.ADAPTERS.items() if key != "resend"}
    settings.ADAPTERS = others | ({"resend": block} if block else {})
    with pytest.raises(Closed) as closed:
        send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    assert (closed.value.gate, none_left(there)) == (gate, True)


def test_the_office_closes_a_way_and_opens_it_again(there: Provider) -> None:
    for _twice in range(2):
        actions.switch_off(subprocessor="resend", reason=" An incident there ", by=BY, now=NOW)
    with pytest.raises(Closed, match="An incident there") as closed:
        send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    assert (closed.value.gate, none_left(there)) == ("office", True)
    for _twice in range(2):
        actions.switch_on(subprocessor="resend", by=BY, now=NOW + timedelta(minutes=1))
    send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    verbs = list(EventEntry.objects.filter(object_type="adapters.Switch").order_by("pk").values_list("verb", flat=True))
    assert (Switch.objects.count(), verbs) == (1, ["adapters.switched_off", "adapters.switched_on"])


@pytest.mark.parametrize(("key", "reason", "code"), [("databroker", "why", "unknown"), ("resend", "  ", "reason")])
def test_a_switch_needs_a_service_and_a_reason(key: str, reason: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        actions.switch_off(subprocessor=key, reason=reason, by=BY, now=NOW)
    assert (refused.value.refusal.code, Switch.objects.exists()) == (code, False)


def test_a_stand_in_is_nothing_production_knows(
    settings: Any, there: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither named in the environment, nor used if a setting slipped through."""
    monkeypatch.setenv("PRATICONNECT_FAKES", there.url)
    assert adapter_settings.stand_ins(production=False) == there.url
    with pytest.raises(ImproperlyConfigured, match="for development"):
        adapter_settings.stand_ins(production=True)
    settings.PRODUCTION = True
    monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", ("10.0.0.7", 443))])
    with pytest.raises(Exception, match="no usable answer"):
        send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    assert there.connections == 0


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1:1", "http://example.org:80", "http://127.0.0.1", "http://10.0.0.1:80", "x"]
)
def test_a_stand_in_listens_on_this_machine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATICONNECT_FAKES", url)
    with pytest.raises(ImproperlyConfigured, match="must look like"):
        adapter_settings.stand_ins(production=False)


def test_adapters_are_off_without_credentials_and_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESEND_API_KEY", "re_1")
    monkeypatch.setenv("PRATICONNECT_ADAPTERS_OFF", "viva, google")
    blocks = adapter_settings.adapters("")
    assert (blocks["resend"]["credentials"], blocks["mistral"]["credentials"]) == (
        {"RESEND_API_KEY": "re_1", "RESEND_WEBHOOK_SECRET": ""},
        {"MISTRAL_API_KEY": ""},
    )
    assert sorted(key for key, block in blocks.items() if block["off"]) == ["google", "viva"]
    monkeypatch.setenv("PRATICONNECT_ADAPTERS_OFF", "vivo")
    with pytest.raises(ImproperlyConfigured, match="vivo"):
        adapter_settings.adapters("")


def test_every_service_of_the_register_has_a_block_and_every_block_an_entry() -> None:
    listed = {one.key for one in subprocessors.register_at(date(2026, 11, 23)).entries}
    assert set(adapter_settings.CREDENTIALS) == {*listed, payers.MADE_UP.key}


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ({"MAIL_HOST": "smtp.resend.com", "S3_ENDPOINT": "http://storage:8333"}, []),
        ({"MAIL_HOST": "smtp.tem.scw.cloud", "S3_ENDPOINT": "https://s3.fr-par.scw.cloud"}, ["EMAIL_HOST"]),
        ({"MAIL_HOST": "smtp.tem.scw.cloud", "MAIL_CARRIER": "scaleway", "S3_ENDPOINT": ""}, []),
        ({"MAIL_HOST": "mail.example.org", "S3_ENDPOINT": "https://s3.example.org"}, ["EMAIL_HOST", "S3_ENDPOINT_URL"]),
    ],
)
def test_a_deployment_with_a_host_nobody_registered_is_said_before(
    settings: Any, named: dict[str, str], found: list[str]
) -> None:
    for name, value in named.items():
        setattr(settings, name, value)
    assert [str(error.msg).split()[0] for error in check_hosts()] == found


def test_only_whoever_calls_out_takes_the_one_try_of_a_resting_way(settings: Any) -> None:
    """A page that took it would keep a healthy service shut: once a minute is enough."""
    apps = (
        "accounts",
        "adapters",
        "consents",
        "gdpr_requests",
        "lifecycle",
        "praticonnect",
        "records",
        "subprocessors",
    )
    files = [path for app in apps for path in Path(settings.BASE_DIR, app).rglob("*.py")]
    takers = {path.name for path in files if "require_open(" in path.read_text() and path.name != "gates.py"}
    assert takers == {"door.py", "mail.py"}
