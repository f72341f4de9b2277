"""The pages: nothing ticked, the consequence first, one click each way, the log whole (PC-10, PC-12, PC-14, PC-15, PC-16)."""

import csv
import io
import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.access import Access, Act, Audience
from accounts.models import User
from consents import log, notices, queries
from consents.models import ConsentEvent
from praticonnect import gate
from privacy.clocks import legal_day
from privacy.consent_keys import KEYS
from tests.accounts.factories import make_practitioner, verified_client
from tests.consents.factories import choose, person

pytestmark = pytest.mark.django_db

CENTRE = "/practitioner/settings/gdpr/consents/"


class Tags(HTMLParser):
    """The start tags of a page, each with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            at for name, at in self.found if name == tag and all(at.get(key) == value for key, value in wanted.items())
        ]


@pytest.fixture
def me() -> User:
    return make_practitioner("camille@example.org")


@pytest.fixture
def client(me: User) -> Client:
    return verified_client(me)


def shown(slot: str) -> str:
    return notices.in_force(slot, "en", legal_day(timezone.now())).sha256


def post(client: Client, slot: str, turn: bool, **fields: Any) -> Any:
    key, _dot, child = slot.partition(".")
    data = {"key": key, "child": child, "on": "yes" if turn else "no", "shown": shown(slot), **fields}
    return client.post(f"{CENTRE}decide/", data)


def test_switches_are_at_the_address_the_policy_names() -> None:
    assert reverse("consents:switches").startswith("/practitioner/settings/gdpr/")


def test_switches_page_has_each_key_with_purpose_basis_and_consequence(client: Client) -> None:
    page = client.get(CENTRE).content.decode()
    for slot in notices.slots():
        wording = notices.in_force(slot, "en", legal_day(timezone.now())).wording
        line = wording.off if slot in ("tos_privacy", "health_data_processing") else wording.on
        for words in (wording.title, wording.purpose, line, wording.basis):
            assert words.replace("'", "&#x27;") in page


def test_switches_page_has_nothing_ticked_or_chosen_beforehand(client: Client) -> None:
    tags = Tags(client.get(CENTRE).content.decode())
    switches = tags.named("button", role="switch")
    assert [at["aria-checked"] for at in switches] == ["false"] * 6
    assert [at for _, at in tags.found if "checked" in at] == []


def test_each_switch_is_one_click_both_ways(client: Client, me: User) -> None:
    for slot in ("marketing_emails", "third_party_integrations", "third_party_integrations.google"):
        for on in (True, False, True):
            answer = post(client, slot, on)
            assert (answer.status_code, answer["Location"].split("#")[0]) == (302, CENTRE)
            assert queries.states(me.pk, timezone.now())[slot].on is on


def test_the_result_of_a_click_is_said_in_words(client: Client) -> None:
    page = client.get(post(client, "marketing_emails", True)["Location"]).content.decode()
    assert "“Newsletter and marketing e-mails” is on. We may send you news by e-mail" in page


def test_a_second_identical_click_says_so_and_writes_nothing(client: Client, me: User) -> None:
    post(client, "marketing_emails", True)
    before = ConsentEvent.objects.filter(subject_id=me.pk).count()
    page = client.get(post(client, "marketing_emails", True)["Location"]).content.decode()
    assert "already stood like this; nothing was written" in page
    assert ConsentEvent.objects.filter(subject_id=me.pk).count() == before


def test_a_click_records_what_the_switch_looked_like(client: Client, me: User) -> None:
    post(client, "marketing_emails", True)
    event = ConsentEvent.objects.get(subject_id=me.pk, key="marketing_emails")
    assert (event.control, event.control_default, event.control_label, event.channel, event.text_id) == (
        "switch",
        "off",
        "Off",
        "web",
        shown("marketing_emails"),
    )


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"key": "newsletter"}, 400),
        ({"child": "fax"}, 400),
        ({"on": "maybe"}, 400),
        ({"shown": "x"}, 400),
        ({"shown": "0" * 64}, 409),
    ],
)
def test_a_click_that_cannot_be_understood_changes_nothing_and_says_so(
    client: Client, me: User, fields: dict[str, str], status: int
) -> None:
    before = ConsentEvent.objects.filter(subject_id=me.pk).count()
    answer = post(client, "marketing_emails", True, **fields)
    assert (answer.status_code, ConsentEvent.objects.filter(subject_id=me.pk).count()) == (status, before)
    assert re.search("Nothing was (changed|saved)", answer.content.decode())


@pytest.mark.parametrize("key", ["tos_privacy", "health_data_processing"])
def test_taking_back_what_is_no_consent_is_explained_first_and_undone_by_a_click(
    client: Client, me: User, key: str
) -> None:
    asked = post(client, key, False)
    assert (asked["Location"], queries.is_live(me.pk, key, now=timezone.now())) == (f"{CENTRE}confirm/{key}/", True)
    page = client.get(asked["Location"]).content.decode()
    assert [words in page for words in ("What goes", "What stays, and why", "What you can undo")] == [True] * 3
    hidden = {
        at["name"]: at["value"]
        for at in Tags(page).named("input", type="hidden")
        if at["name"] != "csrfmiddlewaretoken"
    }
    client.post(f"{CENTRE}decide/", hidden)
    assert not queries.is_live(me.pk, key, now=timezone.now())
    post(client, key, True)
    assert queries.is_live(me.pk, key, now=timezone.now())


def test_the_confirmation_of_a_plain_consent_does_not_exist(client: Client) -> None:
    assert client.get(f"{CENTRE}confirm/marketing_emails/").status_code == 404


def care_page(me: User, monkeypatch: pytest.MonkeyPatch) -> int:
    """The gate's answer to this person on a page of the core functions (200: it lets pass)."""
    request = RequestFactory().get("/practitioner/")
    request.user, request.now, request.actor = me, timezone.now(), person(me.pk)
    monkeypatch.setattr(type(me), "is_verified", lambda self: True, raising=False)
    answer = gate.refuse(request, Access(Audience.PRACTITIONER, Act.CARE))
    return answer.status_code if answer else 200


def test_the_core_closes_and_opens_with_the_acknowledgement(
    client: Client, me: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (queries.core_open(me.pk, now=timezone.now()), care_page(me, monkeypatch)) == (None, 200)
    post(client, "health_data_processing", False, confirmed="yes")
    refusal = queries.core_open(me.pk, now=timezone.now())
    assert (str(refusal).split(",")[0], care_page(me, monkeypatch)) == ("Patient files are closed", 403)
    assert client.get(CENTRE).status_code == 200
    post(client, "health_data_processing", True)
    assert (queries.core_open(me.pk, now=timezone.now()), care_page(me, monkeypatch)) == (None, 200)


def test_the_end_of_the_contract_opens_the_way_to_deletion(client: Client) -> None:
    post(client, "tos_privacy", False, confirmed="yes")
    page = client.get(CENTRE).content.decode()
    assert ("You have ended the contract" in page, "The way to delete your account is open" in page) == (True, True)
    assert 'href="/practitioner/settings/gdpr/deletion/"' in page.split("You have ended the contract")[1]


def test_a_consent_is_taken_back_while_everything_else_is_closed(client: Client, me: User) -> None:
    post(client, "marketing_emails", True)
    post(client, "health_data_processing", False, confirmed="yes")
    post(client, "tos_privacy", False, confirmed="yes")
    post(client, "marketing_emails", False)
    assert not queries.is_live(me.pk, "marketing_emails", now=timezone.now())


def fill(me: User, entries: int) -> None:
    by = person(me.pk)
    start = timezone.now() - timedelta(days=3)
    for step in range(entries):
        choose(by, "analytics_product", step % 2 == 0, now=start + timedelta(seconds=step))


def test_log_asks_the_database_the_same_number_of_times_however_long_it_is(client: Client, me: User) -> None:
    counts = []
    for entries in (1, 2, 47):
        fill(me, entries)
        client.get(f"{CENTRE}log/")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{CENTRE}log/")
        counts.append(len(captured))
    assert len(set(counts)) == 1, counts


def test_log_has_pages_that_hold_every_entry_once(client: Client, me: User) -> None:
    fill(me, 50)
    pages = [client.get(f"{CENTRE}log/?page={number}").content.decode() for number in (1, 2, 3)]
    numbers = [int(number) for page in pages for number in re.findall(r'data-label="Entry">(\d+)<', page)]
    assert numbers == list(range(53, 0, -1))


def test_log_filters_by_choice_act_and_day(client: Client, me: User) -> None:
    fill(me, 4)
    today, day = timezone.localdate(), timezone.localdate() - timedelta(days=3)

    def entries(query: str) -> list[int]:
        return [line["entry"] for line in client.get(f"{CENTRE}log.json?{query}").json()["entries"]]

    assert entries("") == [7, 6, 5, 4, 3, 2, 1]
    assert entries("slot=analytics_product") == [7, 6, 5, 4]
    assert entries("slot=analytics_product&action=withdrawn") == [7, 5]
    assert entries(f"since={today}") == [3, 2, 1]
    assert entries(f"until={day}") == [7, 6, 5, 4]
    assert entries("action=renewed") == []
    assert "No entry fits this filter" in client.get(f"{CENTRE}log/?action=renewed").content.decode()


def test_log_says_what_is_wrong_with_a_date(client: Client) -> None:
    page = client.get(f"{CENTRE}log/?since=31.12.2026x").content.decode()
    assert "This is no date. Write it like 2026-11-22." in page


def test_log_exports_agree_and_hold_all_columns(client: Client, me: User) -> None:
    fill(me, 3)
    table = list(csv.DictReader(io.StringIO(client.get(f"{CENTRE}log.csv").content.decode())))
    entries = client.get(f"{CENTRE}log.json").json()["entries"]
    assert [{name: str(value) for name, value in entry.items()} for entry in entries] == table
    assert list(entries[0]) == list(log.Line.__dataclass_fields__)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_csv_cells_never_start_a_formula(cell: str) -> None:
    assert log.safe(cell) == f"'{cell}"
    assert log.safe("given") == "given"


def test_csv_of_a_hostile_browser_name_is_text(client: Client, me: User) -> None:
    client.post(
        f"{CENTRE}decide/",
        {"key": "marketing_emails", "on": "yes", "shown": shown("marketing_emails")},
        headers={"user-agent": "=HYPERLINK(1)"},
    )
    assert "'=HYPERLINK(1)" in client.get(f"{CENTRE}log.csv").content.decode()


def test_log_is_empty_for_nobody_but_ones_own(client: Client) -> None:
    stranger = person()
    choose(stranger, "ai_training_optin")
    assert [line["key"] for line in client.get(f"{CENTRE}log.json").json()["entries"]] == [
        "public_directory_listing",
        "health_data_processing",
        "tos_privacy",
    ]


def test_receipt_is_the_persons_own_and_nobody_elses(client: Client, me: User) -> None:
    mine = ConsentEvent.objects.filter(subject_id=me.pk).latest("number")
    theirs = choose(person(), "ai_training_optin").event_id
    answer = client.get(reverse("consents:receipt", args=[mine.pk]))
    assert (answer.status_code, answer["Content-Type"], json.loads(answer.content)["dct:identifier"]) == (
        200,
        "application/ld+json",
        str(mine.pk),
    )
    assert client.get(reverse("consents:receipt", args=[theirs])).status_code == 404


def test_pages_are_closed_to_visitors() -> None:
    for path in ("", "log/", "log.csv", "log.json", "confirm/tos_privacy/"):
        assert Client().get(f"{CENTRE}{path}").status_code == 302


def test_keys_of_the_page_are_those_of_the_law() -> None:
    assert len(KEYS) == 8
