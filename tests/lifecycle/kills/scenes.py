"""What is killed: a sweep over patient files, the execution of a deletion, and the web request that asks for one."""

from collections.abc import Callable
from functools import partial

from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from lifecycle.deletion.rules import Kind
from lifecycle.erasure.plan import plan_for_account
from lifecycle.models import DeletionEvent, NoticeSent
from lifecycle.sweeping import run_all
from privacy.ids import new_id
from tests.accounts.factories import make_practitioner, prove, verified_client
from tests.lifecycle.kills.leavers import bystanders, make_leaver, wrong_about
from tests.lifecycle.kills.run import Scene
from tests.lifecycle.kills.world import make_world, wrong

CONFIRM = "/practitioner/settings/gdpr/deletion/confirm/"


def scenes() -> dict[str, Callable[[], Scene]]:
    """Each kind of work by its name; called, it makes a fresh one."""
    practitioner = make_practitioner("camille@example.org")
    return {"sweep": partial(Files, practitioner), "execution": Leaving, "request": Asking}


class Files:
    """Files past their term, past their daily use, held, and in daily use, under one sweep."""

    def __init__(self, practitioner: User) -> None:
        self.world = make_world(practitioner, timezone.now())

    def work(self) -> None:
        sweep()

    def again(self) -> None:
        sweep()

    def wrong(self) -> list[str]:
        return wrong(self.world)


class Leaving:
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


class Asking:
    """A practitioner who clicks on "Request the deletion", and again when no answer comes; then withdraws."""

    def __init__(self) -> None:
        self.user = make_practitioner(f"{new_id().hex}@example.org")
        signed_in = verified_client(self.user)
        prove(signed_in, self.user)
        self.client = Client(headers={"host": "localhost"})
        self.client.cookies = signed_in.cookies
        self.plan = plan_for_account(self.user.pk, timezone.now()).sha256

    def work(self) -> None:
        answer = self.client.post(CONFIRM, {"plan": self.plan})
        if answer.status_code != 302:
            raise RuntimeError(f"answered {answer.status_code}")

    def again(self) -> None:
        before = self._events()
        if before not in ([], [Kind.REQUESTED]):
            raise RuntimeError(f"half a request: {before}")
        self.work()
        sweep()

    def wrong(self) -> list[str]:
        told = NoticeSent.objects.filter(account_id=self.user.pk).count()
        found = [] if self._events() == [Kind.REQUESTED] else [f"request of {self.user.pk}: {self._events()}"]
        return found if told == 1 else [*found, f"{told} messages to {self.user.pk} instead of 1"]

    def _events(self) -> list[str]:
        return list(
            DeletionEvent.objects.filter(account_id=self.user.pk).order_by("number").values_list("kind", flat=True)
        )


def sweep() -> None:
    """One whole sweep. Raises if any rule failed, so that a killed backend shows."""
    found = run_all(by=Actor.system("sweep"), now=timezone.now(), dry_run=False)
    failed = [rule for rule, outcome in found.items() if outcome["failed"]]
    if failed:
        raise RuntimeError(f"failed: {failed}")
