"""The one door out, against a provider on this machine: what leaves, what comes back, and every way it can fail (ecosystem 7.3)."""

import json
import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from adapters import breaker, wire
from adapters.calls import Call, Deadline
from adapters.door import Broken, Busy, Closed, Fault, Rejected, TimedOut, Unwritten, retry_after, send
from adapters.models import Breaker, Egress, EgressOutcome
from privacy.declare import Category
from privacy.ids import new_id
from tests.adapters.calls import NOW, ONCE, QUICK, message, to_resend
from tests.adapters.server import Part, Provider, provider, reply, said

pytestmark = pytest.mark.django_db


def outcomes() -> list[tuple[str, int | None]]:
    return [(one.outcome, one.status) for one in EgressOutcome.objects.order_by("pk")]


def test_a_call_arrives_as_it_was_made(there: Provider) -> None:
    call = to_resend(
        headers={"Authorization": "Bearer secret-RESEND_API_KEY"}, query={"page": 2, "of": "é"}, json={"to": "ada", "n": [1]},
        idempotency_key="k-1",
    )  # fmt: skip
    answer = send(call, ground=message(), now=NOW, deadline=ONCE)
    (got,) = there.got
    assert (answer.status, answer.json()) == (200, {"ok": True})
    assert (got.method, got.target) == ("POST", "/emails?page=2&of=%C3%A9")
    assert json.loads(got.body) == {"to": "ada", "n": [1]}
    assert {name: got.headers.get(name) for name in ("host", "content-type", "idempotency-key", "authorization", "cookie")} == {
        "host": "api.resend.com", "content-type": "application/json", "idempotency-key": "k-1",
        "authorization": "Bearer secret-RESEND_API_KEY", "cookie": None,
    }  # fmt: skip


def test_a_form_has_its_own_type(there: Provider) -> None:
    send(to_resend(json=None, form={"to": "ada", "text": "a b"}), ground=message(), now=NOW, deadline=ONCE)
    assert (there.got[0].headers["content-type"], there.got[0].body) == (
        "application/x-www-form-urlencoded", b"to=ada&text=a+b",
    )  # fmt: skip


def test_the_journal_says_what_left_and_never_its_content(there: Provider) -> None:
    ground, outgoing = message(), new_id()
    send(to_resend(outgoing_id=outgoing), ground=ground, now=NOW, deadline=ONCE)
    line, end = Egress.objects.get(), EgressOutcome.objects.get()
    assert (line.subprocessor, line.host, line.ground, line.subject_id, line.categories, line.outgoing_id) == (
        "resend", "api.resend.com", "account_message", ground.subject_id, "contact", outgoing,
    )  # fmt: skip
    assert (line.bytes_out, line.stand_in, line.attempt) == (len(there.got[0].body), True, 1)
    assert (end.egress_id, end.outcome, end.status, end.bytes_in) == (line.pk, "delivered", 200, len('{"ok": true}'))
    assert "ada@example.org" not in str(line.__dict__) + str(end.__dict__)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 410, 422])
def test_a_refusal_is_said_by_status_and_code_and_isn_t_tried_again(there: Provider, status: int) -> None:
    """Not by the door; the outbox tries again where it is us that aren't let in."""
    there.plays(said(status, name="validation_error", message="ada@example.org is no address"))
    with pytest.raises(Rejected) as refused:
        send(to_resend(idempotency_key="k"), ground=message(), now=NOW)
    fault = refused.value
    assert (fault.status, fault.code, fault.again) == (status, "validation_error", status in (401, 403))
    assert (str(fault), len(there.got)) == (f"resend: refused it (status {status}, validation_error)", 1)
    assert (fault.answer.json()["message"], outcomes()) == ("ada@example.org is no address", [("rejected", status)])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"error": {"type": "invalid_request_error"}}', "invalid_request_error"),
        ('{"code": 1402}', "1402"),
        ('{"name": "Dupont"}', ""),
        ('{"code": "33612345678"}', ""),
        ('["no"]', ""),
        ("<html>", ""),
    ],
)
def test_a_code_is_a_machine_s_word_and_nobody_s_name(there: Provider, body: str, code: str) -> None:
    there.plays(reply(422, body))
    with pytest.raises(Rejected) as refused:
        send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    assert refused.value.code == code


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_not_followed(there: Provider, status: int) -> None:
    with provider() as elsewhere:
        there.plays(reply(status, Location=elsewhere.url))
        with pytest.raises(Rejected):
            send(to_resend(method="GET", json=None), ground=message(), now=NOW)
        assert (len(there.got), elsewhere.connections) == (1, 0)


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504])
def test_a_server_s_own_fault_is_broken(there: Provider, status: int) -> None:
    there.plays(reply(status, "<html>"))
    with pytest.raises(Broken) as broken:
        send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    assert (broken.value.status, broken.value.sent, outcomes()) == (status, True, [("broken", status)])


def test_broken_json_is_a_fault_of_the_one_who_reads_it(there: Provider) -> None:
    there.plays(reply(200, '{"id": '))
    answer = send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    with pytest.raises(Broken, match="its JSON is broken"):
        answer.json()


HEAD = b"HTTP/1.1 200 Said\r\nContent-Length: 100\r\n\r\n"
DRIP: list[Part] = [HEAD, *([b"x", 0.1] * 30)]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ([HEAD + b"half"], Broken),
        ([b""], Broken),
        ([b"HTTP/1.1 abc\r\n\r\n"], Broken),
        ([b"HTTP/1.1 200 Said\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"], Broken),
        ([3.0], TimedOut),
        (DRIP, TimedOut),
        ([b"HTTP/1.1 200 Said\r\nX-A: ", *([b"x", 0.1] * 30)], TimedOut),
        (reply(200, b"x" * 5000), Broken),
        (reply(200, b"\x1f\x8b", Content_Encoding="gzip"), Broken),
    ],
    ids=[
        "truncated",
        "closed",
        "garbage",
        "cut chunk",
        "slow head",
        "slow body",
        "slow header",
        "too large",
        "compressed",
    ],
)
def test_an_answer_that_can_t_be_used_ends_in_time(there: Provider, answer: list[Part], kind: type[Fault]) -> None:
    there.plays(answer)
    with pytest.raises(kind) as fault:
        send(to_resend(cap=1000), ground=message(), now=NOW, deadline=QUICK)
    end = EgressOutcome.objects.get()
    assert (end.outcome, fault.value.sent, len(there.got)) == (kind.outcome, True, 1)  # type: ignore[attr-defined]
    assert end.milliseconds < 1500


def test_nobody_listening_is_broken_and_nothing_was_sent(settings: Any, there: Provider) -> None:
    with provider() as gone:
        settings.STAND_INS = gone.url
    with pytest.raises(Broken) as broken:
        send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    assert broken.value.sent is False


def attempts(call: Call, deadline: Deadline, pauses: list[float]) -> list[int]:
    with pytest.raises(Fault):
        send(call, ground=message(), now=NOW, deadline=deadline)
    assert len(pauses) == Egress.objects.count() - 1
    return list(Egress.objects.order_by("pk").values_list("attempt", flat=True))


@pytest.mark.parametrize(
    ("said_of", "expected"),
    [
        ({}, [1]),
        ({"idempotency_key": "k"}, [1, 2, 3]),
        ({"method": "GET", "json": None}, [1, 2, 3]),
        ({"method": "DELETE", "json": None}, [1, 2, 3]),
        ({"method": "PATCH"}, [1]),
    ],
    ids=["post", "post with key", "get", "delete", "patch"],
)
def test_only_what_can_t_happen_twice_is_tried_again(
    there: Provider, said_of: dict[str, Any], expected: list[int]
) -> None:
    there.plays(reply(500))
    pauses: list[float] = []
    assert attempts(to_resend(**said_of), Deadline(attempts=3, pause=pauses.append), pauses) == expected
    assert {got.headers.get("idempotency-key") for got in there.got} == {said_of.get("idempotency_key")}
    assert pauses == [0.2, 0.4][: len(expected) - 1]


def test_a_call_that_never_left_is_tried_again_without_a_key(settings: Any, there: Provider) -> None:
    with provider() as gone:
        settings.STAND_INS = gone.url
    pauses: list[float] = []
    assert attempts(to_resend(), Deadline(attempts=3, pause=pauses.append), pauses) == [1, 2, 3]
    assert set(EgressOutcome.objects.values_list("outcome", "bytes_out")) == {("broken", 0)}


def test_the_second_attempt_may_succeed_and_both_are_written(there: Provider) -> None:
    there.plays(reply(503), said(200, ok=1))
    answer = send(to_resend(idempotency_key="k"), ground=message(), now=NOW, deadline=Deadline(pause=lambda _s: None))
    assert (answer.json(), outcomes()) == ({"ok": 1}, [("broken", 503), ("delivered", 200)])


@pytest.mark.parametrize(
    ("header", "waits"),
    [
        ("7", timedelta(seconds=7)),
        ("0", timedelta()),
        ("999999", timedelta(days=1)),
        ("Mon, 23 Nov 2026 09:02:00 GMT", timedelta(minutes=2)),
        ("Mon, 23 Nov 2026 08:00:00 GMT", timedelta()),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(header: str, waits: timedelta | None) -> None:
    assert retry_after(header, NOW) == waits


def test_busy_waits_as_asked_when_that_is_short(there: Provider) -> None:
    there.plays(reply(429, Retry_After="1"), said(200))
    pauses: list[float] = []
    send(to_resend(idempotency_key="k"), ground=message(), now=NOW, deadline=Deadline(pause=pauses.append))
    assert (pauses, outcomes()) == ([1.0], [("busy", 429), ("delivered", 200)])


@pytest.mark.parametrize("status", [429, 503])
def test_busy_for_long_is_told_to_the_outbox_and_not_slept_through(there: Provider, status: int) -> None:
    there.plays(reply(status, Retry_After="120"))
    pauses: list[float] = []
    with pytest.raises(Busy) as busy:
        send(to_resend(idempotency_key="k"), ground=message(), now=NOW, deadline=Deadline(pause=pauses.append))
    assert (busy.value.retry_after, pauses, len(there.got)) == (timedelta(minutes=2), [], 1)
    assert not Breaker.objects.filter(failures__gt=0).exists()


def test_the_breaker_opens_lets_one_try_and_closes(there: Provider) -> None:
    there.plays(reply(500))
    for _failure in range(breaker.OPENS_AFTER):
        with pytest.raises(Broken):
            send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    for seconds in (0, 29):
        with pytest.raises(Closed) as closed:
            send(to_resend(), ground=message(), now=NOW + timedelta(seconds=seconds), deadline=ONCE)
        assert (closed.value.gate, len(there.got)) == ("breaker", breaker.OPENS_AFTER)
    later = NOW + timedelta(seconds=40)
    assert breaker.resting_until("resend", later) is None
    with pytest.raises(Closed):
        send(to_resend(), ground=message(), now=later, deadline=ONCE)
    there.plays(said(200))
    send(to_resend(), ground=message(), now=later + breaker.TRYING, deadline=ONCE)
    row = Breaker.objects.get()
    assert (row.failures, row.opened_at, row.until) == (0, None, None)


def test_a_failed_try_rests_twice_as_long(there: Provider) -> None:
    for failures in range(breaker.OPENS_AFTER, breaker.OPENS_AFTER + 8):
        assert breaker.rest_after(failures) == min(timedelta(seconds=30 * 2 ** (failures - 5)), breaker.LONGEST_REST)
    for _failure in range(breaker.OPENS_AFTER + 1):
        breaker.failed("resend", NOW)
    row = Breaker.objects.get()
    assert (row.opened_at, row.until) == (NOW, NOW + timedelta(seconds=60))


def test_proxies_of_the_environment_are_ignored(there: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    with provider() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
        assert (len(there.got), proxy.connections) == (1, 0)


def test_no_call_is_made_with_a_transaction_open(there: Provider) -> None:
    """Locks would be held while a provider thinks, and a rollback would take the evidence back."""
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    assert there.connections == 0


def test_without_its_line_nothing_leaves(there: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object, **_kwargs: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(Egress, "save", full)
    with pytest.raises(Unwritten):
        send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    assert there.connections == 0


def test_what_dies_half_way_leaves_a_line_whose_end_nobody_saw(
    there: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_asked: wire.Exchange) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(wire, "exchange", killed)
    with pytest.raises(KeyboardInterrupt):
        send(to_resend(), ground=message(), now=NOW, deadline=ONCE)
    assert (Egress.objects.count(), EgressOutcome.objects.count()) == (1, 0)


def test_neither_logs_nor_words_hold_an_address_or_a_secret(there: Provider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    there.plays(reply(500, "ada@example.org"))
    call = to_resend(headers={"Authorization": "Bearer secret-RESEND_API_KEY"}, query={"who": "ada"})
    with pytest.raises(Broken) as broken:
        send(call, ground=message(), now=NOW, deadline=ONCE)
    told = f"{caplog.text} {broken.value} {call!r}"
    assert [word for word in ("secret-", "ada@", "who=") if word in told] == []


@pytest.mark.parametrize(
    "said_of",
    [
        {"url": "http://api.resend.com/emails"},
        {"url": "https://user:pass@api.resend.com/"},
        {"url": "https://api.resend.com:8443/"},
        {"url": "https://api.resend.com/?a=1"},
        {"url": "https://api.resend.com/secret-RESEND_API_KEY"},
        {"query": {"key": "secret-RESEND_API_KEY"}},
        {"form": {"a": "b"}},
    ],
)
def test_a_call_that_can_t_be_right_isn_t_made(there: Provider, said_of: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"address|one body"):
        to_resend(**said_of)


def test_a_mistake_of_ours_is_no_fault_of_the_provider(there: Provider) -> None:
    with pytest.raises(ValueError, match="needs an attempt"):
        send(to_resend(), ground=message(), now=NOW, deadline=Deadline(attempts=0))
    assert Category.HEALTH not in to_resend().categories
