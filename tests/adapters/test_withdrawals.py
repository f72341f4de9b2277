"""Every switch × every kind of message × every task: taken back between the queueing and the run, nothing leaves (issue 5, done when 2).

One house has a message of every kind waiting. For each switch in turn somebody takes it back, then all tasks run: no call rests on
what was taken back, and every other message still goes. Each message is looked at at its own handler and at the stand-ins. Tasks
that work on one row run once each on a row that was queued before all of it was taken back.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import pytest
import time_machine

from adapters import outbox
from adapters.boxes.models import Outgoing
from adapters.grounds import NECESSITIES, Ground
from adapters.models import Egress
from audit.actors import Actor
from consents import stopping
from fakes.server import Fakes
from lifecycle.deletion.actions import request_deletion
from lifecycle.erasure.plan import plan_for_account
from praticonnect.celery import app
from praticonnect.schedule import SCHEDULE
from privacy.consent_keys import KEYS
from privacy.own_keys import OWN_KEYS
from privacy.patient_keys import PATIENT_KEYS
from tests.adapters.contracts.kinds import (
    BUILDERS,
    BY_MAIL,
    NEEDED,
    NEVER,
    QUEUES,
    House,
    all_kinds,
    one_of_each,
    rests_on,
)
from tests.adapters.contracts.rows import ONE_ROW
from tests.adapters.contracts.stage import as_it_was, last_line, remembered, taken_back
from tests.consents.factories import choose, person
from tests.records.factories import NOW
from tests.subprocessors.links import wish

pytestmark = pytest.mark.django_db(databases="__all__")
SWITCHES: Final = [
    *KEYS, *OWN_KEYS, *(f"{law.key}.{child.key}" for law in KEYS.values() for child in law.children), *PATIENT_KEYS
]  # fmt: skip
NOTHING_RESTS_ON: Final = {
    "tos_privacy", "health_data_processing", "analytics_product", "anonymized_stats_sharing", "ai_training_optin",
    "public_directory_listing", "post_mortem_directives", "patient_ai_training",
}  # fmt: skip
"""What they allow happens here, or nowhere yet: no message of any kind rests on them."""
ENDING: Final = "the end of the account is asked for"
TAKES_IT_AWAY: Final = {
    "end_of_use": "takes an address out of the readers' list, ends a room, a recording or a link, deletes copies of a transcript"
}
"""What a withdrawal itself may send: the legal bases, each with its reason."""
SEND: Final = (
    "consents.stop",
    "adapters.apply",
    "adapters.send_codes",
    "adapters.send",
    "adapters.repair",
    "adapters.send",
    "consents.stop",
)
"""What is run after each withdrawal, in this order: the stops first."""
OTHERS: Final = {
    "lifecycle.sweep", "lifecycle.tell_changes", "lifecycle.redate", "lifecycle.copy_rights", "care.forget_invitations",
    "accounts.tasks.forget_old_sign_ins", "records.resume_imports", "records.publish_statistics", "records.sweep_documents",
    "gdpr_requests.resume_exports", "audit.tasks.seal", "audit.tasks.make_months", "audit.tasks.export_checkpoint",
}  # fmt: skip
"""What is run then. After it, what is above is run again."""
LINKED, ROOMS = {"repair.google"}, {"repair.livekit"}
OVER_TOO: Final[dict[str, set[str]]] = {
    "teleconsultation": {"livekit.record", *ROOMS},
    "third_party_integrations.livekit": ROOMS,
    "third_party_integrations.google": LINKED,
    "third_party_integrations": {*LINKED, *ROOMS},
}
"""What has nothing left to do after a withdrawal, although it doesn't rest on it: the room is closed, the link is cut."""


def test_every_kind_has_a_builder_and_a_reason_or_a_consent() -> None:
    assert all_kinds() == set(BUILDERS)
    assert set(NEEDED) | QUEUES | set(NEVER) <= all_kinds()


def test_every_task_and_every_clock_is_run_or_is_for_one_row() -> None:
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith(("celery.", "bench", "test"))}
    assert ours == set(SEND) | OTHERS | set(ONE_ROW)
    assert {str(entry["task"]) for entry in SCHEDULE.values()} <= ours


@pytest.fixture
def house(fakes: Fakes, settings: Any, monkeypatch: pytest.MonkeyPatch) -> House:
    """Somebody who allows everything; the worker knows its tasks, and nobody rings a bell."""
    app.loader.import_default_modules()
    settings.VIDEO_RECORDING = True
    monkeypatch.setattr("adapters.outbox._send", lambda task: None)
    with time_machine.travel(NOW, tick=False):
        return House(fakes)


@contextmanager
def noticed(fakes: Fakes) -> Iterator[Counter[str]]:
    """What each kind's handler did: calls that left, messages that it queued."""

    def left(kind: str) -> int:
        """How much has left: counted by who got it, letters by their lines."""
        return Egress.objects.filter(host__startswith="smtp.").count() if kind in BY_MAIL else fakes.count

    seen: Counter[str] = Counter()
    usual = dict(outbox._handlers)

    def watched(kind: str, handler: outbox.Handler) -> outbox.Handler:
        def run(row: Outgoing, ground: Ground, now: datetime) -> None:
            calls, rows = left(kind), kind in QUEUES and Outgoing.objects.count()
            try:
                handler(row, ground, now)
            finally:
                seen[kind] += left(kind) - calls
                seen[f"{kind} queued"] += kind in QUEUES and Outgoing.objects.count() - rows

        return run

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "_handlers", {kind: watched(kind, handler) for kind, handler in usual.items()})
        yield seen


def run(now: datetime) -> set[str]:
    """All tasks of the clock. On which grounds the first of them, the stops, sent something."""
    begun = last_line()
    with time_machine.travel(now, tick=False):
        app.tasks[SEND[0]].run()
        stopped = set(Egress.objects.filter(pk__gt=begun).values_list("ground", flat=True))
        for name in (*SEND[1:], *sorted(OTHERS), *SEND):
            app.tasks[name].run()
    return stopped


def waiting_in(house: House) -> dict[str, Outgoing]:
    """A message of every kind, in a house whose clocks went round before: months made, the day's forecast taken, rows sealed."""
    with time_machine.travel(house.now, tick=False):
        for name in sorted(OTHERS):
            app.tasks[name].run()
        rows = one_of_each(house)
        app.tasks["audit.tasks.seal"].run()
    return rows


def withdraw(house: House, switch: str) -> None:
    """As the person does."""
    if switch == ENDING:
        by = Actor(account_id=house.user.pk, role="practitioner")
        request_deletion(
            user=house.user, plan_sha256=plan_for_account(house.user.pk, house.later).sha256, by=by, now=house.later
        )
    elif switch in PATIENT_KEYS:
        wish(house.made.link, switch, on=False, now=house.later)
    else:
        key, _dot, child = switch.partition(".")
        choose(person(house.user.pk), key, False, child=child, now=house.later)


def outcome(house: House, *switches: str) -> dict[str, Any]:
    """What left of each kind after these switches were taken back."""
    house.fakes.at(house.later)
    asked, begun = house.fakes.count, last_line()
    with noticed(house.fakes) as seen:
        for switch in switches:
            withdraw(house, switch)
        stopped = run(house.later)
    left = Egress.objects.filter(pk__gt=begun, host__in=house.fakes.hosts)
    grounds = set(left.values_list("ground", flat=True))
    assert house.fakes.count - asked == left.count(), "something left past the journal"
    return {
        "sent": {kind for kind in BUILDERS if seen[kind]},
        "queued": {kind for kind in QUEUES if seen[f"{kind} queued"]},
        "on what was taken back": {one for one in grounds if resting(one) & set(switches)},
        "stops": stopped - set(TAKES_IT_AWAY),
    }


def resting(ground: str) -> set[str]:
    """What a ground ends with, by its name: its switches, those above them, the account; nothing for a legal basis."""
    slots = set(ground.split("+")) - set(NECESSITIES)
    return {slot.partition(".")[0] for slot in slots} | slots | ({ENDING} if slots else set())


def expected(rows: dict[str, Outgoing], *switches: str) -> dict[str, Any]:
    """All that doesn't rest on them, and has something left to do."""
    rest = {kind for kind, row in rows.items() if any(rests_on(row, one) for one in switches)}
    if ENDING in switches:
        rest = {kind for kind, row in rows.items() if row.ground != "necessity"}
    over = set().union(*(OVER_TOO.get(one, set()) for one in switches))
    sent = set(rows) - QUEUES - set(NEVER) - rest - over
    return {"sent": sent, "queued": set(QUEUES - over), "on what was taken back": set(), "stops": set()}


def test_whatever_is_taken_back_no_call_rests_on_it_any_more(house: House) -> None:
    """The first is the control: nothing is taken back, and a message of each kind leaves."""
    rows = waiting_in(house)
    assert set(rows) == all_kinds()
    assert {kind for kind, row in rows.items() if row.ground == "necessity"} == set(NEEDED)
    idle = {switch for switch in SWITCHES if not any(rests_on(row, switch) for row in rows.values())}
    assert idle == NOTHING_RESTS_ON
    held, found, wanted = remembered(house.fakes), {}, {}
    for switches in ((), *((one,) for one in (*SWITCHES, ENDING)), tuple(SWITCHES)):
        wanted[switches] = expected(rows, *switches)
        with taken_back():
            found[switches] = outcome(house, *switches)
        as_it_was(house.fakes, held)
    assert found == wanted


def after(house: House, name: str, *switches: str) -> dict[str, Any]:
    """What a task did with a row of its own that was queued before these switches were taken back, and what left meanwhile."""
    row = ONE_ROW[name].queue(house)
    for switch in switches:
        withdraw(house, switch)
    asked, begun = house.fakes.count, last_line()
    with time_machine.travel(house.later, tick=False):
        app.tasks[name].run(str(row))
    return {"done": ONE_ROW[name].is_done(row), "calls": house.fakes.count - asked, "lines": last_line() - begun}


def test_a_task_for_one_row_sends_nothing(house: House) -> None:
    """Each does its work with nothing taken back; then without its consents, but for the one that rests on one and stops."""
    found, wanted = {}, {}
    for switches in ((), tuple(SWITCHES)):
        for name, one in ONE_ROW.items():
            wanted[name, switches] = {"done": not switches or bool(one.still), "calls": 0, "lines": 0}
            with taken_back():
                found[name, switches] = after(house, name, *switches)
    assert found == wanted


def test_every_switch_is_in_the_battery_and_every_stopper_belongs_to_one() -> None:
    assert set(stopping._places) <= set(SWITCHES)
    assert len(SWITCHES) == len(set(SWITCHES)) == len(KEYS) + len(OWN_KEYS) + len(PATIENT_KEYS) + 6
