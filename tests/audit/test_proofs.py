"""A third party proves one entry offline, with code that isn't ours to run (NEW-02, Art. 7.1)."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from audit import checkpoints, signing
from audit.models import Seal
from audit.proofs import prove
from audit.sealing import seal_all
from tests.audit.forge import accesses, force

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
TABLE = "audit_accessentry"
SCRIPT = Path(__file__).parents[2] / "tools" / "verify_proof.py"


def verdict(proof: Any, keys: Any, folder: Path) -> tuple[int, str]:
    (folder / "proof.json").write_text(json.dumps(proof))
    (folder / "keys.json").write_text(json.dumps(keys))
    done = subprocess.run(
        [sys.executable, SCRIPT, "proof.json", "keys.json"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.split("\n")[0] + done.stderr


@pytest.fixture
def published(client: Client) -> Any:
    return client.get("/privacy/keys.json").json()


def test_published_keys_are_a_key_set_anybody_may_read(client: Client) -> None:
    answer = client.get("/privacy/keys.json")
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (
        200,
        "application/json",
        "public, max-age=3600",
    )
    (key,) = answer.json()["keys"]
    assert (key["kty"], key["crv"], key["kid"], len(key["x"])) == (
        "OKP",
        "Ed25519",
        next(iter(signing.public_keys())),
        43,
    )


@pytest.mark.parametrize("place", range(7))
def test_proof_of_each_entry_is_verified_by_the_script(
    place: int, published: Any, now: datetime, tmp_path: Path
) -> None:
    numbers = accesses(7, now)
    seal_all(now)
    proof = prove(TABLE, numbers[place])
    assert f'"seq": {numbers[place]}' in str(proof["entry"])
    assert verdict(proof, published, tmp_path) == (0, "proven: the entry stands in the ledger")


def forgeries(proof: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {**proof, "entry": proof["entry"].replace("name", "note")},
        {**proof, "index": (proof["index"] + 1) % proof["size"]},
        {**proof, "path": proof["path"][:-1]},
        {**proof, "seal": proof["seal"].replace("stream: access", "stream: events")},
        {**proof, "key_id": "another"},
        {**proof, "size": proof["size"] + 1},
    ]


def test_every_forged_proof_is_refused_by_the_script(published: Any, now: datetime, tmp_path: Path) -> None:
    numbers = accesses(5, now)
    seal_all(now)
    for forged in forgeries(prove(TABLE, numbers[2])):
        assert verdict(forged, published, tmp_path)[0] == 1
    other = {"keys": [{**published["keys"][0], "x": "A" * 43}]}
    assert verdict(prove(TABLE, numbers[2]), other, tmp_path)[0] == 1


def test_script_says_what_it_cannot_read(published: Any, tmp_path: Path) -> None:
    code, words = verdict({"seal": ""}, published, tmp_path)
    assert (code, words.startswith("can't be read")) == (2, True)


def test_entry_that_is_not_sealed_yet_is_named(now: datetime) -> None:
    (number,) = accesses(1, now)
    with pytest.raises(CommandError, match=f"entry {number} of {TABLE} isn't there or isn't sealed yet"):
        call_command("ledger", "prove", TABLE, str(number))
    with pytest.raises(CommandError, match="is no evidence table"):
        call_command("ledger", "prove", "accounts_user", "1")


def test_verify_command_names_findings_and_exits_1(now: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = accesses(2, now)
    seal_all(now)
    call_command("ledger", "verify", "--json")
    assert json.loads(capsys.readouterr().out)["ok"] is True
    force(TABLE, f"delete from {TABLE} where seq = {numbers[0]}")
    with pytest.raises(SystemExit) as left:
        call_command("ledger", "verify", "--json")
    report = json.loads(capsys.readouterr().out)
    assert (left.value.code, report["ok"]) == (1, False)
    assert [(f["kind"], f["table"], f["number"]) for f in report["findings"]] == [("missing", TABLE, numbers[0])]
    with pytest.raises(SystemExit):
        call_command("ledger", "verify")
    assert f"missing  {TABLE}  {numbers[0]}" in capsys.readouterr().out


def test_verify_command_takes_a_checkpoint_and_refuses_nonsense(
    now: datetime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accesses(1, now)
    seal_all(now)
    file = checkpoints.export(tmp_path, now)
    assert file is not None
    call_command("ledger", "verify", "--against", str(file))
    assert "no findings" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"nothing\.txt can't be read"):
        call_command("ledger", "verify", "--against", str(tmp_path / "nothing.txt"))


def test_checkpoint_is_exported_once_per_state_and_reads_as_a_signed_note(now: datetime, tmp_path: Path) -> None:
    accesses(1, now)
    seal_all(now)
    file = checkpoints.export(tmp_path, now)
    assert file is not None
    number = Seal.objects.latest("number").number
    assert file.name == f"20261118T110000Z-{number:012}.txt"
    lines = file.read_text().split("\n")
    assert (lines[:2], lines[3]) == (["praticonnect/ledger", str(number)], "")
    assert lines[4].startswith("— praticonnect/ledger/")
    assert checkpoints.parse(file.read_text()) == checkpoints.current()
    assert checkpoints.export(tmp_path, now) is None


@pytest.mark.parametrize("text", ["", "x", "praticonnect/ledger\n1\nAAAA\n\n— praticonnect/ledger/k1 !!\n"])
def test_text_without_our_signature_is_no_checkpoint(text: str) -> None:
    assert checkpoints.parse(text) is None
