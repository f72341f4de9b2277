"""The stand-ins beside ./dev run: started and ended with it, told of, and out of the way where real services are wanted."""

import json
import socket
import urllib.request
from pathlib import Path

import pytest

from launcher import ports, running, stand_ins
from launcher.console import Problem
from launcher.stand_ins import StandIns

SHELL = ("PRATICONNECT_SITE_URL", "FAKES_PORT", "PRATICONNECT_FAKES", "EMAIL_HOST", "LIVEKIT_RECORDING")


@pytest.fixture(autouse=True)
def _bare_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SHELL:
        monkeypatch.delenv(name, raising=False)


def free() -> StandIns:
    """A pair of ports that nobody has."""
    for port in range(20_100, 40_000, 50):
        try:
            for one in (port, port + stand_ins.MAIL_ABOVE):
                ports.refuse_taken("127.0.0.1", one, "")
        except Problem:
            continue
        return StandIns(port)
    raise AssertionError("no port is free")


def test_the_product_is_told_of_the_services_and_of_the_mail_server() -> None:
    assert StandIns(8100).environment == {
        "PRATICONNECT_FAKES": "http://127.0.0.1:8100", "LIVEKIT_RECORDING": "1", "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": "8125", "EMAIL_USE_TLS": "0", "EMAIL_HOST_USER": "", "EMAIL_HOST_PASSWORD": "",
    }  # fmt: skip


def test_a_mail_server_of_the_person_s_own_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_HOST", "127.0.0.2")
    assert set(StandIns(8100).environment) == {"PRATICONNECT_FAKES", "LIVEKIT_RECORDING"}


@pytest.mark.parametrize(("name", "value"), [("FAKES_PORT", "off"), ("PRATICONNECT_FAKES", "http://127.0.0.1:9000")])
def test_none_are_started_where_others_are_wanted(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert stand_ins.wanted(8000) is None
    with stand_ins.beside(None, {}, Path("/nowhere"), "http://localhost:8000") as playing:
        assert playing == []


@pytest.mark.parametrize("port", ["eight", "0", "65511"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("FAKES_PORT", port)
    with pytest.raises(Problem, match=rf"^FAKES_PORT is '{port}': write a number from 1 to 65510\.$"):
        stand_ins.wanted(8000)


@pytest.mark.parametrize("above", [0, stand_ins.MAIL_ABOVE])
def test_a_taken_port_is_named_with_a_way_out(monkeypatch: pytest.MonkeyPatch, above: int) -> None:
    here = free()
    monkeypatch.setenv("FAKES_PORT", str(here.port))
    with (
        socket.create_server(("127.0.0.1", here.port + above)),
        pytest.raises(Problem, match=rf"^Port {here.port + above} of .* FAKES_PORT={here.port + 50} \./dev run$"),
    ):
        stand_ins.wanted(8000)


def test_they_run_as_long_as_the_product_and_commands_beside_it_are_told(tmp_path: Path) -> None:
    here = free()
    told = {"PRATICONNECT_SITE_URL": "http://localhost:8000", **here.environment}
    env = {"PATH": "/usr/bin:/bin", "PRATICONNECT_MASTER_KEYS": "k1:secret", **told}
    with stand_ins.beside(here, env, tmp_path, "http://localhost:8000") as (child,):
        with urllib.request.urlopen(here.url, timeout=5) as page:  # noqa: S310 - this machine's
            assert b"Services played here" in page.read()
        assert stand_ins.of_a_run(tmp_path) == told
        environment = Path(f"/proc/{child.process.pid}/environ").read_bytes()
        assert (b"MASTER_KEYS" in environment, f"PRATICONNECT_RUN={tmp_path}".encode() in environment) == (False, True)
    assert (child.process.returncode, ports.answers(here.port), stand_ins.of_a_run(tmp_path)) == (0, False, {})


def test_a_note_of_a_run_that_was_killed_counts_no_more(tmp_path: Path) -> None:
    here = free()
    (tmp_path / stand_ins.NOTE).write_text(json.dumps({"port": here.port, "told": here.environment}))
    assert stand_ins.of_a_run(tmp_path) == {}


def test_a_program_that_ends_at_once_is_said_with_its_words(tmp_path: Path) -> None:
    here = free()
    with (
        socket.create_server(("127.0.0.1", here.mail_port)),
        pytest.raises(Problem, match=r"(?s)^The stand-ins don't start:\nA port can't be used"),
        stand_ins.beside(here, {}, tmp_path, "http://localhost:8000"),
    ):
        pytest.fail("it started")


def test_people_are_told_where_things_go() -> None:
    played = running.where_things_go({"PRATICONNECT_FAKES": "http://127.0.0.1:8100"})
    assert [line for line in played if "http://127.0.0.1:8100/" in line] == played[1:3]
    assert "are files in" in running.where_things_go({})[1]
    assert "EMAIL_HOST" in running.where_things_go({"EMAIL_HOST": "mail"})[1]
