"""Importing FHIR bundles: sealed, journaled, idempotent, against COPY of the same plain rows."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.db import connection
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from bench.harness import Run, bench, peak_memory
from care.actions import open_practice
from care.models import Practice
from care.tenancy import ALL, scope
from consents.actions import decide
from praticonnect.database import as_owner
from records.importing.actions import import_bundle
from records.importing.importer import Importer

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("PRATICONNECT_SHARED", ROOT.parent / "shared"))
EMAIL = "bench.import@bench.example"
FEW, MANY = 2, 12


@bench
def imports(run: Run) -> None:
    """The sample bundles (the shared ones where they are), and the peak memory of few and of many."""
    paths = sorted((SHARED / "data" / "synthea").glob("*.json")) or sorted((ROOT / "sample" / "fhir").glob("*.json"))
    rows = [resource for path in paths for resource in plain_rows(path)]
    user = make_user()
    make_table()
    run.compare(
        f"Import of {len(paths)} bundles",
        "resources",
        {"COPY of plain rows": lambda: copy(rows), "import_fhir": lambda: take(user, paths)},
        aims={"import_fhir": 0.05},
    )
    for count in (FEW, MANY):
        run.figure(f"peak memory of {count} bundles, MiB", peak(count, paths[0]))


def plain_rows(path: Path) -> Iterator[tuple[str, str, str]]:
    """Type, id and JSON of each resource."""
    for entry in json.loads(path.read_text(encoding="utf-8"))["entry"]:
        resource = entry["resource"]
        yield resource["resourceType"], resource.get("id", ""), json.dumps(resource)


def make_user() -> User:
    """A practitioner who may import."""
    now = timezone.now()
    user = User.objects.create_user(EMAIL, now=now)
    by = Actor(account_id=user.pk, role="practitioner")
    decide(subject_id=user.pk, key="health_data_processing", on=True, by=by, language="en", channel="command", now=now)
    make_practice(user)
    return user


def make_practice(user: User) -> Practice:
    """Each round has a practice of its own: in the same one nothing would be new."""
    with scope(ALL):
        return open_practice(owner=user, name="Bench", jurisdiction="FR", by=Actor.system("bench"), now=timezone.now())


def copy(rows: list[tuple[str, str, str]]) -> int:
    """The same resources as plain text rows, one commit."""
    with connection.cursor() as cursor, cursor.copy("copy bench_plain from stdin") as out:
        for row in rows:
            out.write_row(row)
    return len(rows)


def make_table() -> None:
    """A real table, so that its commit is as durable as an import's."""
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("create table bench_plain (kind text, id text, raw text)")
        cursor.execute("grant insert on bench_plain to public")


def take(user: User, paths: list[Path]) -> int:
    """All bundles into a fresh practice."""
    practice = make_practice(user)
    by = Actor(account_id=user.pk, role="practitioner", practice_id=practice.pk, channel="command")
    read = 0
    for path in paths:
        importer = Importer(user, practice, by, timezone.now())
        with path.open("rb") as source:
            report = import_bundle(importer, path.name, source, path.stat().st_size)
        if report.errors or report.figures["patients"] != 1:
            raise ValueError(f"{path.name} wasn't imported: {report.lines}")
        read += report.figures["resources"]
    return read


def peak(count: int, model: Path) -> float:
    """MiB at most while `count` bundles of as many patients come in by the command."""
    text = model.read_text(encoding="utf-8")
    old = json.loads(text)["entry"][0]["resource"]["id"]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            (Path(folder) / f"{number}.json").write_text(text.replace(old[:8], f"{number:08x}"), encoding="utf-8")
        return peak_memory(
            [sys.executable, "manage.py", "import_fhir", folder, "--practitioner", EMAIL, "--dry-run", "--twins"]
        )
