"""What is killed: a sweep over patient files, the execution of a deletion, the click that asks for one or withdraws it, and
the making of an export.

Each is done by a process of this test's own, whose every moment a kill can meet, and by the house itself: by the worker
that a message of the real broker rings, by the web process that a real click reaches.
"""

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from io import BytesIO
from typing import ClassVar
from zipfile import ZipFile

from django.test import Client
from django.utils import timezone

from accounts.models import User
from adapters.boxes.models import Outgoing
from adapters.tasks import send
from audit.actors import Actor
from audit.models import EventEntry
from gdpr_requests.export.actions import ask, download
from gdpr_requests.export.scopes import Scope
from gdpr_requests.export.tasks import build_export, resume_exports
from gdpr_requests.models.exports import Export, ExportState
from lifecycle.deletion.actions import request_deletion
from lifecycle.deletion.messages import Message
from lifecycle.deletion.rules import Kind
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import DeletionEvent, NoticeSent
from lifecycle.sweeping import run_all
from lifecycle.tasks import execute_deletion
from praticonnect.celery import app
from praticonnect.schedule import SCHEDULE
from privacy.ids import new_id
from tests.accounts.factories import make_practitioner, prove, verified_client
from tests.lifecycle.kills.house import House
from tests.lifecycle.kills.leavers import bystanders, make_leaver, wrong_about
from tests.lifecycle.kills.run import Scene
from tests.lifecycle.kills.world import make_world, wrong
from tests.records.factories import actor_of, make_document, make_file
from vault.models import FileKey

CONFIRM = "/practitioner/settings/gdpr/deletion/confirm/"
WITHDRAW = "/practitioner/settings/gdpr/deletion/withdraw/"


# Of ten kills: the process at work, one of its backends, the whole server.
ALONE = ("process",) * 7 + ("backend",) * 2 + ("server",)
WORKER = ("worker's child",) * 4 + ("worker",) * 3 + ("backend",) * 2 + ("server",)
WEB = ("web's child",) * 4 + ("web",) * 3 + ("backend",) * 2 + ("server",)
SWEEP = SCHEDULE["do what is due"]["task"]
FILES = 8
"""Patients in an archive that is killed while it is made."""


def scenes(house: House) -> dict[str, Callable[[], Scene]]:
    """Each kind of work by its name; called, it makes a fresh one."""
    practitioner = make_practitioner("camille@example.org")
    return {
        "sweep": partial(Files, practitioner),
        "execution": Leaving,
        "request": partial(Asking, house),
        "sweep by the worker": partial(FilesByWorker, house, practitioner),
        "execution by the worker": partial(LeavingByWorker, house),
        "request on the web": partial(AskingOnWeb, house),
        "withdrawal on the web": partial(WithdrawingOnWeb, house),
        "export by the worker": partial(ExportByWorker, house),
    }


class Alone:
    """What is at work is the process that a kill hits."""

    victims: ClassVar[tuple[str, ...]] = ALONE

    def settle(self) -> None:
        """It has ended when its process has."""


class Files(Alone):
    """Files past their term, past their daily use, held, and in daily use, under one sweep."""

    def __init__(self, practitioner: User) -> None:
        self.world = make_world(practitioner, timezone.now())

    def work(self) -> None:
        sweep()

    def again(self) -> None:
        sweep()

    def wrong(self) -> list[str]:
        return wrong(self.world)


class Leaving(Alone):
    """An account whose wait is over, under one sweep; others stay."""

    def __init__(self) -> None:
        self.leaver = make_leaver(timezone.now())
        self.open = bystanders() - 1

    def work(self) -> None:
        sweep()

    def again(self) -> None:
        sweep()

    def wrong(self) -> list[str]:
        lost = [] if bystanders() == self.open else [f"{bystanders()} accounts are open instead of {self.open}"]
        return wrong_about(self.leaver) + lost


class Asking(Alone):
    """A practitioner who clicks on "Request the deletion", and again when no answer comes."""

    events: ClassVar[list[str]] = [Kind.REQUESTED]
    messages: ClassVar[list[str]] = [Message.REQUESTED]

    def __init__(self, house: House) -> None:
        self.house = house
        self.user = make_practitioner(f"{new_id().hex}@example.org")
        signed_in = verified_client(self.user)
        prove(signed_in, self.user)
        self.cookies = signed_in.cookies
        self.plan = plan_for_account(self.user.pk, timezone.now()).sha256

    def work(self) -> None:
        if (status := self.click()) != 302:
            raise RuntimeError(f"answered {status}")

    def click(self) -> int:
        """Click on the button; the status of the answer."""
        client = Client(headers={"host": "localhost"})
        client.cookies = self.cookies
        return int(client.post(CONFIRM, {"plan": self.plan}).status_code)

    def again(self) -> None:
        before = self._events()
        if before not in (self.events, self.events[:-1]):
            raise RuntimeError(f"half of what was clicked: {before}")
        self.work()
        sweep()
        self.settle()
        self._leases_end()
        send()  # who was told is on record when the message left

    def settle(self) -> None:
        """The worker has sent what it was rung for."""
        self.house.settle()

    def _leases_end(self) -> None:
        """What a dead worker had in hand, or found nobody to give to, comes due again, as it does minutes later."""
        Outgoing.objects.filter(subject_id=self.user.pk, state="waiting").update(due_at=timezone.now(), claimed_at=None)

    def wrong(self) -> list[str]:
        found = [] if self._events() == self.events else [f"request of {self.user.pk}: {self._events()}"]
        told = sorted(NoticeSent.objects.filter(account_id=self.user.pk).values_list("kind", flat=True))
        return found if told == self.messages else [*found, f"messages to {self.user.pk}: {told}"]

    def _events(self) -> list[str]:
        return list(
            DeletionEvent.objects.filter(account_id=self.user.pk).order_by("number").values_list("kind", flat=True)
        )


class ByWorker:
    """Work that a message rings for, as beat sends it; the next tick does what a kill left."""

    victims: ClassVar[tuple[str, ...]] = WORKER
    house: House

    def settle(self) -> None:
        """Every message is worked off, those too that a dead worker had in hand."""
        self.house.settle()

    def ring_and_wait(self, task: str, *ids: str) -> None:
        """Ring, and wait until the worker has nothing left to do."""
        with app.connection_for_write() as connection:
            app.send_task(task, ids, connection=connection)
        self.house.settle()

    def again(self) -> None:
        """The next tick of beat."""
        self.ring_and_wait(SWEEP)


class FilesByWorker(ByWorker, Files):
    """The files, under the sweep that beat rings for."""

    def __init__(self, house: House, practitioner: User) -> None:
        super().__init__(practitioner)
        self.house = house

    def work(self) -> None:
        self.ring_and_wait(SWEEP)
        refuse(self.wrong())


class LeavingByWorker(ByWorker, Leaving):
    """The account that gave up its wait, for which that click rings."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house

    def work(self) -> None:
        self.ring_and_wait(execute_deletion.name, str(self.leaver.account_id))
        refuse(self.wrong())


class ExportByWorker(ByWorker):
    """An archive, made by the worker; the round that beat rings for each minute begins again what a kill left."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.user = make_practitioner(f"{new_id().hex}@example.org")
        for _ in range(FILES):
            make_document(make_file(self.user), self.user)
        self.export = ask(user=self.user, scope=Scope.FULL, by=actor_of(self.user), now=timezone.now())

    def work(self) -> None:
        self.ring_and_wait(build_export.name, str(self.export.pk))
        refuse(self.wrong())

    def again(self) -> None:
        self.ring_and_wait(resume_exports.name)

    def wrong(self) -> list[str]:
        """Not ready, or what lies there isn't one whole archive that one living key opens."""
        row = Export.objects.get(pk=self.export.pk)
        keys = FileKey.objects.filter(file_id=row.pk, destroyed_at=None).count()
        if row.state != ExportState.READY or keys != 1:
            return [f"export {row.pk}: {row.state}, {keys} keys"]
        data = b"".join(download(row, by=actor_of(self.user), now=timezone.now()))
        found = {"size": (len(data), row.size), "hash": (sha256(data).hexdigest(), row.sha256)}
        archive = ZipFile(BytesIO(data))
        held = sum(name.endswith("/file.json") for name in archive.namelist())
        found |= {"broken part": (archive.testzip(), None), "files": (held, FILES)}
        ready = EventEntry.objects.filter(object_id=str(row.pk), verb="gdpr.export.ready").count()
        found["times ready"] = (ready, 1)
        return [f"export {row.pk}: {name} {one}, not {two}" for name, (one, two) in found.items() if one != two]


class AskingOnWeb(Asking):
    """The same click, on the web process."""

    victims: ClassVar[tuple[str, ...]] = WEB

    def click(self) -> int:
        return self.house.post(CONFIRM, self._session(), plan=self.plan)

    def _session(self) -> dict[str, str]:
        return {name: cookie.value for name, cookie in self.cookies.items()}


class WithdrawingOnWeb(AskingOnWeb):
    """A practitioner who asked, and clicks on "Withdraw" until an answer comes."""

    events: ClassVar[list[str]] = [Kind.REQUESTED, Kind.WITHDRAWN]
    messages: ClassVar[list[str]] = [Message.REQUESTED, Message.WITHDRAWN]

    def __init__(self, house: House) -> None:
        super().__init__(house)
        by = Actor(account_id=self.user.pk, role="practitioner")
        request_deletion(user=self.user, plan_sha256=self.plan, by=by, now=timezone.now())

    def click(self) -> int:
        return self.house.post(WITHDRAW, self._session())


def refuse(wrong: list[str]) -> None:
    """Raises RuntimeError when anything is wrong."""
    if wrong:
        raise RuntimeError("; ".join(wrong))


def sweep() -> None:
    """One whole sweep. Raises if any rule failed, so that a killed backend shows."""
    found = run_all(by=Actor.system("sweep"), now=timezone.now(), dry_run=False)
    failed = [rule for rule, outcome in found.items() if outcome["failed"]]
    if failed:
        raise RuntimeError(f"failed: {failed}")
