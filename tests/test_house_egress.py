"""One door out: no module reaches the network past it, and no host stands in the code that the register doesn't have (issue 5, done when 3)."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from privacy import payers
from privacy.subprocessors import VERSIONS
from tests import test_house
from tests.test_house import OURS

REACHES_OUT = frozenset({
    "httpx", "httpcore", "requests", "urllib3", "urllib.request", "http.client", "aiohttp", "websockets", "websocket", "smtplib",
    "socket", "ssl", "ftplib", "telnetlib", "poplib", "imaplib", "xmlrpc", "boto3", "botocore", "storages", "paramiko",
    "django.core.mail.backends.smtp", "resend", "mistralai", "assemblyai", "livekit", "googleapiclient", "anymail",
})  # fmt: skip
ALLOWED = {
    "adapters/door.py": {"httpx": "names the wire's faults"},
    "adapters/wire.py": {"httpx": "the client", "httpcore": "its network", "socket": "looks at addresses", "ssl": "types"},
    "adapters/mail.py": {
        "smtplib": "names the mail server's faults", "django.core.mail.backends.smtp": "mail, behind its journal",
    },
    "adapters/storage.py": {"botocore": "S3's times and tries", "storages": "S3, behind its journal"},
    "adapters/storage_faults.py": {"boto3": "names S3's faults", "botocore": "names S3's faults"},
    "fakes/delivery.py": {"http.client": "a stand-in tells the product on this machine what happened"},
    "launcher/buckets.py": {"http.client": "makes the buckets of the S3 server that the launcher started on this machine"},
    "launcher/ports.py": {"socket": "looks whether a port of this machine is free"},
    "launcher/running.py": {"urllib.request": "asks our own server on this machine whether it is up"},
}  # fmt: skip
LETTERS = re.compile(
    r"(?<!def )\b(?:EmailMessage|EmailMultiAlternatives|send_mail|send_mass_mail|mail_admins|mail_managers)\b"
)
NAME = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}"
ADDRESS = re.compile(rf"\b(?:https?|wss?|smtps?)://({NAME})", re.IGNORECASE)
BARE = re.compile(
    rf"{NAME.replace('[a-z]{2,}', '(?:com|io|ai|eu|fr|net|org|cloud|app|dev|co|gr|cz|ie)')}", re.IGNORECASE
)
NEVER_CALLED = {
    "praticonnect.com": "our own",
    "hl7.org": "names of FHIR's own things",
    "terminology.hl7.org": "names of FHIR's own things",
    "loinc.org": "names of measures",
    "unitsofmeasure.org": "names of units",
    "w3.org": "names of namespaces",
    "w3id.org": "names of a vocabulary",
    "purl.org": "names of a vocabulary",
    "scell.io": "a company's name, which looks like a host",
    "json-schema.org": "name of a schema's language",
    "schema.org": "names of things",
    "cnil.fr": "shown to people who complain",
    "example.org": "nobody's",
    "example.com": "nobody's",
}


WORDS = "|".join(sorted(re.escape(name) for name in REACHES_OUT))
NAMED = re.compile(rf"^[ \t]*(?:from|import)\b.*\b(?:{WORDS}|(?:urllib|http|backends) import)\b", re.MULTILINE)
MAYBE = re.compile(r"://|[\"'][\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,5}[\"']")


def modules() -> dict[str, str]:
    """Our own modules, without tests."""
    return {
        name: text
        for name, text in OURS.items()
        if name.endswith(".py") and not name.startswith(("tests/", "tools/", "bench/"))
    }


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(OURS[name])


def imported(name: str) -> set[str]:
    """Everything a module imports, with all the packages above it; empty at once if no import line names one of those."""
    if not NAMED.search(OURS[name]):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {".".join(parts[: n + 1]) for parts in (one.split(".") for one in found) for n in range(len(parts))}


def test_nobody_reaches_out_but_the_door() -> None:
    found = {name: imported(name) & REACHES_OUT for name in modules()}
    assert {name: sorted(reach) for name, reach in found.items() if reach} == {
        name: sorted(why) for name, why in ALLOWED.items()
    }


def test_nobody_imports_by_a_name_in_a_string() -> None:
    """``import_module("socket")`` would be a way round; what is imported by name is ours, from a fixed list."""
    quoted = re.compile(r"""(?:import_module|__import__)\(["']([\w.]+)""")
    named = {one for text in modules().values() for one in quoted.findall(text)}
    assert {one for one in named if any(one == out or one.startswith(f"{out}.") for out in REACHES_OUT)} == set()


def test_letters_are_written_in_one_place() -> None:
    assert {name for name, text in modules().items() if LETTERS.search(text)} == {"adapters/mail.py"}


def strings(name: str) -> list[str]:
    """The strings of a module that aren't its documentation."""
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree(name))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


def hosts(name: str) -> set[str]:
    """What looks like a host in a module's strings: in an address, or a whole string by itself."""
    if not MAYBE.search(OURS[name]):
        return set()
    found = {one for text in strings(name) for one in ADDRESS.findall(text)}
    return {host.lower() for host in found | {text for text in strings(name) if BARE.fullmatch(text)}}


def is_known(host: str) -> bool:
    """A row of the register, in whichever version, or a name that is never called."""
    listed = [*(one for version in payers.VERSIONS for one in version.entries), payers.MADE_UP]
    registered = any(entry.host(host) for version in VERSIONS for entry in version.entries) or any(
        one.host(host) for one in listed
    )
    return registered or any(host in (name, f"www.{name}") for name in NEVER_CALLED)


def test_every_host_in_the_code_has_a_row_in_the_register() -> None:
    unknown = {name: sorted(host for host in hosts(name) if not is_known(host)) for name in modules()}
    assert {name: found for name, found in unknown.items() if found} == {}


def test_the_search_sees_hosts_where_they_hide() -> None:
    OURS["adapters/hiding.py"] = (
        'A = "https://api.broker.example/v1"\nB = "api.broker.io"\nC = f"https://{x}.broker.com"\n'
    )
    try:
        assert hosts("adapters/hiding.py") == {"api.broker.example", "api.broker.io"}
        assert [host for host in hosts("adapters/hiding.py") if is_known(host)] == []
    finally:
        del OURS["adapters/hiding.py"]
        tree.cache_clear()


def test_a_host_that_somebody_writes_into_a_file_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way, from a file that git doesn't know yet; and a module that reaches out by itself."""
    folder = tmp_path / "adapters"
    folder.mkdir()
    (folder / "planted.py").write_text('import socket\n\nWHERE = "https://api.databroker.io/v1"\n')
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setattr(test_house, "ROOT", tmp_path)
    planted = test_house.texts()
    assert list(planted) == ["adapters/planted.py"]
    monkeypatch.setitem(OURS, "adapters/planted.py", planted["adapters/planted.py"])
    with pytest.raises(AssertionError, match=r"planted\.py.*api\.databroker\.io"):
        test_every_host_in_the_code_has_a_row_in_the_register()
    with pytest.raises(AssertionError, match=r"planted\.py.*socket"):
        test_nobody_reaches_out_but_the_door()
    tree.cache_clear()
