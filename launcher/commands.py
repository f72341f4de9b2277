"""What a person types after ./dev."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from launcher import checks, running, stand_ins, testing
from launcher.console import Problem, say
from launcher.environment import debian_servers, given_urls, instance, served
from launcher.migrating import migrate_once
from launcher.places import PYTHON, ROOT, var
from launcher.provision import compile_translations, prepare
from launcher.servers import Instance
from launcher.services import keep

USAGE = """\
./dev run              everything from a bare checkout to the running application
./dev test [ARGS…]     the whole suite, or what pytest does with ARGS
./dev check            format, lint, types, import contract, system checks: the same as CI
./dev bench [NAME…]    the benchmarks, each a ratio measured side by side in one run
./dev manage ARGS…     manage.py ARGS… in the prepared environment

PRATICONNECT_PG=debian uses Debian's PostgreSQL and Redis. DATABASE_URL, KEYS_DATABASE_URL and REDIS_URL use servers of yours.
PRATICONNECT_VAR moves the data, PORT and HOST the address, FAKES_PORT the stand-ins of all services (FAKES_PORT=off: none).
PRATICONNECT_STORAGE=files has sealed files lie in a folder; else an S3 server of the checkout's own holds them, or yours with S3_BUCKET."""


def main(arguments: Sequence[str]) -> int:
    """Run one command. Returns the exit code: 2 on wrong use, 1 with one clear message when something can't be done."""
    command, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if command in ("-h", "--help", "help"):
        print(USAGE)
        return 0
    if command not in COMMANDS or (rest and command not in TAKES_ARGUMENTS):
        say(USAGE)
        return 2
    try:
        return COMMANDS[command](rest)
    except Problem as problem:
        say(str(problem))
    except PermissionError as error:
        say(
            f"{error.filename} belongs to another user: run ./dev as that user, or set PRATICONNECT_VAR to a folder of yours."
        )
    except KeyboardInterrupt:
        return 130
    return 1


# These look after the database themselves, or need none.
LEAVE_DATABASE_ALONE = (
    "migrate",
    "makemigrations",
    "showmigrations",
    "sqlmigrate",
    "check",
    "help",
    "--help",
    "--version",
)


def ready(*, tests: bool, again: bool = True) -> None:
    """Install what is missing; ``again``: even what couldn't be had the last time and isn't needed."""
    prepare(again=again, tests=tests, embedded=not given_urls(), debian_servers=debian_servers())
    compile_translations()


def run(_arguments: list[str]) -> int:
    ready(tests=False)
    return running.run()


def test(arguments: list[str]) -> int:
    ready(tests=True)
    return testing.test(arguments)


def check(_arguments: list[str]) -> int:
    ready(tests=True)
    return checks.check()


def bench(names: list[str]) -> int:
    ready(tests=True)
    return testing.bench(names)


def manage(arguments: list[str]) -> int:
    """manage.py with the person's own terminal: input, output, signals and exit code are its own."""
    ready(tests=False, again=False)
    with served("dev", durable=True, objects=True) as env:
        if not given_urls() and arguments[:1] not in ([name] for name in LEAVE_DATABASE_ALONE):
            migrate_once(env, instance("dev", durable=True).folder)
        return in_foreground([str(PYTHON), "manage.py", *arguments], env | stand_ins.of_a_run(var() / "run"))


def in_foreground(command: Sequence[str], env: dict[str, str]) -> int:
    """Run a command as if it were us. Ctrl-C reaches it through the terminal; a polite kill is passed on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process = subprocess.Popen(
        command, env=env, cwd=ROOT, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    )
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda number, _frame: process.send_signal(number))
    code = process.wait()
    return code if code >= 0 else 128 - code


def keep_servers(arguments: list[str]) -> int:
    """What services.start_keeper calls; not for people."""
    folder, *flags = arguments
    return keep(
        Instance(Path(folder), debian="debian" in flags, durable="durable" in flags, storage="storage" in flags)
    )


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run,
    "test": test,
    "check": check,
    "bench": bench,
    "manage": manage,
    "keep-servers": keep_servers,
}
TAKES_ARGUMENTS = ("test", "bench", "manage", "keep-servers")
