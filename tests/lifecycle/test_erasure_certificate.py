"""The certificate verifies offline with cryptography alone, names nobody, and no byte of it can be changed (NEW-06)."""

import ast
import importlib.util
import io
import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pypdfium2
import pytest
from django.core.management import CommandError, call_command
from django.test import Client, override_settings

from accounts.models import User
from audit.signing import published_keys
from lifecycle.erasure.certificate import token_of
from lifecycle.erasure.closing import destroy_due
from lifecycle.erasure.execute import execute_account
from lifecycle.erasure.paper import NAME
from lifecycle.erasure.plan import plan_for_account
from lifecycle.erasure.status import NoCertificate, status_of
from lifecycle.models import Erasure, ErasureCertificate
from lifecycle.residue import recording
from lifecycle.retention import door
from tests.accounts.factories import make_practitioner, verified_client
from tests.lifecycle.erasure_world import BY, OPENED, old_file, young_file

pytestmark = pytest.mark.django_db(databases=["default", "keys"], transaction=True)
TOOL = Path(__file__).parents[2] / "tools" / "verify_certificate.py"
WORDS = ("camille", "rouxval", "10001234567", "tilleuls", "lefèvre", "example.org")


@pytest.fixture
def user() -> User:
    return make_practitioner("camille@example.org", now=OPENED, surname="Rouxval", rpps="10001234567")


@pytest.fixture
def made(user: User, monkeypatch: pytest.MonkeyPatch) -> ErasureCertificate:
    """The certificate of an account with a file that is destroyed and one that is archived."""
    monkeypatch.setattr(recording, "scan", lambda words: [])
    old_file(user)
    young_file(user)
    verified_client(user)
    done = execute_account(user.pk, plan_for_account(user.pk, OPENED).sha256, by=BY, now=OPENED)
    assert done.certificate is not None
    return done.certificate


@pytest.fixture
def folder(made: ErasureCertificate, tmp_path: Path) -> Path:
    """What the person has: the two files and the published keys."""
    return filled(tmp_path, papers_of(made))


@pytest.fixture(scope="module")
def papers() -> dict[str, bytes]:
    """The files of one certificate, once it is made."""
    return {}


@pytest.fixture
def papers_alone(request: pytest.FixtureRequest, papers: dict[str, bytes], tmp_path: Path) -> Path:
    """What the person has, for whoever only reads it: one certificate for all of them. Its rows are gone by then."""
    if not papers:
        papers.update(papers_of(request.getfixturevalue("made")))
    return filled(tmp_path, papers)


def papers_of(made: ErasureCertificate) -> dict[str, bytes]:
    """By name."""
    return {
        "certificate.json": made.content.encode(),
        "certificate.pdf": bytes(made.pdf),
        "keys.json": json.dumps(published_keys()).encode(),
    }


def filled(folder: Path, papers: Mapping[str, bytes]) -> Path:
    """A folder with the papers and the script."""
    for name, content in papers.items():
        (folder / name).write_bytes(content)
    shutil.copy(TOOL, folder)
    return folder


def verified(folder: Path, name: str, *more: str) -> tuple[int, str]:
    """What the script says in a process of its own, without our code."""
    ran = subprocess.run(
        [sys.executable, "-I", "verify_certificate.py", name, "--keys", "keys.json", *more],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The script, loaded here: a process for each changed byte would take minutes."""
    spec = importlib.util.spec_from_file_location("verify_certificate", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_certificate_verifies_offline_in_both_forms(papers_alone: Path) -> None:
    for name in ("certificate.json", "certificate.pdf"):
        code, said = verified(papers_alone, name)
        assert (code, said.split(":")[0]) == (0, "GENUINE"), said
        assert "account erased on 2026-11-18" in said
        assert "the last end is 2046-11-18" in said


def test_script_needs_nothing_but_cryptography() -> None:
    tree = ast.parse(TOOL.read_text())
    modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.split(".")[0] for name in modules} - set(sys.stdlib_module_names) == {"cryptography"}


@pytest.mark.parametrize("name", ["certificate.json", "certificate.pdf"])
def test_changed_byte_is_found_wherever_it_is(papers_alone: Path, tool: ModuleType, name: str) -> None:
    genuine = (papers_alone / name).read_bytes()
    chosen = random.Random(7)  # noqa: S311 - places to change, not a secret
    places = {0, len(genuine) - 1, *(chosen.randrange(len(genuine)) for _ in range(400))}
    kept = [place for place in sorted(places) if accepts(tool, papers_alone, name, flipped(genuine, place))]
    assert kept == []
    assert accepts(tool, papers_alone, name, genuine)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw + b"\n",
        lambda raw: raw + b" ",
        lambda raw: b" " + raw,
        lambda raw: raw.replace(b'"account"', b'"acc\\u006funt"', 1),
        lambda raw: raw.replace(b'"kind":"account"', b'"kind":"account","kind":"account"', 1),
    ],
)
def test_other_spelling_of_the_same_statement_is_refused(
    papers_alone: Path, tool: ModuleType, change: Callable[[bytes], bytes]
) -> None:
    genuine = (papers_alone / "certificate.json").read_bytes()
    assert change(genuine) != genuine
    assert not accepts(tool, papers_alone, "certificate.json", change(genuine))


def test_certificate_of_another_key_is_refused(papers_alone: Path) -> None:
    keys = json.loads((papers_alone / "keys.json").read_text())
    keys["keys"][0]["x"] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    (papers_alone / "keys.json").write_text(json.dumps(keys))
    assert verified(papers_alone, "certificate.json")[0] == 1
    assert verified(papers_alone, "certificate.pdf")[0] == 1


def test_script_answers_bad_input_with_one_line(papers_alone: Path) -> None:
    assert verified(papers_alone, "nowhere.json") == (2, "Can't read nowhere.json: No such file or directory\n")
    for text in ("", "[]", "{}", '{"format": "praticonnect erasure certificate v1"}', "%PDF-1.7\n"):
        (papers_alone / "odd.json").write_text(text)
        code, said = verified(papers_alone, "odd.json")
        assert (code, said.count("\n"), said.split(":")[0]) == (1, 1, "REFUSED")


def test_certificate_names_nobody(made: ErasureCertificate, user: User) -> None:
    text = made.content.lower()
    shown = shown_text(bytes(made.pdf)).lower()
    for word in (*WORDS, str(user.pk), user.pk.hex):
        assert word not in text
        assert word not in shown
        assert word.encode() not in bytes(made.pdf).lower()


def test_document_is_pdf_a_3b_and_carries_the_statement(made: ErasureCertificate) -> None:
    pdf = bytes(made.pdf)
    assert re.search(rb'pdfaid:part="3" pdfaid:conformance="B"', pdf)
    assert re.search(rb"/AFRelationship\s*/Source", pdf)
    assert b"/OutputIntents" in pdf
    document = pypdfium2.PdfDocument(pdf)
    assert document.count_attachments() == 1
    attached = document.get_attachment(0)
    assert (attached.get_name(), bytes(attached.get_data()).decode()) == (NAME, made.content)


def test_document_says_what_went_and_what_stays(made: ErasureCertificate) -> None:
    shown = shown_text(bytes(made.pdf))
    for words in ("Certificate of erasure", "Destroyed", "CSP R1112-7", "18 November 2046", "Copies found: 0"):
        assert words in " ".join(shown.split())


def test_document_is_in_the_language_of_the_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "scan", lambda words: [])
    user = make_practitioner(now=OPENED)
    User.objects.filter(pk=user.pk).update(language="fr")
    done = execute_account(user.pk, plan_for_account(user.pk, OPENED).sha256, by=BY, now=OPENED)
    assert done.certificate is not None
    assert b"/Lang (fr)" in bytes(done.certificate.pdf)


def test_parts_add_up_to_what_was_in_the_tables(made: ErasureCertificate) -> None:
    parts = {(one["table"], one["outcome"]): one["count"] for one in json.loads(made.content)["parts"]}
    assert parts["records.PatientFile", "erased"] == 1
    assert parts["records.PatientFile", "archived"] == 1
    assert parts["accounts.PractitionerProfile", "erased"] == 1
    assert parts["accounts.User", "blanked"] == 1
    assert parts["lifecycle.ClosedAccount", "archived"] == 1


def test_page_shows_the_certificate_to_whoever_has_its_address(made: ErasureCertificate, client: Client) -> None:
    page = f"/privacy/certificate/{token_of(made.pk)}/"
    shown = client.get(page)
    assert (shown.status_code, shown["Cache-Control"], shown["X-Robots-Tag"]) == (200, "no-store", "noindex")
    assert "Certificate of erasure" in shown.content.decode()
    assert client.get(f"{page}certificate.json").content.decode() == made.content
    assert client.get(f"{page}certificate.pdf").content == bytes(made.pdf)
    assert client.get(f"/privacy/certificate/{made.pk.hex}:forged/").status_code == 404


def test_newer_statement_says_what_is_left(folder: Path, user: User) -> None:
    certificate = json.loads((folder / "certificate.json").read_text())
    (folder / "status.json").write_text(status_text(folder))
    code, said = verified(folder, "certificate.json", "--status", "status.json")
    assert code == 0, said
    assert re.search(r"STATUS: \d+ of \d+ kept rows are left, as of 2026-11-18$", said.strip()), said
    left = {(one["table"], one["fate"]): one["remaining"] for one in status_of(certificate, now=OPENED)["parts"]}
    assert left["records.PatientFile", "archived"] == left["lifecycle.ClosedAccount", None] == 1
    assert left["records.ConsultationVersion", "archived"] == left["vault.FileKey", "archived"] == 1


def test_later_destruction_of_a_kept_part_is_seen_with_the_certificate_alone(folder: Path, user: User) -> None:
    certificate = json.loads((folder / "certificate.json").read_text())
    years_on = datetime(2047, 1, 10, 12, tzinfo=UTC)
    assert destroy_due(by=BY, now=years_on) == 1
    gone = door.destroy(plan_files(certificate), reason="term", by=BY, now=years_on)
    assert len(gone) == 1
    left = {(one["table"], one["fate"]): one["remaining"] for one in status_of(certificate, now=years_on)["parts"]}
    assert left["lifecycle.ClosedAccount", None] == 0
    assert left["records.PatientFile", "archived"] == left["records.ConsultationVersion", "archived"] == 0
    assert left["vault.FileKey", "archived"] == 0
    assert left["care.Membership", None] == 0
    assert left["consents.ConsentEvent", None] > 0
    (folder / "status.json").write_text(status_text(folder, now=years_on))
    code, said = verified(folder, "certificate.json", "--status", "status.json")
    assert (code, "past the last day the certificate named" in said) == (0, True), said


def test_statement_of_another_certificate_or_changed_is_refused(folder: Path, tool: ModuleType) -> None:
    genuine = status_text(folder)
    (folder / "status.json").write_text(genuine.replace('"fully_erased":false', '"fully_erased":true'))
    assert verified(folder, "certificate.json", "--status", "status.json")[0] == 1
    other = make_practitioner(now=OPENED)
    done = execute_account(other.pk, plan_for_account(other.pk, OPENED).sha256, by=BY, now=OPENED)
    assert done.certificate is not None
    (folder / "certificate.json").write_text(done.certificate.content)
    (folder / "status.json").write_text(genuine)
    code, said = verified(folder, "certificate.json", "--status", "status.json")
    assert (code, "another certificate" in said) == (1, True)


def test_status_refuses_what_is_no_certificate(folder: Path, made: ErasureCertificate) -> None:
    changed = {**json.loads(made.content), "kind": "file"}
    with pytest.raises(NoCertificate, match="changed"):
        status_of(changed, now=OPENED)
    for text in ("{}", "[]", "no"):
        (folder / "odd.json").write_text(text)
        with pytest.raises(CommandError):
            call_command("erase", "status", str(folder / "odd.json"))


def plan_files(certificate: dict[str, Any]) -> list[Any]:
    """The files that were archived, by the ledger's own plan."""
    decided = Erasure.objects.get(erasure_id=certificate["erasure"], state="decided")
    return [row[0] for row in decided.figures["plan"]["files"] if row[1] == "archived"]


def status_text(folder: Path, *, now: datetime | None = None) -> str:
    """What ``erase status --json`` prints."""
    out = io.StringIO()
    with override_settings(TIME_TRAVEL=True):
        call_command(
            "erase", "status", str(folder / "certificate.json"), json=True, now=(now or OPENED).isoformat(), stdout=out
        )
    return out.getvalue()


def accepts(tool: ModuleType, folder: Path, name: str, data: bytes) -> bool:
    """Whether the script takes ``data`` for genuine."""
    (folder / f"changed-{name}").write_bytes(data)
    with redirect_stdout(io.StringIO()):
        return bool(tool.main([str(folder / f"changed-{name}"), "--keys", str(folder / "keys.json")]) == 0)


def flipped(data: bytes, place: int) -> bytes:
    """``data`` with one bit of one byte changed."""
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def shown_text(pdf: bytes) -> str:
    """The text on the pages."""
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))
