"""The way out and the way in: what a message costs beside a bare row, how fast a withdrawal stops 10,000 of them, how fast events come in."""

import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from statistics import median
from typing import Any
from uuid import UUID

import psycopg
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory, override_settings
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.models import User
from adapters import inbox, outbox, views
from adapters.boxes.models import Outgoing
from adapters.boxes.refs import GroundRef
from adapters.boxes.signatures import svix
from adapters.grounds import Ground
from adapters.inbox import Hook, Said
from bench.bench_consents import choose
from bench.harness import Run, bench
from consents import tasks
from consents.marketing.models import AudienceMember
from consents.models import Stop
from praticonnect import adapter_settings
from privacy.ids import new_id

KIND = "bench.note"
SLOT = "marketing_emails"
MESSAGES = 150
EVENTS = 150
QUEUED = min(10_000, int(os.environ.get("PRATICONNECT_BENCH_ROWS", "10000")))
ROUNDS = 5
SECRET = "whsec_" + base64.b64encode(b"of the benchmark").decode()

RAW_TABLE = """
create table if not exists bench_queue (id uuid primary key, state text not null, ended_at timestamptz, content text not null)
"""
MANY = """
insert into adapters_outgoing (id, state, due_at, attempts, problem, kind, ground, subject_id, slot, wish, necessity, payload,
                               dedupe, queued_at, reason)
select gen_random_uuid(), 'waiting', %(at)s + interval '1 day', 0, '', %(kind)s, 'consent', %(subject)s, %(slot)s, '', '', '{}', '',
       %(at)s, '' from generate_series(1, %(count)s)
"""


@outbox.handles(KIND)
def note(row: Outgoing, ground: Ground, now: datetime) -> None:
    """Asks its ground as the door does, and goes nowhere."""
    ground.check(now)


@bench
def outbox_throughput(run: Run) -> None:
    """A message written, claimed, its ground asked, handled and noted, against a row written and updated; each step committed."""
    own = bare_rows()
    subject = new_id()
    choose(subject, on=True)
    ref = GroundRef.consent(subject, SLOT)

    def raw() -> int:
        for _ in range(MESSAGES):
            row = new_id()
            own.execute("insert into bench_queue values (%s, 'waiting', null, %s)", [row, "x" * 100])
            own.execute("update bench_queue set state = 'done', ended_at = now() where id = %s", [row])
        return MESSAGES

    def messages() -> int:
        for _ in range(MESSAGES):
            with transaction.atomic():
                outbox.enqueue(kind=KIND, payload={"id": "x" * 80}, ground=ref, now=timezone.now())
        sent = 0
        while row := Outgoing.claim(timezone.now()):
            outbox.finish(row, outbox.attempt(row, now=timezone.now()), now=timezone.now())
            sent += 1
        assert sent == MESSAGES
        return sent

    run.compare(
        "Message through the outbox", "messages", {"raw INSERT and UPDATE": raw, "enqueue, claim, send": messages},
        aims={"enqueue, claim, send": 0.2},
    )  # fmt: skip


@bench
def withdrawal(run: Run) -> None:
    """A withdrawal with 10,000 messages waiting on it, among as many of others, against one UPDATE of as many rows by their key.

    Once to the end of the click, which drops them; once until the last place has stopped: the readers' list at Resend, played by
    a program beside this one, has been told by the worker's own function, and what it answered is written down.
    """
    with resend_played():
        people = {name: [queue(who(), QUEUED) for _ in range(ROUNDS + 1)] for name, who in WHO.items()}
        took: dict[str, list[float]] = {"click": [], "everywhere": []}

        def raw() -> int:
            update(people["raw"].pop())
            return QUEUED

        def click(name: str = "click") -> int:
            began = time.perf_counter()
            choose(people[name].pop(), on=False)
            if name == "everywhere":
                assert tasks.stop() == 1
            took[name].append(time.perf_counter() - began)
            return QUEUED

        run.compare(
            f"Withdrawal with {QUEUED:,} messages waiting", "messages",
            {"one raw UPDATE": raw, "consents.decide": click, "consents.decide and consents.stop": lambda: click("everywhere")},
            aims={"consents.decide": 0.5}, rounds=ROUNDS,
        )  # fmt: skip
    run.figure(f"from click to dropped at {QUEUED:,} waiting, ms (median)", median(took["click"]) * 1000)
    run.figure(
        f"from click to stopped everywhere at {QUEUED:,} waiting, ms (median)", median(took["everywhere"]) * 1000
    )
    assert not Outgoing.objects.filter(state="waiting", subject_id__in=Stop.objects.values("subject_id")).exists()
    stopped = Stop.objects.filter(subject_id__in=User.objects.values("pk"))
    left = AudienceMember.objects.count()
    assert (set(stopped.values_list("state", flat=True)), left) == ({"done"}, len(people["everywhere"]))


@contextmanager
def resend_played() -> Iterator[None]:
    """The stand-ins in a process of their own, so that they don't take turns with what is measured."""
    words = [sys.executable, "-m", "fakes", "--port", "0", "--mail-port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        try:
            said = re.match(r"Stand-ins at (\S+)/ ", child.stdout.readline() if child.stdout else "")
            assert said is not None, "the stand-ins didn't start"
            with override_settings(STAND_INS=said[1], ADAPTERS=adapter_settings.adapters(said[1])):
                yield
        finally:
            child.terminate()


def nobody() -> UUID:
    """No decision, no account: only the number."""
    return new_id()


def agreeing() -> UUID:
    """Somebody who agreed, and is in no list."""
    subject = new_id()
    choose(subject, on=True)
    return subject


def reader() -> UUID:
    """Somebody who agreed and stands in the readers' list at Resend, put there by the worker."""
    user = User.objects.create_user(f"{new_id().hex}@example.org", now=timezone.now())
    choose(user.pk, on=True)
    while row := Outgoing.claim(timezone.now()):
        outbox.finish(row, outbox.attempt(row, now=timezone.now()), now=timezone.now())
    assert AudienceMember.objects.filter(pk=user.pk).exists()
    return user.pk


WHO = {"raw": nobody, "click": agreeing, "everywhere": reader}


def queue(subject: UUID, number: int) -> UUID:
    """So many messages of one person wait until tomorrow."""
    with connection.cursor() as cursor:
        cursor.execute(MANY, {"at": timezone.now(), "kind": KIND, "subject": subject, "slot": SLOT, "count": number})
    return subject


def update(subject: UUID) -> None:
    """The rows' new state, and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update adapters_outgoing set state = 'dropped', ended_at = now(), payload = null where subject_id = %s",
            [subject],
        )


@bench
def webhooks(run: Run) -> None:
    """A signed event taken in (verified, sealed, stored once, committed) against a view that reads the body and answers."""
    inbox.register(
        Hook("bench", svix(lambda: [SECRET]), lambda arrival: Said(arrival.headers["svix-id"], "email.sent"))
    )
    numbers = count()
    body = json.dumps({"type": "email.sent", "data": {"to": "x" * 400}}).encode()

    @csrf_exempt
    @require_POST
    def bare(request: HttpRequest) -> HttpResponse:
        json.loads(request.read())
        return HttpResponse(status=200)

    def one(view: object, *more: str) -> int:
        for _ in range(EVENTS):
            event, moment = f"msg_{next(numbers)}", str(int(time.time()))
            key = base64.b64decode(SECRET.removeprefix("whsec_"))
            digest = hmac.digest(key, f"{event}.{moment}.".encode() + body, hashlib.sha256)
            signed = {
                "svix-id": event,
                "svix-timestamp": moment,
                "svix-signature": f"v1,{base64.b64encode(digest).decode()}",
            }
            request = RequestFactory(headers=signed).post("/hooks/bench/", body, content_type="application/json")
            request.now = timezone.now()  # type: ignore[attr-defined]
            assert view(request, *more).status_code == 200  # type: ignore[operator]
        return EVENTS

    def stored() -> int:
        for _ in range(EVENTS):
            own.execute("insert into bench_queue values (%s, 'waiting', null, %s)", [new_id(), "x" * 480])
        return EVENTS

    own = bare_rows()
    run.compare(
        "Webhook taken in", "events", {"bare view": lambda: one(bare), "raw INSERT": stored, "hook": lambda: one(views.hook, "bench")},
        aims={"hook": 0.05},
    )  # fmt: skip


def bare_rows() -> psycopg.Connection[Any]:
    """A connection that commits each statement, to a table without anything to it."""
    own = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
    own.execute(RAW_TABLE)
    return own
