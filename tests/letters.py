"""The outbox of Django's tests, filled by ours: reading it first has the house's worker send what waits.

Nothing waits for a commit that a test never makes, and a row that was rolled back is never sent. A message goes at the hour it is
due, by the same steps as in ``adapters.tasks.send``.
"""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.core import mail

from accounts import mails
from adapters import outbox
from adapters.boxes.models import Outgoing
from lifecycle.erasure import mails as certificates

KINDS = (mails.KIND, certificates.KIND)


def deliver(*, but: Collection[UUID] = ()) -> int:
    """Send the e-mails that wait, whatever hour they are due; returns how many were tried. ``but`` those rows."""
    rows = list(Outgoing.objects.filter(kind__in=KINDS, state="waiting").exclude(pk__in=but).order_by("due_at", "pk"))
    for row in rows:
        row.attempts, row.claimed_at = row.attempts + 1, row.due_at
        row.save(update_fields=["attempts", "claimed_at"])
        outcome = outbox.attempt(row, now=row.due_at)
        outbox.finish(row, outcome, now=row.due_at)
    return len(rows)


class Letters(list[Any]):
    """``mail.outbox``, up to date whenever it is read."""

    waiting = False

    def _read(self) -> None:
        """What is in it already isn't sent again where a test takes the database back to before it left."""
        if self.waiting:
            self.waiting = False
            names = (one.extra_headers.get("Message-ID", "") for one in super().__iter__())
            deliver(but=[UUID(name[1:37]) for name in names if name])

    def __len__(self) -> int:
        self._read()
        return super().__len__()

    def __iter__(self) -> Iterator[Any]:
        self._read()
        return super().__iter__()

    def __reversed__(self) -> Iterator[Any]:
        self._read()
        return super().__reversed__()

    def __getitem__(self, index: Any) -> Any:
        self._read()
        return super().__getitem__(index)

    def __eq__(self, other: object) -> bool:
        self._read()
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def clear(self) -> None:
        """Also what waits is sent first, so that it isn't found later."""
        self._read()
        super().clear()


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have ``mail.outbox`` be one, that learns when something is queued."""
    letters, real = Letters(), outbox.enqueue

    def enqueue(**said: Any) -> Outgoing:
        letters.waiting = letters.waiting or said["kind"] in KINDS
        return real(**said)

    monkeypatch.setattr(mail, "outbox", letters, raising=False)
    monkeypatch.setattr(outbox, "enqueue", enqueue)
    monkeypatch.setattr(outbox, "_send", lambda task: None)
