"""Google's contract: the sign-in, busy times by our own ids, looks and channels, and every way it can fail."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest

from adapters import google
from adapters.door import Busy, Fault, Rejected
from adapters.grounds import Ground, NoGround, necessary
from consents.grants import grant_for
from fakes.server import Fakes
from privacy.ids import new_id
from privacy.refusals import Refused
from tests.adapters.contract import FAILURES, fails, names
from tests.adapters.factories import agreeing
from tests.consents.factories import NOON, choose, person
from tests.subprocessors.links import BACK, allowed

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
PARENT = "third_party_integrations"
TIME = google.BusyTime(new_id(), NOON, NOON + timedelta(minutes=30))
LATER = google.BusyTime(TIME.id, NOON + timedelta(hours=1), NOON + timedelta(hours=2))


@pytest.fixture
def ground(fakes: Fakes) -> Ground:
    """Somebody's own yes."""
    fakes.at(NOON)
    return grant_for(agreeing(f"{PARENT}.google"), PARENT, "google", now=NOON)


def signed_in(fakes: Fakes, ground: Ground) -> google.Tokens:
    sign_in, code = allowed(fakes)
    return google.exchange(code, sign_in.verifier, BACK, ground=ground, now=NOON)


@pytest.fixture
def there(fakes: Fakes, ground: Ground) -> dict[str, Any]:
    """A calendar of ours, and what every call needs."""
    access = signed_in(fakes, ground).access
    return {
        "calendar": google.make_calendar(access, ground=ground, now=NOON),
        "access": access,
        "ground": ground,
        "now": NOON,
    }


def test_the_sign_in_asks_for_one_narrow_scope_with_state_and_challenge(fakes: Fakes, settings: Any) -> None:
    first, second = google.sign_in(BACK), google.sign_in(BACK)
    asked = {name: value[0] for name, value in parse_qs(urlsplit(first.address).query).items()}
    assert asked == {
        "client_id": "stand-in-google_client_id", "redirect_uri": BACK, "response_type": "code", "scope": google.SCOPE,
        "state": first.state, "code_challenge": asked["code_challenge"], "code_challenge_method": "S256",
        "access_type": "offline", "prompt": "consent", "include_granted_scopes": "false",
    }  # fmt: skip
    assert (first.state == second.state, first.verifier == second.verifier, len(first.verifier)) == (False, False, 64)
    assert not any(secret in repr(first) for secret in (first.state, first.verifier))
    settings.STAND_INS = ""
    assert google.sign_in(BACK).address.startswith("https://accounts.google.com/o/oauth2/v2/auth?client_id=")


def test_a_code_counts_once_and_with_its_verifier_only(fakes: Fakes, ground: Ground) -> None:
    sign_in, code = allowed(fakes)
    with pytest.raises(google.LinkGone):
        google.exchange(code, "w" * 64, BACK, ground=ground, now=NOON)
    sign_in, code = allowed(fakes)
    tokens = google.exchange(code, sign_in.verifier, BACK, ground=ground, now=NOON)
    assert (tokens.until, tokens.access in repr(tokens)) == (NOON + timedelta(seconds=3599), False)
    with pytest.raises(google.LinkGone):
        google.exchange(code, sign_in.verifier, BACK, ground=ground, now=NOON)
    calls = fakes["google"].calls
    assert {call.media_type for call in calls} == {"application/x-www-form-urlencoded"}
    assert not any(call.query for call in calls)


def test_a_person_who_unticks_our_scope_has_no_link(fakes: Fakes, ground: Ground) -> None:
    sign_in, code = allowed(fakes, scope="openid")
    with pytest.raises(google.LinkGone):
        google.exchange(code, sign_in.verifier, BACK, ground=ground, now=NOON)


def test_an_access_is_renewed_until_it_is_revoked_and_revoking_twice_is_revoking(fakes: Fakes, ground: Ground) -> None:
    tokens = signed_in(fakes, ground)
    assert google.refresh(tokens.refresh, ground=ground, now=NOON).access != tokens.access
    for _again in range(2):
        google.revoke(tokens.refresh, ground=necessary("end_of_use"), now=NOON)
    with pytest.raises(google.LinkGone):
        google.refresh(tokens.refresh, ground=ground, now=NOON)
    with pytest.raises(google.Stale):
        google.make_calendar(tokens.access, ground=ground, now=NOON)


def test_a_busy_time_says_its_hours_and_nothing_else(fakes: Fakes, there: dict[str, Any]) -> None:
    google.put_busy(busy=TIME, **there)
    call = fakes["google"].calls[-1]
    assert (call.method, call.path, dict(call.query)) == (
        "POST",
        f"/calendar/v3/calendars/{there['calendar']}/events",
        {},
    )
    assert call.json() == {
        "id": TIME.id.hex, "summary": "Indisponible", "start": {"dateTime": f"{NOON:%Y-%m-%dT%H:%M:%SZ}"},
        "end": {"dateTime": f"{TIME.ends_at:%Y-%m-%dT%H:%M:%SZ}"}, "transparency": "opaque", "visibility": "private",
        "reminders": {"useDefault": False},
    }  # fmt: skip


def test_writing_moving_and_deleting_are_idempotent_by_our_id(fakes: Fakes, there: dict[str, Any]) -> None:
    def stands() -> list[tuple[str, str]]:
        return [(one["id"], one["status"]) for one in fakes["google"].calendars[there["calendar"]].values()]

    google.put_busy(busy=TIME, **there)
    google.put_busy(busy=LATER, **there)
    google.move_busy(busy=LATER, **there)
    assert (stands(), google.changes(since="", **there).found) == ([(TIME.id.hex, "confirmed")], {TIME.id: LATER})
    for _again in range(2):
        google.free(busy_id=TIME.id, **there)
    assert (stands(), google.changes(since="", **there).found) == ([(TIME.id.hex, "cancelled")], {TIME.id: None})
    google.put_busy(busy=TIME, **there)
    assert stands() == [(TIME.id.hex, "confirmed")]
    google.free(busy_id=new_id(), **there)


def test_a_look_shows_what_changed_page_by_page_and_says_when_google_forgot(
    fakes: Fakes, there: dict[str, Any]
) -> None:
    fakes["google"].page_size = 2
    times = [google.BusyTime(new_id(), NOON, NOON + timedelta(hours=n)) for n in range(1, 6)]
    for time in times:
        google.put_busy(busy=time, **there)
    seen = google.changes(since="", **there)
    assert seen.found == {time.id: time for time in times}
    assert google.changes(since=seen.token, **there).found == {}
    fakes["google"].by_hand(there["calendar"], times[0].id.hex, status="cancelled")
    assert google.changes(since=seen.token, **there).found == {times[0].id: None}
    fakes["google"].forget()
    with pytest.raises(google.FullSyncNeeded):
        google.changes(since=seen.token, **there)


def test_what_somebody_wrote_there_by_hand_isn_t_read(fakes: Fakes, there: dict[str, Any]) -> None:
    fakes["google"].calendars[there["calendar"]]["abcdefgh"] = {
        "id": "abcdefgh",
        "summary": "Dentist",
        "status": "confirmed",
    }
    assert google.changes(since="", **there).found == {}


def test_a_channel_is_opened_and_closed_and_closing_twice_is_closing(fakes: Fakes, there: dict[str, Any]) -> None:
    channel = new_id()
    made = google.watch(channel=channel, token="word", address="https://x.example/hooks/google/", **there)
    assert (made.until, list(fakes["google"].channels)) == (NOON + timedelta(days=7), [str(channel)])
    rest = {name: there[name] for name in ("access", "ground", "now")}
    for _again in range(2):
        google.unwatch(channel, made.resource_id, **rest)
    assert fakes["google"].channels == {}


@pytest.mark.parametrize(("trouble", "fault"), FAILURES, ids=names)
def test_each_failure_of_a_look_is_a_fault(
    fakes: Fakes, there: dict[str, Any], trouble: dict[str, Any], fault: type[Fault]
) -> None:
    kinds = {401: google.Stale, 410: google.FullSyncNeeded}
    expected: Any = kinds.get(trouble.get("status", 0), fault)
    found = fails(fakes["google"], trouble, expected, lambda: google.changes(since="", **there))
    assert not isinstance(found, Busy) or found.retry_after == timedelta(seconds=30)


def test_google_s_own_too_many_is_a_wait(fakes: Fakes, there: dict[str, Any]) -> None:
    said = {
        "error": {"code": 403, "errors": [{"domain": "usageLimits", "reason": "userRateLimitExceeded"}], "message": "m"}
    }
    fakes["google"].fail_next(status=403, body=said)
    with pytest.raises(Busy):
        google.put_busy(busy=TIME, **there)
    fakes["google"].fail_next(status=403, body={"error": {"code": 403, "errors": [{"reason": "forbidden"}]}})
    with pytest.raises(Rejected):
        google.put_busy(busy=TIME, **there)


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b'{"items": {}}', b'{"items": [{}]}', b'{"items": [{"id": "%s"}]}' % TIME.id.hex.encode()],
    ids=["list", "nothing", "no list", "no name", "no state"],
)
def test_an_answer_of_another_shape_is_believed_in_nothing(fakes: Fakes, there: dict[str, Any], body: bytes) -> None:
    fakes["google"].fail_next(status=200, body=body)
    with pytest.raises(Fault):
        google.changes(since="", **there)


def test_after_a_withdrawal_nothing_leaves(fakes: Fakes, there: dict[str, Any]) -> None:
    before = fakes.count
    choose(person(there["ground"].subject_id), PARENT, False, child="google", now=NOON)
    with pytest.raises(Refused):
        google.put_busy(busy=TIME, **there)
    with pytest.raises(NoGround):
        google.put_busy(busy=TIME, **{**there, "ground": necessary("end_of_use")})
    assert fakes.count == before


def test_no_type_of_ours_can_carry_words_there() -> None:
    """A busy time is an id and two moments; the event made of it has one text, always the same."""
    assert google.BusyTime.__annotations__.keys() == {"id", "starts_at", "ends_at"}
    texts = {value for name, value in google.event(TIME).items() if isinstance(value, str)}
    assert texts == {TIME.id.hex, "Indisponible", "opaque", "private"}
    assert UUID(hex=TIME.id.hex) == TIME.id
