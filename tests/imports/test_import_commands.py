"""manage.py import_fhir, import_csv and demo: names, exit codes and JSON keys that others rely on (design 3)."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from care.tenancy import ALL, scope
from gdpr_requests.models import Duty, DutyDone
from praticonnect import demo
from records.importing import commanding
from records.models import Consultation, Document, ImportLine, ImportRun, Measure, PatientFile
from subprocessors.papers import papers
from subprocessors.queries import in_force

from .bundles import SAMPLE, as_text, bundle, encounter, entry, patient
from .factories import Practising

pytestmark = pytest.mark.django_db(databases=["default", "keys"])


def told(*args: str, **options: Any) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    out, err = StringIO(), StringIO()
    try:
        call_command(*args, stdout=out, stderr=err, **options)
    except CommandError as refused:
        return refused.returncode, out.getvalue(), str(refused)
    except SystemExit as left:
        return int(left.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good bundle and one with a dangling reference."""
    (tmp_path / "a.json").write_text(as_text(bundle()), encoding="utf-8")
    lost = encounter(subject={"reference": "urn:uuid:5d0f1c53-8b2e-4a5f-9f0e-6a1b2c3d4e50"})
    other = patient(name=[{"family": "Roux"}]) | {"fullUrl": "urn:uuid:5d0f1c53-8b2e-4a5f-9f0e-6a1b2c3d4e51"}
    (tmp_path / "b.json").write_text(as_text(bundle(other, lost)), encoding="utf-8")
    return tmp_path


def test_import_fhir_tells_all_in_json_and_leaves_with_1_for_a_refused_bundle(
    practising: Practising, folder: Path
) -> None:
    code, out, err = told("import_fhir", str(folder), practitioner=practising.user.email, json=True)
    said = json.loads(out)
    assert code == 1
    assert said == {
        "dry_run": False, "files": 2, "resources": 4, "patients": 1, "consultations": 1, "documents": 0, "observations": 0, "notes": 0,
        "kept": {}, "kept_because": [], "skipped": [], "errors": [{
            "file": "b.json", "path": "entry[1].resource.subject",
            "message": "this refers to a resource that isn't in the bundle. Export it together with what it refers to."}],
    }  # fmt: skip
    assert err.strip() == "b.json: entry[1].resource.subject: " + said["errors"][0]["message"]


def test_import_fhir_again_leaves_with_0_and_says_why_nothing_came(practising: Practising, folder: Path) -> None:
    paths = [str(folder / "a.json")]
    assert told("import_fhir", *paths, practitioner=practising.user.email)[0] == 0
    code, out, _err = told("import_fhir", *paths, practitioner=practising.user.email.upper(), json=True)
    said = json.loads(out)
    assert (code, said["patients"], said["skipped"]) == (
        0, 0, [{"file": "a.json", "path": "", "type": "", "reason": "imported before", "count": 2}])  # fmt: skip


def test_dry_run_of_both_commands_leaves_nothing(practising: Practising, folder: Path) -> None:
    for name, path in (("import_fhir", folder / "a.json"), ("import_csv", SAMPLE)):
        code, out, _err = told(name, str(path), practitioner=practising.user.email, dry_run=True)
        assert (code, "This was a dry run: nothing was kept." in out) == (0, True)
    with scope(ALL):
        assert (PatientFile.objects.count(), ImportRun.objects.count()) == (0, 0)


def test_import_csv_takes_the_sample_and_keeps_the_good_lines_when_asked(
    practising: Practising, tmp_path: Path
) -> None:
    code, out, _err = told("import_csv", str(SAMPLE), practitioner=practising.user.email, json=True)
    assert (code, json.loads(out)["patients"], json.loads(out)["consultations"]) == (0, 4, 3)
    wrong = tmp_path / "w.csv"
    wrong.write_text("nom;prénom;date de naissance\nA;B;\nC;D;31/02/2000\n", encoding="latin-1")
    code, out, err = told("import_csv", str(wrong), practitioner=practising.user.email, json=True)
    assert (code, json.loads(out)["patients"]) == (1, 0)
    assert err.startswith("w.csv: line 3, column date de naissance: this isn't a day in the calendar.")
    code, out, _err = told("import_csv", str(wrong), practitioner=practising.user.email, json=True, keep_good=True)
    assert (code, json.loads(out)["patients"]) == (1, 1)


@pytest.mark.parametrize("name", ["import_fhir", "import_csv"])
def test_wrong_use_is_one_line_and_2(practising: Practising, name: str, tmp_path: Path) -> None:
    there = str(SAMPLE / "patients.csv")
    email = practising.user.email
    assert told(name, there, practitioner="nobody@example.org") == (
        2,
        "",
        "no practitioner has the address nobody@example.org",
    )
    assert told(name, str(tmp_path / "x"), practitioner=email) == (2, "", f"{tmp_path / 'x'}: no such file")
    code, _out, err = told(name, str(tmp_path), practitioner=email)
    assert (code, err.startswith(f"{tmp_path}: this folder has no ")) == (2, True)


def test_command_is_refused_while_the_core_functions_are_closed(
    practising: Practising, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commanding, "why_closed", lambda _account, _act, now: "closed: give it back first")
    answer = told("import_csv", str(SAMPLE), practitioner=practising.user.email)
    assert answer == (2, "", "closed: give it back first")


def test_command_leaves_a_run_with_its_report(practising: Practising, folder: Path) -> None:
    told("import_fhir", str(folder), practitioner=practising.user.email)
    with scope(ALL):
        run = ImportRun.objects.get()
        assert (run.state, run.position, run.total, run.format) == ("done", 2, 2, "fhir")
        assert list(ImportLine.objects.order_by("number").values_list("outcome", flat=True)) == ["created", "refused"]


def test_many_bundles_take_no_more_memory_than_few(practising: Practising, tmp_path: Path) -> None:
    import tracemalloc

    def bundles_of(count: int, first: int) -> list[str]:
        paths = []
        for number in range(first, first + count):
            path = tmp_path / f"{number}.json"
            path.write_text(as_text(_large(number)), encoding="utf-8")
            paths.append(str(path))
        return paths

    def peak(paths: list[str]) -> int:
        tracemalloc.reset_peak()
        told("import_fhir", *paths, practitioner=practising.user.email, json=True)
        return tracemalloc.get_traced_memory()[1]

    tracemalloc.start()
    try:
        peak(bundles_of(1, 0))
        few, many = peak(bundles_of(2, 100)), peak(bundles_of(12, 200))
    finally:
        tracemalloc.stop()
    assert many < few * 1.3, f"2 bundles took {few:,} bytes, 12 took {many:,}"


def _large(number: int) -> dict[str, Any]:
    """A bundle of its own patient, some 100 kB."""
    ident = f"00000000-0000-4000-8000-{number:012d}"
    who = entry("Patient", ident, name=[{"family": f"Roux{number}", "given": ["Ana"]}], birthDate="1990-01-01")
    flags = [
        entry(
            "Flag",
            f"{n:08d}-0000-4000-8000-{number:012d}",
            code={"text": "x" * 900},
            subject={"reference": f"urn:uuid:{ident}"},
        )
        for n in range(1, 80)
    ]
    return bundle(who, *flags)


def test_demo_seeds_a_believable_practice_once(db: None) -> None:
    code, out, _err = told("demo", json=True)
    said = json.loads(out)
    assert (code, said["made"], [login["email"] for login in said["logins"]]) == (
        0, True, ["maelle.kerbrat@demo.example", "yael.azoulay@demo.example", "theo.vasseur@demo.example", "patient@demo.example",
        "assistant@demo.example", "dpo@demo.example"])  # fmt: skip
    before = _figures()
    agreed = Duty.objects.filter(kind="agreement", title__endswith="(exemple inventé)", done__proof__isnull=False)
    assert (sorted(papers()), agreed.count()) == (sorted(one.key for one in in_force(timezone.now()).entries), 10)
    assert before["PatientFile"] == len(demo.content.PEOPLE) + 2 + 2 + 6
    assert min(before.values()) > 0
    assert json.loads(told("demo", json=True)[1])["made"] is False
    assert _figures() == before


def test_demo_is_refused_where_it_is_off(settings: Any) -> None:
    settings.DEMO = False
    assert told("demo")[0] == 2


def _figures() -> dict[str, int]:
    with scope(ALL):
        return {
            model.__name__: model.objects.count()
            for model in (PatientFile, Consultation, Measure, Document, ImportRun, Duty, DutyDone)
        }
