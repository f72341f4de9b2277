"""Every page of every stand-in, with nothing in it and with one thing; every button does what it says (docs/fakes.md)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html.parser import HTMLParser
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from fakes.provider import Notice
from fakes.providers.bulkgate import Message
from fakes.providers.resend import Contact, Mail
from fakes.providers.scell import Thing
from fakes.server import Fakes, all_providers, serving

NOW: Final = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
WORDS: Final = "Ada & <Lovelace>"
"""What people wrote: shown as it is, never as HTML."""
SIGN_IN: Final = {
    "response_type": "code", "scope": "https://www.googleapis.com/auth/calendar.app.created", "code_challenge_method": "S256",
    "access_type": "offline", "prompt": "consent", "include_granted_scopes": "false", "state": "s1", "code_challenge": "c1",
    "redirect_uri": "http://127.0.0.1:1/back", "client_id": "stand-in-google_client_id",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """``address`` of the page with one thing in it; ``without``: status and words of it before there is any."""

    title: str
    address: str
    shows: str
    without: tuple[int, str]


PAGES: Final = {
    ("assemblyai", "/transcripts"): Page("Transcripts", "/transcripts", "queued", (200, "Nothing yet.")),
    ("bulkgate", "/phone"): Page("Phone", "/phone", "accepted", (200, "No message yet.")),
    ("google", "/calendar"): Page("Google Calendar", "/calendar", "1 app(s) with access.", (200, "No event.")),
    ("google", "/sign-in"): Page(
        "PratiConnect wants access to your Google Account", f"/sign-in?{urlencode(SIGN_IN)}", "Make secondary", (200, "Allow")
    ),
    ("livekit", "/rooms"): Page("Video rooms", "/rooms", "nobody", (200, "No room is open.")),
    ("resend", "/mailbox"): Page("Mailbox", "/mailbox", "ada@example.org", (200, "No mail yet.")),
    ("resend", "/mail/{which}"): Page(WORDS, "/mail/m1", "https://example.org/a", (404, "no such message")),
    ("scell", "/list"): Page("Scell.io", "/list", "waiting_signers", (200, "Nothing yet.")),
    ("scell", "/sign/{id}/{number}"): Page("Signing", "/sign/d1/0", "contract.pdf", (404, "there is no such thing")),
    ("viva", "/orders"): Page("Orders", "/orders", "49.00 €", (200, "No order yet.")),
    ("viva", "/web/checkout"): Page("Checkout", "/web/checkout?ref=1272214778972604", "49.00 €", (404, "there is no such order")),
}  # fmt: skip


def with_one_thing(at: Fakes) -> None:
    """One of everything that a page can show, named by people who know HTML."""
    sound = at["assemblyai"]
    sound.uploads["u"] = b"OggS"
    sound.transcripts["0190a5a0-0000-7000-8000-000000000001"] = {
        "id": "0190a5a0-0000-7000-8000-000000000001", "status": "queued", "audio_url": "u", "webhook_url": f"{at.url}/hooks/assemblyai/",
        "webhook_auth_header_name": "X-Own", "webhook_auth_header_value": sound.made_up("ASSEMBLYAI_WEBHOOK_SECRET"),
    }  # fmt: skip
    at["bulkgate"].messages["t1"] = Message("t1", "33612345678", WORDS, unicode=False, at=NOW)
    at["google"].refresh.add("1//refresh-1")
    at["google"].calendars["c1"] = {
        "e1": {"id": "e1", "status": "confirmed", "summary": WORDS, "start": {"dateTime": "a"}, "end": {"dateTime": "b"}}
    }  # fmt: skip
    at["livekit"].rooms[WORDS], at["livekit"].inside[WORDS] = {"name": WORDS}, {}
    said = {
        "from": "a@example.org",
        "to": ["ada@example.org"],
        "subject": WORDS,
        "text": f"{WORDS} https://example.org/a",
    }
    at["resend"].mails["m1"] = Mail("m1", said)
    at["resend"].contacts["k1"] = Contact("k1", "ada@example.org", unsubscribed=False)
    at["scell"].signatures["d1"] = Thing(
        "d1", {"title": WORDS, "document_name": "contract.pdf"}, "waiting_signers", signers=[{"status": "pending"}]
    )
    at["viva"]._new_order({"amount": 4900, "customerTrns": WORDS}, "")


@dataclass
class Seen(HTMLParser):
    """What a browser makes of a page: its title, its text, and its forms by the words on their buttons."""

    title: str = ""
    text: str = ""
    tags: set[str] = field(default_factory=set)
    forms: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    _within: list[str] = field(default_factory=list)
    _form: tuple[str, dict[str, str]] = ("", {})

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self._within.append(tag)
        if tag == "form":
            self._form = named["action"], {}
        elif tag == "input":
            self._form[1][named["name"]] = named["value"]

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._within[-1:] == ["title"]:
            self.title += data
        if self._within[-1:] == ["button"]:
            self.forms.append((data, *self._form))


def seen(html: str) -> Seen:
    page = Seen()
    page.feed(html)
    return page


@pytest.fixture(scope="module")
def served() -> Iterator[Fakes]:
    with serving(Fakes(all_providers())) as fakes:
        yield fakes


@pytest.fixture(autouse=True)
def _as_new(served: Fakes) -> Iterator[None]:
    served.reset()
    served.at(NOW)
    yield
    served.live()


def browse(served: Fakes, address: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, text and where a page leads to. An error that nobody caught ends the connection, and raises here."""
    parts = urlsplit(served.url)
    connection = HTTPConnection(parts.hostname or "", parts.port or 0, timeout=5)
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        if form is None:
            connection.request("GET", address)
        else:
            connection.request("POST", address, urlencode(form), kind)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers.get("Location", "")
    finally:
        connection.close()


def secrets(served: Fakes) -> set[str]:
    """What opens something: tokens that were given, and the prefix of every credential that is made up."""
    given = {*served["viva"].tokens, *served["google"].access, *served["google"].refresh, *served["google"].codes}
    return given | {one.made_up("") for one in served.playing.values()}


def routes(method: str) -> set[tuple[str, str]]:
    """Every page there is, by its provider."""
    return {
        (one.key, route.path) for one in all_providers() for route, _ in one._marked("_page") if route.method == method
    }


def test_every_page_and_every_button_is_in_the_tables() -> None:
    assert routes("GET") == set(PAGES)
    assert routes("POST") == {(one.key, one.route) for one in BUTTONS}


def looked_at(served: Fakes, html: str) -> Seen:
    """What holds of every page, whatever it shows."""
    page = seen(html)
    assert "script" not in page.tags
    assert [word for word in (*secrets(served), "Traceback", "Error") if word in html] == []
    return page


@pytest.mark.parametrize(("key", "path"), sorted(PAGES))
def test_page_with_nothing_in_it_says_so(served: Fakes, key: str, path: str) -> None:
    status, html, _where = browse(served, f"/{key}{PAGES[key, path].address}")
    page = looked_at(served, html)
    assert (status, PAGES[key, path].without[1] in page.text) == (PAGES[key, path].without[0], True)


@pytest.mark.parametrize(("key", "path"), sorted(PAGES))
def test_page_with_one_thing_shows_it(served: Fakes, key: str, path: str) -> None:
    with_one_thing(served)
    status, html, _where = browse(served, f"/{key}{PAGES[key, path].address}")
    page = looked_at(served, html)
    assert (status, page.title, PAGES[key, path].shows in page.text) == (200, PAGES[key, path].title, True)
    assert "lovelace" not in page.tags


def test_every_home_is_reached_from_the_first_page(served: Fakes) -> None:
    status, html, _where = browse(served, "/")
    homes = [f"/{one.key}/{one.home}" for one in served.playing.values() if one.home]
    assert (status, [home for home in homes if f'href="{home}"' not in html]) == (200, [])
    assert [browse(served, home)[0] for home in homes] == [200] * len(homes)


# -- buttons -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Button:
    """``words`` on the page ``at``; ``became`` reads what is there after it, ``told`` what the product is told then."""

    key: str
    at: str
    words: str
    route: str
    became: Callable[[Any], object]
    expected: object
    told: tuple[str, ...] = ()
    leads: str = ""


def event(notice: Notice) -> str:
    """What a provider tells, by the name that the provider gives it."""
    said = json.loads(notice.body) if notice.body else {}
    report = said[0] if isinstance(said, list) else said
    names = ("type", "event", "EventTypeId", "status")
    return next((str(report[name]) for name in names if name in report), "")


def order(at: Any) -> tuple[int, list[str]]:
    """How the order stands (2 cancelled, 3 paid), and its transactions (F done, E failed)."""
    (one,) = at.orders.values()
    return one.state, [each.letter for each in at.transactions.values()]


def signed(at: Any) -> tuple[str, str]:
    """The signer and the whole."""
    return at.signatures["d1"].signers[0]["status"], at.signatures["d1"].status


def happened(at: Any) -> list[str]:
    kept: list[str] = at.mails["m1"].happened
    return kept


CHECKOUT, SIGNING = PAGES["viva", "/web/checkout"].address, "/sign/d1/0"
PAID, ACT, POSTED = "/web/checkout/{code}/{act}", "/sign/{id}/{number}/{act}", "/mail/{which}/{kind}"
TEXT = "/message/{which}/{kind}"
BUTTONS: Final = [
    Button("viva", CHECKOUT, "Pay", PAID, order, (3, ["F"]), ("1796", "1799"), CHECKOUT),
    Button("viva", CHECKOUT, "Have the card refused", PAID, order, (0, ["E"]), ("1798",), CHECKOUT),
    Button("viva", CHECKOUT, "Cancel", PAID, order, (2, []), ("4865",), CHECKOUT),
    Button("scell", SIGNING, "Sign", ACT, signed, ("signed", "completed"), ("signature.completed",), SIGNING),
    Button("scell", SIGNING, "Refuse", ACT, signed, ("refused", "refused"), ("signature.refused",), SIGNING),
    Button("resend", "/mail/m1", "It arrives", POSTED, happened, ["delivered"], ("email.delivered",), "/mailbox"),
    Button("resend", "/mail/m1", "It bounces", POSTED, happened, ["bounced"], ("email.bounced",), "/mailbox"),
    Button("resend", "/mail/m1", "It is marked as spam", POSTED, happened, ["complained"], ("email.complained",), "/mailbox"),
    Button("resend", "/mailbox", "Leave the newsletter", "/leave/{which}", lambda at: at.contacts["k1"].unsubscribed, True,
           ("contact.updated",), "/mailbox"),
    Button("bulkgate", "/phone", "It arrives", TEXT, lambda at: at.messages["t1"].status, "delivered", ("1",), "/phone"),
    Button("bulkgate", "/phone", "It doesn't arrive", TEXT, lambda at: at.messages["t1"].status, "undelivered", ("3",), "/phone"),
    Button("bulkgate", "/phone", "Answer STOP", TEXT, lambda at: at.messages["t1"].status, "accepted", ("10",), "/phone"),
    Button("assemblyai", "/transcripts", "Finish", "/finish/{id}", lambda at: [one["status"] for one in at.transcripts.values()],
           ["completed"], ("completed",), "/transcripts"),
    Button("google", "/calendar", "Delete", "/remove", lambda at: at.calendars["c1"]["e1"]["status"], "cancelled", (), "/calendar"),
    Button("google", "/calendar", "Take the access back", "/take-back", lambda at: at.refresh, set(), (), "/calendar"),
    Button("google", PAGES["google", "/sign-in"].address, "Allow", "/sign-in", lambda at: [*at.codes], ["4/code-1"]),
    Button("google", PAGES["google", "/sign-in"].address, "Cancel", "/sign-in", lambda at: [*at.codes], []),
    Button("livekit", "/rooms", "Everybody leaves", "/leave", lambda at: [*at.rooms], [], ("room_finished",), "/rooms"),
    Button("livekit", "/rooms", "Enter", "/enter", lambda at: at.inside[WORDS], {WORDS: False}, ("participant_joined",), "/rooms"),
]  # fmt: skip


def seat(at: Any) -> str:
    """A token for five minutes in the room."""
    since = int(NOW.timestamp())
    may = {"roomJoin": True, "room": WORDS}
    return str(
        at._token({"iss": at.made_up("LIVEKIT_API_KEY"), "sub": WORDS, "nbf": since, "exp": since + 300, "video": may})
    )


def press(served: Fakes, one: Button) -> tuple[int, str]:
    """As a person does, who has a seat if a form asks for one."""
    page = seen(browse(served, f"/{one.key}{one.at}")[1])
    action, fields = next((action, fields) for words, action, fields in page.forms if words == one.words)
    given = {"token": seat(served["livekit"])} if "token" in fields else {}
    status, _html, where = browse(served, action, fields | given)
    return status, where


@pytest.mark.parametrize("one", BUTTONS, ids=lambda one: f"{one.key} {one.words}")
def test_button_does_what_it_says(served: Fakes, one: Button) -> None:
    with_one_thing(served)
    status, where = press(served, one)
    assert (status, one.became(served[one.key])) == (303, one.expected)
    assert tuple(event(notice) for notice in served[one.key].notices) == one.told
    if one.leads:
        assert (where, browse(served, where)[0]) == (f"/{one.key}{one.leads}", 200)


def test_no_page_has_a_button_that_nobody_presses(served: Fakes) -> None:
    with_one_thing(served)
    there = {
        (key, page.address, words)
        for (key, _path), page in PAGES.items()
        for words, _action, _fields in seen(browse(served, f"/{key}{page.address}")[1]).forms
    }
    assert there == {(one.key, one.at, one.words) for one in BUTTONS}


def test_sign_in_leads_back_with_a_code_or_a_no(served: Fakes) -> None:
    allow, cancel = (one for one in BUTTONS if one.route == "/sign-in")
    back = [urlsplit(press(served, one)[1]) for one in (allow, cancel)]
    assert [f"{one.scheme}://{one.netloc}{one.path}" for one in back] == [SIGN_IN["redirect_uri"]] * 2
    said = [{name: value[0] for name, value in parse_qs(one.query).items()} for one in back]
    assert said == [
        {"code": "4/code-1", "state": "s1", "scope": SIGN_IN["scope"]},
        {"error": "access_denied", "state": "s1"},
    ]
    status, html, _where = browse(served, "/google/sign-in")
    assert (status, seen(html).title) == (400, "Access blocked")


@pytest.mark.parametrize(
    ("address", "form"),
    [
        (f"/viva{CHECKOUT.replace('?ref=', '/')}/steal", {}),
        ("/viva/web/checkout/1/pay", {}),
        ("/scell/sign/d1/0/scribble", {}),
        ("/scell/sign/d1/7/sign", {}),
        ("/scell/sign/d2/0/sign", {}),
        ("/resend/mail/m1/eaten", {}),
        ("/resend/mail/m2/delivered", {}),
        ("/resend/leave/k2", {}),
        ("/bulkgate/message/t1/eaten", {}),
        ("/bulkgate/message/t2/delivered", {}),
        ("/assemblyai/finish/0190a5a0-0000-7000-8000-000000000002", {}),
        ("/google/remove", {}),
        ("/google/remove", {"calendar": "c1", "event": "e2"}),
        ("/google/sign-in", {}),
        ("/livekit/enter", {"token": "a.b.c"}),
        ("/livekit/enter", {}),
        ("/livekit/leave", {"room": "room-2"}),
    ],
)
def test_what_no_page_offers_is_refused_in_words_and_changes_nothing(
    served: Fakes, address: str, form: dict[str, str]
) -> None:
    with_one_thing(served)
    status, said, _where = browse(served, address, form)
    assert (status in range(400, 500), said != "", "Traceback" in said) == (True, True, False)
    assert [notice for one in served.playing.values() for notice in one.notices] == []


def test_what_is_over_offers_no_button(served: Fakes) -> None:
    """A paid order and a signed paper say so; a click that comes late changes nothing."""
    with_one_thing(served)
    for key, at, words in (("viva", CHECKOUT, "Pay"), ("scell", SIGNING, "Sign")):
        late = [one for one in BUTTONS if (one.key, one.at) == (key, at)]
        actions = [action for _words, action, _ in seen(browse(served, f"/{key}{at}")[1]).forms]
        press(served, next(one for one in late if one.words == words))
        became, told = late[0].became(served[key]), len(served[key].notices)
        page = seen(browse(served, f"/{key}{at}")[1])
        assert (page.forms, "paid" in page.text or "signed" in page.text) == ([], True)
        assert {browse(served, action, {})[0] for action in actions} == {303}
        assert (late[0].became(served[key]), len(served[key].notices)) == (became, told)


def test_an_order_whose_time_has_passed_is_over(served: Fakes) -> None:
    with_one_thing(served)
    served.at(NOW.replace(hour=12))
    page = seen(browse(served, f"/viva{CHECKOUT}")[1])
    assert ("its time has passed" in page.text, page.forms) == (True, [])


def test_a_room_is_entered_with_a_short_seat_of_its_own_alone(served: Fakes) -> None:
    """The stand-in is stricter than LiveKit: a seat of hours is refused."""
    with_one_thing(served)
    room, since = served["livekit"], int(NOW.timestamp())
    good = {"iss": room.made_up("LIVEKIT_API_KEY"), "sub": WORDS, "nbf": since, "exp": since + 300}
    may = {"roomJoin": True, "room": WORDS}
    for claims in ({**good, "exp": since + 7200, "video": may}, {**good, "video": {**may, "room": "room-2"}}, good):
        assert browse(served, "/livekit/enter", {"token": room._token(claims)})[0] == 401
    assert room.inside == {WORDS: {}}
