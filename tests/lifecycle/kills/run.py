"""Kills whatever is at work, over and over, and says what was lost, done twice or half done.

python -m tests.lifecycle.kills.run FOLDER KILLS SEED prints one line of JSON; exit 1 if anything is wrong.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from typing import Protocol

from tests.lifecycle.kills.servers import Cluster

WARM_UPS = 2
# Of ten kills: the process at work, one of its backends, the whole server.
VICTIMS = ("process",) * 7 + ("backend",) * 2 + ("server",)


class Scene(Protocol):
    """Work that may be killed at any moment, and done to its end afterwards."""

    def work(self) -> None:
        """Do it. Raises if any of it failed."""

    def again(self) -> None:
        """Do what a next sweep, or the next click, does."""

    def wrong(self) -> list[str]:
        """What isn't as doing it once, without a kill, leaves it."""


def main(folder: str, kills: str, seed: str) -> int:
    """Start the cluster, kill, tell."""
    cluster = Cluster(Path(folder))
    try:
        os.environ.update(cluster.environment())
        prepare()
        report = Killing(cluster, random.Random(int(seed))).run(int(kills))  # noqa: S311 - no secret
    finally:
        cluster.stop()
    sys.stdout.write(f"{json.dumps(report)}\n")
    return 1 if report["wrong"] else 0


def prepare() -> None:
    """Both databases with all tables."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", database="keys", verbosity=0)
    call_command("migrate", database="default", verbosity=0)


class Killing:
    """Sweeps, executions and requests that are killed, in turn."""

    def __init__(self, cluster: Cluster, chance: random.Random) -> None:
        from tests.lifecycle.kills.scenes import scenes

        self.cluster, self.chance, self.scenes = cluster, chance, scenes()
        self.lengths: dict[str, float] = {}

    def run(self, kills: int) -> dict[str, object]:
        """Measure each kind of work undisturbed, then kill so many; the moments are spread over its whole length."""
        for name in self.scenes:
            self.lengths[name] = min(self._undisturbed(name) for _ in range(WARM_UPS))
        done: Counter[str] = Counter()
        found: list[str] = []
        for number in range(kills):
            name, victim = list(self.scenes)[number % len(self.scenes)], self.chance.choice(VICTIMS)
            hit, lines = self._turn(name, victim)
            done[f"{name}, {victim}: {'hit' if hit else 'was done already'}"] += 1
            found += [f"kill {number} ({name}, {victim}): {line}" for line in lines]
        lengths = {name: round(length * 1000) for name, length in self.lengths.items()}
        return {"kills": dict(sorted(done.items())), "length_ms": lengths, "wrong": found + ended_wrong()}

    def _undisturbed(self, name: str) -> float:
        scene = self.scenes[name]()
        child = fork(scene)
        began = time.monotonic()
        _, status = os.waitpid(child, 0)
        took = time.monotonic() - began
        if status or scene.wrong():
            raise RuntimeError(f"{name} goes wrong without any kill: {status} {scene.wrong()}")
        return took

    def _turn(self, name: str, victim: str) -> tuple[bool, list[str]]:
        """Work killed, work that goes on from there; whether the kill came before the end, and what is wrong."""
        scene = self.scenes[name]()
        child = fork(scene)
        time.sleep(self.chance.uniform(0, self.lengths[name]))
        self._kill(victim, child)
        _, status = os.waitpid(child, 0)
        self.cluster.back()
        forget_connections()
        scene.again()
        return status != 0, scene.wrong()

    def _kill(self, victim: str, child: int) -> None:
        ways: dict[str, Callable[[], None]] = {
            "process": lambda: os.kill(child, SIGKILL),
            "backend": self.cluster.kill_backend,
            "server": self.cluster.kill,
        }
        with suppress(ProcessLookupError):
            ways[victim]()


def fork(scene: Scene) -> int:
    """A prepared process that works; it ends with 0 only if it did all of it."""
    forget_connections()
    child = os.fork()
    if child == 0:
        try:
            scene.work()
        except BaseException:  # noqa: BLE001 - whatever the kill caused; the parent looks at what it left
            os._exit(1)
        os._exit(0)
    return child


def forget_connections() -> None:
    """Those that a process inherits, or that a killed server left behind, are of no use."""
    from django.db import connections

    connections.close_all()


def ended_wrong() -> list[str]:
    """What is wrong with the whole at the end: figures, seals."""
    from django.utils import timezone

    from audit.sealing import seal_all
    from audit.verification import verify_all
    from tests.lifecycle.kills.world import wrong_totals

    seal_all(timezone.now())
    return [*wrong_totals(), *(finding.message for finding in verify_all())]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
