"""The choice about cookies, the register against what pages set, and counts that only a yes makes (PC-110, MD-60, MD-61)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError
from django.http import HttpRequest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from audit.actors import Actor
from consents.cookies import choice
from consents.cookies.audience import first_kept
from consents.cookies.models import PageCount
from consents.cookies.register import CHOICE, register
from lifecycle.expiring.audience import sweep
from praticonnect import env
from tests.accounts.factories import make_practitioner, make_staff, verified_client
from tests.security.urlmap import pages

pytestmark = pytest.mark.django_db(databases="__all__")
PAGE = "/privacy/cookies/"
NOW = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)


def counted() -> list[tuple[str, int]]:
    return list(PageCount.objects.order_by("page").values_list("page", "views"))


def answered(said: str, client: Client | None = None) -> Client:
    client = client or Client()
    assert client.post(PAGE, {"choice": said, "next": "/"}).headers["Location"] == "/"
    return client


def test_visitor_is_asked_on_every_frame_until_an_answer() -> None:
    signed_in = verified_client(make_practitioner())
    for client, address in ((Client(), "/"), (signed_in, reverse("records:patients"))):
        page = client.get(address).content.decode()
        assert (page.count('name="choice"'), page.count(f'href="{PAGE}"')) == (2, 2)
        for said in ("no", "yes"):
            assert 'name="choice"' not in answered(said, client).get(address).content.decode()


def test_nothing_is_counted_before_a_yes_and_a_no_stops_at_once() -> None:
    client = Client()
    client.get("/")
    answered("no", client).get("/")
    assert counted() == []
    answered("yes", client).get("/")
    client.get("/")
    client.get("/no-such-page/")
    assert counted() == [("home", 2)]
    answered("no", client).get("/")
    assert counted() == [("home", 2)]


@pytest.mark.parametrize("signal", ["HTTP_SEC_GPC", "HTTP_DNT"])
def test_browser_that_objects_is_neither_asked_nor_counted(signal: str) -> None:
    client = answered("yes")
    page = client.get("/", **{signal: "1"}).content.decode()
    assert (counted(), 'name="choice"' in Client().get("/", **{signal: "1"}).content.decode()) == ([], False)
    assert 'name="choice"' not in page
    assert "Your browser asks not to be tracked" in client.get(PAGE, **{signal: "1"}).content.decode()


def test_office_at_work_is_not_counted() -> None:
    staff = make_staff()
    answered("yes", verified_client(staff)).get(reverse("admin:index"))
    assert counted() == []


def test_count_that_fails_costs_nobody_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    client = answered("yes")
    monkeypatch.setattr(PageCount.objects, "bulk_create", Mock(side_effect=DatabaseError))
    assert (client.get("/").status_code, counted()) == (200, [])


def test_count_is_written_after_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.http.HttpResponse.close", lambda self: None)  # it would end the test's connection
    from django.test import RequestFactory
    from django.urls import resolve

    from consents.cookies.middleware import Cookies

    def view(request: HttpRequest) -> Any:
        from django.http import HttpResponse

        return HttpResponse("page")

    request = RequestFactory().get("/")
    request.now, request.resolver_match = NOW, resolve("/")
    request.COOKIES[CHOICE] = choice.value_of(yes=True, on=NOW.date())
    answer = Cookies(view)(request)
    assert counted() == []
    answer.close()
    assert counted() == [("home", 1)]


def test_post_without_an_answer_says_what_to_do_and_keeps_nothing() -> None:
    answer = Client().post(PAGE, {"choice": "maybe"})
    assert (answer.status_code, CHOICE in answer.cookies) == (422, False)
    assert "Choose one of the two buttons" in answer.content.decode()


def test_answer_leads_to_no_other_site() -> None:
    answer = Client().post(PAGE, {"choice": "no", "next": "https://example.org/"})
    assert answer.headers["Location"] == PAGE


def with_choice(value: str) -> HttpRequest:
    request = HttpRequest()
    request.COOKIES[CHOICE] = value
    return request


@pytest.mark.parametrize(
    ("on", "last", "over"),
    [
        (date(2026, 8, 31), "2027-02-27T22:59+00:00", "2027-02-27T23:00+00:00"),  # a short month
        (date(2026, 1, 15), "2026-07-14T21:59+00:00", "2026-07-14T22:00+00:00"),  # into summer time
    ],
)
def test_choice_is_asked_again_after_six_months(on: date, last: str, over: str) -> None:
    request = with_choice(choice.value_of(yes=True, on=on))
    assert choice.of(request, datetime.fromisoformat(last)) is not None
    assert choice.of(request, datetime.fromisoformat(over)) is None


@pytest.mark.parametrize("value", ["", "yes", "yes|2026-11-18|x", "yes|2026-11-18|x:bad", "a|b|c:d"])
def test_what_we_did_not_sign_is_no_choice(value: str) -> None:
    assert choice.of(with_choice(value), NOW) is None


def test_choice_from_the_future_or_about_something_else_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choice.of(with_choice(choice.value_of(yes=True, on=NOW.date() + timedelta(days=2))), NOW) is None
    said = choice.value_of(yes=True, on=NOW.date())
    monkeypatch.setattr("consents.cookies.choice.notice", lambda: "something else")
    assert choice.of(with_choice(said), NOW) is None


@pytest.mark.parametrize("said", ["0", "14", "120", "six"])
def test_start_is_refused_beyond_the_ceiling(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATICONNECT_COOKIE_MONTHS", said)
    with pytest.raises(ImproperlyConfigured, match=r"PRATICONNECT_COOKIE_MONTHS is .*write a whole number"):
        env.whole("PRATICONNECT_COOKIE_MONTHS", 6, least=1, most=13)


def test_counts_leave_after_25_months() -> None:
    kept = first_kept(NOW)
    for day in (kept, kept - timedelta(days=1)):
        PageCount.objects.create(day=day, page="home", views=1)
    assert [sweep(by=Actor.system("test"), now=NOW, dry_run=dry)["PC-110"].counts() for dry in (True, False)] == [
        {"due": 1, "done": 0, "held": 0, "failed": 0}, {"due": 1, "done": 1, "held": 0, "failed": 0},
    ]  # fmt: skip
    assert list(PageCount.objects.values_list("day", flat=True)) == [kept]


def addresses() -> list[str]:
    """Every address of the house that needs no argument."""
    found = []
    for page in pages():
        try:
            found.append(reverse(page.name))
        except NoReverseMatch:
            continue
    return found


def set_by(client: Client, addresses: list[str]) -> set[str]:
    names: set[str] = set()
    for address in addresses:
        names |= {name for method in (client.get, client.post) for name in method(address).cookies}
    return names


def test_register_holds_exactly_the_cookies_that_pages_set(caplog: pytest.LogCaptureFixture) -> None:
    """Every page, signed out and in, by GET and POST; forms that set the rest are sent once."""
    found = addresses()
    assert len(found) > 40
    names = set_by(Client(), found) | set_by(verified_client(make_practitioner()), found)
    names |= set(answered("no").cookies) | set(Client().post("/language/", {"language": "fr"}).cookies)
    signing_out = verified_client(make_practitioner())
    names |= set(signing_out.post("/accounts/logout/").cookies)
    assert [record.message for record in caplog.records if "struck" in record.message] == []
    assert names - {one.name for one in register()} == set()
    assert {one.name for one in register()} - names == set()


def test_list_says_all_of_the_register() -> None:
    page = Client().get(PAGE).content.decode()
    assert [f"<code>{one.name}</code>" in page for one in register()] == [True] * len(register())
