"""./dev run: web, worker, beat and the stand-ins on prepared servers, until Ctrl-C or until one of them ends."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from launcher import ports, stand_ins, storage
from launcher.console import Problem, say
from launcher.environment import given_urls, instance, refuse_lost_servers, served
from launcher.migrating import manage, migrate
from launcher.places import ROOT, make_folder, var
from launcher.processes import MARK, Child, Follower, end_leftovers, read_procfile, start

READY_SECONDS = 120.0
STOP_SECONDS = 15.0
AS_ROOT = "ignore:You're running the worker with superuser"  # on a machine of one's own that is no news
EVERYWHERE = ("0.0.0.0", "[::]")  # noqa: S104  (a choice of the person)
HERE = ("127.0.0.1", *EVERYWHERE)
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Stopped(Exception):
    """Somebody asked us to end."""


def run() -> int:
    """Start everything, say where it is, stay. Returns the exit code: 0 after Ctrl-C, 1 when a part ended by itself."""
    folder = make_folder(var() / "run")
    with only_one(folder), stop_signals():
        try:
            with served("dev", durable=True, objects=True) as env:
                end_leftovers(str(folder))
                return serve(env, folder)
        except Stopped:
            say("Stopped.")
            return 0


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Refuses a second run of the same checkout while one is up."""
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise Problem(
                f"PratiConnect runs already from this checkout {lock.read().strip()}; stop it there with Ctrl-C."
            ) from None
        lock.truncate(0)
        lock.write(f"(process {os.getpid()}, {address()})")
        lock.flush()
        yield


@contextmanager
def stop_signals() -> Iterator[None]:
    """Turns Ctrl-C, a closed terminal and a polite kill into Stopped, once; what follows is not interrupted again."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        raise Stopped

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, stop)
    yield


def serve(env: dict[str, str], folder: Path) -> int:
    """Start the stand-ins, migrate, seed, start the Procfile's processes, follow the logs until one ends."""
    refuse_taken_port()
    here = stand_ins.wanted(host_and_port()[1])
    env = {"PRATICONNECT_SITE_URL": address().rstrip("/")} | env | (here.environment if here else {})
    say("Preparing the database and the demo practice")
    with stand_ins.beside(here, env, folder, address().rstrip("/")) as playing:
        migrate(env)
        demo = json.loads(manage(env, "demo", "--json"))
        # A laptop sleeps: what fell due meanwhile is done before anybody looks. What failed, or waits, the office's page says.
        with suppress(Problem):
            manage(env, "sweep")
        children: list[Child] = []
        try:
            for name, line in read_procfile(ROOT / "Procfile").items():
                children.append(start_line(name, line, env, folder))
            wait_until_green(children)
            announce(demo, env)
            return follow([*playing, *children])
        finally:
            stop_all(children)


def start_line(name: str, line: str, env: Mapping[str, str], folder: Path) -> Child:
    """Start one line of the Procfile; its earlier log is kept as .1."""
    log = folder / f"{name}.log"
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    marked = {**env, MARK: str(folder), "PYTHONWARNINGS": AS_ROOT}
    return start(name, ["/bin/sh", "-c", f"exec {line}"], log, env=marked, cwd=ROOT)


def host_and_port() -> tuple[str, int]:
    """Where the web process listens: HOST and PORT of the environment, else the loopback's 8000."""
    return os.environ.get("HOST") or "127.0.0.1", ports.chosen("PORT", 8000)


def address() -> str:
    """The address for a browser on this machine: by name, because a passkey belongs to a name, never to a number."""
    host, port = host_and_port()
    return f"http://{'localhost' if host in HERE else host}:{port}/"


def refuse_taken_port() -> None:
    """Raises Problem if something else listens where the web process should."""
    host, port = host_and_port()
    ports.refuse_taken(host, port, f"choose another: PORT={port + 1} ./dev run")


def wait_until_green(children: list[Child]) -> None:
    """Return when /readyz answers 200. Raises Problem with the log of a process that ended, or what is not ready."""
    deadline = time.monotonic() + READY_SECONDS
    while (answer := ready_answer()) != "":
        refuse_ended(children)
        if time.monotonic() > deadline:
            raise Problem(f"/readyz is not green after {READY_SECONDS:.0f} s: {answer}")
        time.sleep(0.1)


def ready_answer() -> str:
    """Empty when /readyz is green, else what it says."""
    try:
        host, port = host_and_port()
        with NO_PROXY.open(f"http://{'127.0.0.1' if host in HERE else host}:{port}/readyz", timeout=5):
            return ""
    except urllib.error.HTTPError as error:
        return error.read().decode(errors="replace")[:2000]
    except OSError as error:
        return str(error)


def refuse_ended(children: list[Child]) -> None:
    """Raises Problem if a process has ended by itself."""
    for child in children:
        if child.ended():
            raise Problem(
                f"{child.name} ended (code {child.process.returncode}), so everything stops; ./dev run starts it again.\n"
                f"The end of {child.log}:\n{child.last_words()}"
            )


def announce(demo: Mapping[str, object], env: Mapping[str, str]) -> None:
    """Print the address, the demo logins, and where what leaves the product is seen."""
    logins = demo.get("logins")
    lines = ["", f"PratiConnect is ready: {address()}", ""]
    for login in logins if isinstance(logins, list) else []:
        lines.append(f"  {login.get('role', ''):14} {login['email']:36} password: {login['password']}")
    lines += ["", *where_things_go(env), where_files_lie(env), "Ctrl-C stops everything.", ""]
    print("\n".join(lines), flush=True)


def where_things_go(env: Mapping[str, str]) -> list[str]:
    """Lines about mails and services: played here, or real."""
    code = "A login asks for a code: ./dev manage login_code EMAIL"
    fakes = env.get("PRATICONNECT_FAKES", "").rstrip("/")
    if not fakes:
        where = "leave by EMAIL_HOST" if env.get("EMAIL_HOST") else f"are files in {var() / 'mail'}"
        return [code, f"No stand-ins: services with their credentials set are the real ones; mails {where}."]
    return [
        code,
        f"Mails the product sends are in the mailbox: {fakes}/resend/mailbox",
        f"Phone, checkout, signing, calendar, room: {fakes}/ plays every service; nothing leaves this machine.",
        "Without them, with credentials of yours: FAKES_PORT=off ./dev run",
    ]


def where_files_lie(env: Mapping[str, str]) -> str:
    """One line about the sealed files: in the S3 server here, or where else and why."""
    here = instance("dev", durable=True)
    if os.environ.get("S3_BUCKET"):
        return "Sealed files lie where S3_BUCKET says."
    if env.get("S3_BUCKET"):
        return f"Sealed files lie in an S3 server of this machine, a bucket for each carrier: {here.folder / 'storage'}"
    why = "servers of yours go with an S3_BUCKET of yours" if given_urls() else storage.why_files(here, var() / "files")
    why = why or "so do those of the command that started the servers"
    return f"Sealed files lie in {var() / 'files'} ({why}), so that PC-91 and PC-92 aren't measured."


def follow(children: list[Child]) -> int:
    """Show the logs until a process or a server ends."""
    follower = Follower(children)
    while True:
        for line in follower.new_lines():
            print(line, flush=True)
        refuse_ended(children)
        refuse_lost_servers("dev")
        time.sleep(0.2)


def stop_all(children: list[Child]) -> None:
    """Ask all to end at once, then wait for each."""
    for child in children:
        if not child.ended():
            child.process.send_signal(signal.SIGTERM)
    for child in children:
        child.stop(signal.SIGTERM, STOP_SECONDS)
