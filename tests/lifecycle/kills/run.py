"""Kills whatever is at work, over and over, and says what was lost, done twice or half done.

python -m tests.lifecycle.kills.run FOLDER KILLS SEED prints one line of JSON, and says each kill as it goes (stderr);
exit 1 if anything is wrong.
"""

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from signal import SIGKILL
from typing import ClassVar, Protocol

from tests.lifecycle.kills.house import Broker, House
from tests.lifecycle.kills.servers import Cluster


class Scene(Protocol):
    """Work that may be killed at any moment, and done to its end afterwards."""

    victims: ClassVar[tuple[str, ...]]
    """Whom a kill may hit, each as often as it stands here; see :meth:`Killing.kill`."""

    def work(self) -> None:
        """Do it, or have it done. Raises if any of it failed."""

    def settle(self) -> None:
        """Wait until nobody does any of it any more."""

    def again(self) -> None:
        """Do what a next sweep, or the next click, does."""

    def wrong(self) -> list[str]:
        """What isn't as doing it once, without a kill, leaves it."""


def main(folder: str, kills: str, seed: str) -> int:
    """Start the servers and the house, kill, tell."""
    with ExitStack() as running:
        cluster, broker = Cluster(Path(folder)), Broker(Path(folder))
        running.callback(cluster.stop)
        running.callback(broker.stop)
        os.environ.update(cluster.environment(), REDIS_URL=broker.url)
        prepare()
        house = House(broker, Path(folder) / "run")
        running.callback(house.stop)
        report = Killing(cluster, house, random.Random(int(seed))).run(int(kills))  # noqa: S311 - no secret
    sys.stdout.write(f"{json.dumps(report)}\n")
    return 1 if report["wrong"] else 0


def prepare() -> None:
    """Both databases with all tables."""
    import django
    import weasyprint  # noqa: F401 - here, so that no forked process has to load it

    django.setup()
    from django.core.management import call_command

    call_command("migrate", database="keys", verbosity=0)
    call_command("migrate", database="default", verbosity=0)


class Killing:
    """Sweeps, executions and requests that are killed, in turn."""

    def __init__(self, cluster: Cluster, house: House, chance: random.Random) -> None:
        from tests.lifecycle.kills.scenes import scenes

        self.cluster, self.house, self.chance, self.scenes = cluster, house, chance, scenes(house)
        self.lengths: dict[str, float] = {}

    def run(self, kills: int) -> dict[str, object]:
        """Measure each kind of work undisturbed, then kill so many; the moments are spread over its whole length."""
        for name in self.scenes:
            self.lengths[name] = self._undisturbed(name)
        done: Counter[str] = Counter()
        found: list[str] = []
        for number in range(kills):
            name = list(self.scenes)[number % len(self.scenes)]
            scene = self.scenes[name]()
            victim = self.chance.choice(scene.victims)
            how, lines = self._turn(scene, self.lengths[name], victim)
            done[f"{name}, {victim}: {how}"] += 1
            sys.stderr.write(f"kill {number + 1} of {kills}: {name}, {victim}: {how}; wrong: {lines}\n")
            found += [f"kill {number} ({name}, {victim}): {line}" for line in lines]
        lengths = {name: round(length * 1000) for name, length in self.lengths.items()}
        report: dict[str, object] = {"kills": dict(sorted(done.items())), "length_ms": lengths}
        self.house.stop()
        return report | {"messages_delivered_again": self.house.restored, "wrong": found + ended_wrong()}

    def _undisturbed(self, name: str) -> float:
        scene = self.scenes[name]()
        child = fork(scene)
        began = time.monotonic()
        _, status = os.waitpid(child, 0)
        took = time.monotonic() - began
        scene.settle()
        if status or (wrong := scene.wrong()):
            raise RuntimeError(f"{name} goes wrong without any kill: {status} {wrong if not status else ''}")
        return took

    def _turn(self, scene: Scene, length: float, victim: str) -> tuple[str, list[str]]:
        """Work killed, work that goes on from there: what the kill met and left, and what is wrong in the end."""
        child = fork(scene)
        time.sleep(self.chance.uniform(0, length))
        at_work = os.waitpid(child, os.WNOHANG) == (0, 0)
        hit = self.kill(victim, child) and at_work
        self.house.back()
        if at_work:
            os.waitpid(child, 0)
        self.cluster.back()
        forget_connections()
        scene.settle()
        left = "left whole" if not scene.wrong() else "left unfinished"
        scene.again()
        return f"hit, {left}" if hit else "was done already", scene.wrong()

    def kill(self, victim: str, child: int) -> bool:
        """Kill -9; whether there was anything to kill."""
        ways: dict[str, Callable[[], bool]] = {
            "process": lambda: kill_process(child),
            "backend": self.cluster.kill_backend,
            "server": self.cluster.kill,
            "worker": lambda: self.house.kill("worker"),
            "worker's child": lambda: self.house.kill_child("worker"),
            "web": lambda: self.house.kill("web"),
            "web's child": lambda: self.house.kill_child("web"),
        }
        return ways[victim]()


def kill_process(pid: int) -> bool:
    """Kill -9 one process; False when it has ended."""
    try:
        os.kill(pid, SIGKILL)
    except ProcessLookupError:
        return False
    return True


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
