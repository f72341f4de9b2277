"""Every subprocessor of the register has a page: where it stands, when it was last used and on which ground, open and close (PC-22, PC-90)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from accounts.models import User
from accounts.texts.models import TextNumber, TextSent
from adapters.models import Egress
from consents.marketing.models import AudienceMember
from gdpr_requests import sent as left
from gdpr_requests.integrations import connected, needed
from gdpr_requests.integrations.queries import PARENT, Integration, Use, integrations
from privacy.consent_keys import KEYS
from privacy.days import written
from privacy.ids import new_id
from privacy.subprocessors import VERSIONS
from records.models import PatientFile
from tests.accounts.factories import WebClient, make_practitioner, verified_client
from tests.consents.factories import choose, person
from tests.records.factories import NOW as ADDED
from tests.records.factories import make_document, make_file
from tests.test_house import OURS

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAGES = "/practitioner/settings/gdpr/integrations/"
DECIDE = "/practitioner/settings/gdpr/consents/decide/"
TEN = [one.key for one in VERSIONS[-1].entries]
CHILDREN = [one.key for one in KEYS[PARENT].children]
SLOTS = {**{key: f"{PARENT}.{key}" for key in CHILDREN}, "resend": "marketing_emails"}
BY_LAW = {"scaleway": "account_message", "aws": "sealed_storage", "bulkgate": "login_code"}
NEEDED = ["scaleway", "aws", "bulkgate", "resend"]


def in_words(ground: str) -> str:
    return left.ground_in_words(ground, left.names(NOW.date()))


@pytest.fixture
def me() -> User:
    return make_practitioner("camille@example.org", now=NOW)


def sent(key: str, ground: str, user: User | None, at: datetime = NOW) -> None:
    """A line of the egress journal, about somebody else unless a user is given."""
    subject = user.pk if user else new_id()
    Egress.objects.create(
        at=at, subprocessor=key, host="x.example", ground=ground, subject_id=subject, categories="contact"
    )


def one(user: User, key: str) -> Integration:
    return next(each for each in integrations(user, language="en", now=NOW) if each.card.key == key)


def page(client: WebClient, key: str) -> str:
    answer = client.get(f"{PAGES}{key}/")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_there_are_ten_and_each_is_in_one_of_the_two_lists(me: User) -> None:
    with time_machine.travel(NOW, tick=False):
        context = verified_client(me).get(PAGES).context
    lists = [[each.card.key for each in context[name]] for name in ("optional", "needed")]
    assert (lists, sorted(lists[0] + lists[1]), len(TEN)) == ([CHILDREN, NEEDED], sorted(TEN), 10)


@pytest.mark.parametrize("key", TEN)
def test_a_page_says_when_it_was_last_used_for_whoever_reads_it_and_on_which_ground(key: str, me: User) -> None:
    """A stranger's line of the journal says nothing; an older one on another ground is told beside the newest."""
    ground, other = SLOTS.get(key) or BY_LAW[key], "end_of_use"
    with time_machine.travel(NOW, tick=False):
        client = verified_client(me)
        sent(key, ground, None)
        none = "no line of the journal names you" if key in needed.STORES else "Nothing was ever sent there for you"
        assert (one(me, key).uses, none in page(client, key)) == ([], True)
        sent(key, ground, me, NOW - HOUR)
        sent(key, ground, me)
        sent(key, other, me, NOW - HOUR)
        shown, listed = page(client, key), client.get(PAGES).content.decode()
    assert [(use.at, use.ground) for use in one(me, key).uses] == [
        (NOW, in_words(ground)),
        (NOW - HOUR, in_words(other)),
    ]
    words = escape(in_words(ground))
    assert f"Last used for you on 23 November 2026, 10:00. {words}." in shown
    assert f"<li>{escape(in_words(other))}: 23 November 2026, 09:00</li>" in shown
    assert words in listed


@pytest.mark.parametrize("key", SLOTS)
def test_a_page_opens_and_closes_what_has_a_switch_and_leads_back_to_itself(key: str, me: User) -> None:
    child = key if key in CHILDREN else ""
    named = {"key": PARENT if child else SLOTS[key], "child": child, "page": "integration"}
    choose(person(me.pk), PARENT, on=True, now=NOW)
    with time_machine.travel(NOW, tick=False):
        client, stands = verified_client(me), []
        for on in ("yes", "no"):
            shown = client.get(f"{PAGES}{key}/").context["one"].switch.text.sha256
            back = client.post(DECIDE, {**named, "on": on, "shown": shown})["Location"]
            stands.append((back.partition("#")[0], one(me, key).switch.on))  # type: ignore[union-attr]
    assert stands == [(f"{PAGES}{key}/", True), (f"{PAGES}{key}/", False)]


@pytest.mark.parametrize("key", NEEDED)
def test_what_no_switch_opens_says_why_in_the_register_s_words(key: str, me: User) -> None:
    with time_machine.travel(NOW, tick=False):
        client = verified_client(me)
        shown = page(client, key)
    entry = next(each for each in VERSIONS[-1].entries if each.key == key)
    assert f"<strong>{escape(entry.opened_by)}.</strong>" in shown
    assert ('role="switch"' in shown, "What has no switch" in shown) == (key == "resend", key == "resend")
    assert {"bulkgate": "/accounts/security/texts/"}.get(key, "/practitioner/settings/gdpr/deletion/") in shown


def test_a_subscription_s_payment_is_told_apart_from_the_switch(me: User) -> None:
    """PC-93 beside PC-22: Viva is used for the subscription while the practitioner's own switch is off."""
    sent("viva", "subscription_payment", me)
    said = "That rests on the contract or the law, not on the switch above"
    with time_machine.travel(NOW, tick=False):
        client = verified_client(me)
        shown = page(client, "viva")
        assert (f"10:00. {escape(in_words('subscription_payment'))}. {said}" in shown) is True
        choose(person(me.pk), PARENT, on=True, now=NOW)
        choose(person(me.pk), PARENT, child="viva", on=True, now=NOW)
        assert said not in page(client, "viva")
        choose(person(me.pk), PARENT, child="viva", on=False, now=NOW)
        sent("viva", SLOTS["viva"], me, NOW + HOUR)
        assert said not in page(client, "viva")


@pytest.mark.parametrize("key", ["", "viva/", "scaleway/", "resend/"])
def test_a_page_costs_the_same_queries_for_one_use_and_three(key: str, me: User) -> None:
    with time_machine.travel(NOW, tick=False):
        client, cost = verified_client(me), []
        for grounds in (["end_of_use"], ["account_message", "legal_notice"]):
            for ground in grounds:
                for service in TEN:
                    sent(service, ground, me)
            client.get(f"{PAGES}{key}")
            with CaptureQueriesContext(connection) as asked:
                client.get(f"{PAGES}{key}")
            cost.append(len(asked))
    assert cost[0] == cost[1]


@pytest.fixture
def file(me: User) -> PatientFile:
    return make_file(me)


def test_the_files_that_lie_at_a_store_are_one_s_own(
    me: User, file: PatientFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By where each folder's new files are kept; another practice's documents don't count."""
    stranger = make_practitioner()
    make_document(file, me)
    make_document(make_file(stranger), stranger)
    with time_machine.travel(NOW, tick=False):
        client = verified_client(me)
        assert client.get(f"{PAGES}scaleway/").context["standing"] == [
            "No file of yours lies there.",
            "As this platform is set up, no kind of file is kept there.",
        ]
        monkeypatch.setattr(needed, "carrier_of", {"documents": "scaleway", "exports": "aws"}.get)
        shown = {key: client.get(f"{PAGES}{key}/").context for key in needed.STORES}
    assert {key: context["standing"] for key, context in shown.items()} == {
        "scaleway": [f"Documents in your patients' files: 1, the newest of {written(ADDED)}."],
        "aws": ["No file of yours lies there."],
    }
    stored = Use(ADDED, in_words("sealed_storage"), chosen=False)
    assert [shown[key]["one"].used for key in needed.STORES] == [stored, None]


def test_text_messages_rest_on_a_proved_number(me: User) -> None:
    with time_machine.travel(NOW, tick=False):
        client = verified_client(me)
        row = TextNumber.objects.create(user=me, number="+33612345678", asked_at=NOW)
        assert client.get(f"{PAGES}bulkgate/").context["standing"] == [
            "No number of yours is proved, so no text message comes to you."
        ]
        TextNumber.objects.filter(pk=row.pk).update(proved_at=NOW)
        said = {"kind": "code", "sent_at": NOW, "message_id": "1", "segments": 1, "state": "delivered"}
        TextSent.objects.create(user=me, outgoing_id=new_id(), **said)
        TextSent.objects.create(user=make_practitioner(), outgoing_id=new_id(), **{**said, "sent_at": NOW + HOUR})
        answer = client.get(f"{PAGES}bulkgate/")
    assert answer.context["standing"] == [
        "You proved a number on 23 November 2026.",
        "The last text message was about a code for this number, on 23 November 2026: delivered.",
    ]
    assert "612345678" not in answer.content.decode()


def test_the_list_of_readers_at_resend_is_told(me: User, settings: Any) -> None:
    settings.ADAPTERS = {**settings.ADAPTERS, "resend": {"off": False, "credentials": {"RESEND_API_KEY": "x"}}}
    by_it = "The mails that the service needs leave through it."
    with time_machine.travel(NOW, tick=False):
        client, told = verified_client(me), []
        for silent in (None, NOW):
            told.append(client.get(f"{PAGES}resend/").context["standing"])
            AudienceMember.objects.update_or_create(
                user=me, defaults={"contact_id": "c1", "joined_at": NOW, "silent_since": silent}
            )
        settings.MAIL_CARRIER = "scaleway"
        told.append(client.get(f"{PAGES}resend/").context["standing"])
    assert told == [
        [by_it, "Your address isn't in the list of readers of the news."],
        [by_it, "Your address is in the list of readers of the news since 23 November 2026."],
        [
            "As this platform is set up, the mails that the service needs leave by another way.",
            "Your address is in the list of readers, but takes no mail of ours: no news is sent.",
        ],
    ]


CALLS = {
    "google": r"\bshow_busy\((?!\*)",
    "livekit": r"(?:rooms|actions)\.open_room\(|rooms\.actions import .*open_room",
    "viva": r"patient_payment|kind=\"patient\"",
    "scell": r"\bask_(?:invoice|signature)\(",
    "bulkgate": r"appointment_reminder",
}
"""How production code would use what a page says isn't used yet, outside the app that offers it."""
OFFERED_BY = (
    "adapters/",
    "subprocessors/calendars/",
    "subprocessors/rooms/",
    "gdpr_requests/integrations/connected.py",
)


@pytest.mark.parametrize("key", connected.LATER)
def test_not_used_yet_is_said_while_nothing_uses_it(key: str, me: User) -> None:
    """Whoever brings the use takes the sentence away: this test then names where it is."""
    apart = ("tests/", "fakes/", "bench/", "tools/", "docs/", "locale/", *OFFERED_BY)
    found = [
        name
        for name in OURS
        if name.endswith(".py") and not name.startswith(apart) and re.search(CALLS[key], OURS[name])
    ]
    with time_machine.travel(NOW, tick=False):
        assert (found, escape(connected.LATER[key]) in page(verified_client(me), key)) == ([], True)
