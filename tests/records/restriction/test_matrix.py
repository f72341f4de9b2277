"""The matrix of restriction: every page, task, sweep and command shows nothing of a restricted file and does nothing to it."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.management import call_command, get_commands
from django.urls import reverse
from django.utils import timezone

from accounts.access import Audience
from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry
from care.tenancy import ALL, scope
from lifecycle import sweeping
from lifecycle.erasure.execute import PlanChanged, StillKept, execute_file
from lifecycle.erasure.plan import plan_for_file
from lifecycle.models import Hold
from lifecycle.retention import door
from praticonnect.celery import app
from records.models import Consultation, Document, KeptResource, Measure, PatientFile
from records.portal import content
from records.restriction.queries import live
from tests.accounts.factories import make_patient, prove, verified_client
from tests.imports import bundles
from tests.records.factories import link, make_consultation, make_document, make_file, make_measure, working
from tests.records.restriction.helpers import BY, restrict
from tests.security.battery import NEEDS_A_REAL_PASSKEY, World, addresses
from tests.security.test_idor import owner, patient  # noqa: F401 - its practice, its patient,
from tests.security.test_idor import world as base_world  # noqa: F401 - one of each thing
from vault import rings
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases="__all__")
ITS_OWN = {"records:restriction", "records:restricted_ask", "records:restricted_read", "records:restricted_document"}
"""The pages Art. 18(2) and (3) need; tests/records/restriction/test_pages.py holds them to their rules."""
ENDS_THE_SESSION = {"account_logout"}
MODELS = (PatientFile, Consultation, Measure, Document, KeptResource)
WORD = "Rittersporn"
FAR = timedelta(days=365 * 60)


@pytest.fixture
def world(base_world: World, owner: User) -> World:  # noqa: F811
    """The same practice, with one more file of one of each thing: the one that will be restricted."""
    file = make_file(owner, surname=WORD, medical_history=f"{WORD} history")
    consultation = make_consultation(file, owner, signed=True, note=f"{WORD} note")
    document = make_document(file, owner, title=f"{WORD} title")
    with working(owner) as by:
        for thing in (document, consultation):
            content.share(file=file, thing=thing, by=by, now=timezone.now())
    ids = {
        "file_id": file.pk, "consultation_id": consultation.pk, "measure_id": make_measure(file, owner, value="88888.5").pk,
        "document_id": document.pk,
    }  # fmt: skip
    return World({**base_world.arguments, **ids}, (WORD, "88888.5"), base_world.fingerprint)


@pytest.fixture
def file(world: World) -> PatientFile:
    """Restricted; only that keeps it."""
    with scope(ALL):
        found = PatientFile.objects.get(pk=world.arguments["file_id"])
    restrict(found, now=timezone.now())
    return found


def state(file: PatientFile) -> tuple[Any, Any, int]:
    """Every column of every row of the file, its key, and what the journal says was opened of it."""
    with scope(ALL):
        rows = [
            sorted(map(str, model._default_manager.filter(**{"pk" if model is PatientFile else "file": file.pk}).values_list()))
            for model in MODELS
        ]  # fmt: skip
    key = FileKey.objects.filter(file_id=file.pk).values_list("ring", "destroyed_at", "restricted_at", "generation")
    return rows, list(key), AccessEntry.objects.filter(subject_id=file.pk).count()


def asked(world: World, user: User) -> Iterator[tuple[str, str, Any]]:
    """Every page of a practitioner by GET, and every page of the file by POST too."""
    for page, address, access in addresses(world):
        if page.name in NEEDS_A_REAL_PASSKEY | ITS_OWN | ENDS_THE_SESSION or access.audience is Audience.OFFICE:
            continue
        for method in ("get", "post") if "file_id" in page.arguments else ("get",):
            client = verified_client(user)
            prove(client, user)
            yield (
                page.name,
                method,
                getattr(client, method)(address, {"act": "1", "revision": "1"} if method == "post" else {}),
            )


def test_no_page_shows_or_does_anything(world: World, owner: User, file: PatientFile) -> None:  # noqa: F811
    before, seen, leaks = state(file), 0, []
    for name, method, answer in asked(world, owner):
        body = b"".join(answer) if answer.streaming else answer.content
        seen += 1
        if any(canary in body.decode(errors="replace") for canary in world.canaries):
            leaks.append(f"{method} {name} shows it")
        if state(file) != before:
            leaks.append(f"{method} {name} opened or changed it")
            before = state(file)
    assert (leaks, seen > 80) == ([], True)


READS_ON = {"patient:practice", "patient:document", "patient:document_page", "patient:document_download",
            "patient:consultation", "patient:questionnaire"}  # fmt: skip
"""Pages of the portal on which the patient goes on reading; tests/records/restriction/test_portal.py holds them to their rules."""


@pytest.mark.parametrize("capacity", ["self", "guardian", "proxy"])
def test_portal_shows_it_to_whose_it_is_and_writes_nothing(world: World, file: PatientFile, capacity: str) -> None:
    """Every address of a link, by GET and POST, as each capacity: read by the patient and a guardian, never changed."""
    account, now = make_patient(), timezone.now()
    row = link(file, account, capacity=capacity, until=now + timedelta(days=9) if capacity == "proxy" else None)
    here = World({**world.arguments, "link_id": row.pk}, world.canaries, world.fingerprint)
    client, (rows, keys, _lines) = verified_client(account), state(file)
    opened, changed, seen = set(), [], set()
    for page, address, _access in addresses(here):
        if not page.name.startswith("patient:") or "link_id" not in page.arguments:
            continue
        seen.add(page.name)
        for method in ("get", "post"):
            before = state(file)[2]
            answer = getattr(client, method)(address, {"later": "1"} if method == "post" else {})
            assert answer.status_code in ((200, 302, 403, 404, 405, 409) if capacity != "proxy" else (403, 405))
            if state(file)[2] != before:
                opened.add(page.name)
            if state(file)[:2] != (rows, keys):
                changed.append(f"{method} {page.name}")
    assert (opened, changed, READS_ON - seen) == (READS_ON if capacity != "proxy" else set(), [], set())


@pytest.mark.parametrize("page", ["patients", "archive"])
def test_no_search_finds_it(page: str, owner: User, file: PatientFile) -> None:  # noqa: F811
    client, before = verified_client(owner), state(file)
    for words in (WORD, "29/02/1984"):
        text = client.post(reverse(f"records:{page}"), {"q": words}).content.decode()
        assert (str(file.pk) in text, text.count(WORD), state(file) == before) == (False, text.count(f"“{WORD}”") + text.count(f'value="{WORD}"'), True)  # fmt: skip


def test_export_leaves_it_closed_and_says_so(owner: User, file: PatientFile, tmp_path: Path) -> None:  # noqa: F811
    before = state(file)
    call_command("export_account", owner.email, out=tmp_path / "all.zip", stdout=StringIO())
    with ZipFile(tmp_path / "all.zip") as archive:
        held = "".join(archive.read(name).decode(errors="replace") for name in archive.namelist())
    assert (WORD in held, str(file.pk) in archive.namelist().__str__(), state(file) == before) == (False, False, True)


WAITS_FOR = {"run_id": "run_id", "account_id": "owner", "erasure_id": "run_id", "user_id": "owner"}


def test_no_task_touches_it(world: World, owner: User, file: PatientFile) -> None:  # noqa: F811
    """Every task of the house, with the practice's own ids where it takes some."""
    before, ran = state(file), []
    given = {**world.arguments, "owner": owner.pk}
    for name, task in sorted(app.tasks.items()):
        if name.startswith("celery."):
            continue
        names = [n for n in task.run.__code__.co_varnames[: task.run.__code__.co_argcount] if n != "self"]
        try:
            task.run(*[str(given[WAITS_FOR.get(n, n)]) for n in names])
        except (KeyError, LookupError) as unknown:
            pytest.fail(f"task {name} takes {names}: say what they are here ({unknown})")
        ran.append(name)
        assert state(file) == before, f"{name} opened or changed it"
    assert "lifecycle.sweep" in ran


def test_no_sweep_destroys_it_after_its_term(file: PatientFile) -> None:
    before, later = state(file), timezone.now() + FAR
    with scope(ALL):
        kept = {
            *live().values_list("file_id", flat=True),
            *Hold.objects.filter(lifted_at=None).values_list("file_id", flat=True),
        }
    found = sweeping.run_all(by=BY, now=later, dry_run=False)
    with scope(ALL):
        left = set(PatientFile.objects.values_list("pk", flat=True))
    assert (left, found["PC-41"]["held"], found["PC-41"]["failed"]) == (kept, len(kept), 0)
    assert state(file) == before


@pytest.mark.parametrize("reason", [door.Reason.TERM, door.Reason.ERASURE])
def test_no_decision_destroys_it_even_with_its_key_unmarked(file: PatientFile, reason: str) -> None:
    rings.unrestrict([file.pk], timezone.now())
    before = state(file)
    assert door.destroy([file.pk], reason=reason, by=BY, now=timezone.now() + FAR) == []
    assert file.pk not in door.decide(None, reason=door.Reason.TERM, by=BY, now=timezone.now() + FAR)
    assert state(file) == before


def test_import_brings_nothing_into_it(owner: User, file: PatientFile, tmp_path: Path) -> None:  # noqa: F811
    """A bundle that an earlier import brought, again."""
    with scope(ALL):
        known = PatientFile.objects.get(origin="imported")
    restrict(known, now=timezone.now())
    before = state(known)
    one = tmp_path / "again.json"
    one.write_text(
        bundles.as_text(
            bundles.bundle(
                bundles.patient(), bundles.encounter(), bundles.observation("a0000000-0000-4000-8000-0000000000f1")
            )
        )
    )
    out = StringIO()
    call_command("import_fhir", str(one), practitioner=owner.email, stdout=out)
    assert state(known) == before


TOUCH_NO_FILE = frozenset(
    "account breach breached_list consents credentials demo dump_database flush hold keys ledger login_code makemessages migrate phases"
    " recipients_page rights schedule_page signup_practitioner retention_page".split()
)
"""Commands that neither open nor change a patient's file, or that were asked above by the action they call (hold)."""


def test_every_command_is_in_the_matrix(owner: User, file: PatientFile, tmp_path: Path) -> None:  # noqa: F811
    """Those that could read or change files run; a new command has to be placed here."""
    ours = {name for name, where in get_commands().items() if "." not in where}
    run = {
        "promises": (), "retention": ("simulate", "--until", "2090-01-01"), "sweep": ("--dry-run",),
        "residue": (WORD,), "erase": ("plan", owner.email), "export_account": (owner.email, "--out", str(tmp_path / "a.zip")),
    }  # fmt: skip
    tested_above = {"import_fhir", "import_csv"}
    assert ours - TOUCH_NO_FILE - tested_above - run.keys() == set()
    before = state(file)
    for name, words in run.items():
        out = StringIO()
        with suppress(SystemExit):
            call_command(name, *words, stdout=out, stderr=StringIO())
        assert (WORD in out.getvalue() and name != "residue", state(file) == before) == (False, True), name


def test_erasing_it_is_refused(file: PatientFile) -> None:
    before = state(file)
    later = timezone.now() + FAR
    with scope(ALL):
        plan = plan_for_file(file.pk, later)
    with pytest.raises((PlanChanged, StillKept)):
        execute_file(file.pk, plan.sha256, by=Actor.operations("test"), now=later)
    assert state(file) == before
