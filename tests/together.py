"""Work done at once, each piece on database connections of its own."""

import threading
from collections.abc import Callable

from django.db import connections


def together(*work: Callable[[], object]) -> list[object]:
    """What each piece returned or raised, all of them at once on connections of their own."""
    found: list[object] = [None] * len(work)
    start = threading.Barrier(len(work))

    def one(index: int) -> None:
        start.wait(20)
        try:
            found[index] = work[index]()
        except Exception as failure:  # noqa: BLE001 - what it raised is what is looked at
            found[index] = failure
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=[index]) for index in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found
