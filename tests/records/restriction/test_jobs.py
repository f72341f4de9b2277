"""The matrix of restriction, tasks and commands: what works on a free file leaves its restricted twin as it is (PC-63).

What there is to ask comes from Celery's registry and from Django's: a new task or command fails until it is placed here.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command, get_commands
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from care.queries import practice_of
from care.tenancy import ALL, scope
from gdpr_requests.export.actions import ask, download
from gdpr_requests.export.scopes import Scope
from gdpr_requests.models import Export
from lifecycle import sweeping
from lifecycle.deletion import actions as deletion
from lifecycle.erasure.execute import StillKept, execute_file
from lifecycle.erasure.plan import plan_for_account, plan_for_file
from lifecycle.retention import door
from praticonnect.celery import app
from praticonnect.schedule import SCHEDULE
from records import queries
from records.importing import runs, starting
from records.models import Consultation, PatientFile
from records.portal import content
from tests.accounts.factories import make_patient, make_practitioner, verified_client
from tests.care.factories import LONG_AGO
from tests.imports.bundles import as_text, bundle, encounter, entry, patient
from tests.imports.factories import Practising
from tests.records.factories import actor_of, link, make_consultation, make_document, make_measure, working
from tests.records.restriction.helpers import BY, restrict
from tests.records.restriction.looking import opened, state
from vault import rings

pytestmark = pytest.mark.django_db(databases="__all__")
FAR: Final = timedelta(days=365 * 60)
"""Every term of every file is over by then."""
FREE, SHUT = "Goldregen", "Rittersporn"
PATIENTS = f"numéro;nom;prénom;date de naissance\n1;{FREE};Ada;29/02/1984\n2;{SHUT};Ada;03/04/1990\n"
VISITS = "numéro;date;motif\n1;03/02/2025;Toux\n2;03/02/2025;Toux\n"


@dataclass(frozen=True)
class House:
    """A practice with twins: one file is free, the other one is restricted; each with one of each thing in it."""

    owner: User
    free: PatientFile
    shut: PatientFile

    def kept(self) -> tuple[object, int]:
        """The restricted file, and how often anything in it was opened."""
        return state([self.shut.pk]), opened([self.shut.pk])


@pytest.fixture
def house() -> House:
    """Both came by an import, so that another one finds them again."""
    owner = make_practitioner("owner@example.org", now=LONG_AGO)
    practice, now = practice_of(owner), timezone.now()
    assert practice is not None
    Practising(owner, practice, now).take_csv(PATIENTS)
    with working(owner):
        free, shut = PatientFile.objects.select_related("practice").order_by("pk")
    for file, word in ((free, FREE), (shut, SHUT)):
        paper, visit = (
            make_document(file, owner, title=f"{word} title"),
            make_consultation(file, owner, signed=True, note=f"{word} note"),
        )
        make_measure(file, owner, value="88888.5")
        with working(owner) as by:
            for thing in (paper, visit):
                content.share(file=file, thing=thing, by=by, now=now)
        link(file, make_patient())
    restrict(shut, now=now)
    return House(owner, free, shut)


def due(house: House, name: str) -> None:
    """Both files' time of daily use, or their whole term, ended the day before yesterday."""
    with scope(ALL):
        both = PatientFile.objects.filter(pk__in=(house.free.pk, house.shut.pk))
        both.update(**{name: (timezone.now() - timedelta(days=2)).date()})


# Tasks: what is prepared, so that each has work on both files; it returns what the task is called with.


def out_of_daily_use(house: House) -> list[str]:
    """The sweep takes what is past its use to the archive."""
    due(house, "active_until")
    return []


def visits_of_both(house: House) -> list[str]:
    """An import, tried before the restriction, that was confirmed."""
    practice = practice_of(house.owner)
    assert practice is not None
    upload, now, by = SimpleUploadedFile("visits.csv", VISITS.encode()), timezone.now(), actor_of(house.owner)
    run = starting.begin(practice, [upload], twins=False, by=by, now=now)
    with working(house.owner):
        run.refresh_from_db()
    assert runs.confirm(run=run, by=by, now=now)
    return [str(run.pk)]


def archive_of_all(house: House) -> list[str]:
    """An export of the whole practice."""
    return [str(ask(user=house.owner, scope=Scope.FULL, by=actor_of(house.owner), now=timezone.now()).pk)]


def end_of_the_account(house: House) -> list[str]:
    """Asked for, and the wait was given up; both files' terms are over."""
    due(house, "retain_until")
    now, by = timezone.now(), Actor(account_id=house.owner.pk, role="practitioner")
    plan = plan_for_account(house.owner.pk, now).sha256
    deletion.request_deletion(user=house.owner, plan_sha256=plan, by=by, now=now)
    deletion.waive_wait(user=house.owner, by=by, now=now)
    return [str(house.owner.pk)]


def changed(house: House, before: object) -> bool:
    """Whether the free file's rows or keys are others."""
    return state([house.free.pk]) != before


def in_its_archive(house: House, _before: object) -> bool:
    """Whether the archive has the free file's words, and none of the restricted one's."""
    with scope([house.free.practice_id]):
        taken = download(Export.objects.get(), by=actor_of(house.owner), now=timezone.now())
    words = words_of(b"".join(taken))
    return FREE in words and SHUT not in words


Check = Callable[[House, object], bool]
TASKS: Final[dict[str, tuple[Callable[[House], list[str]], Check]]] = {
    "lifecycle.sweep": (out_of_daily_use, changed),
    "records.process_import": (visits_of_both, changed),
    "gdpr_requests.build_export": (archive_of_all, in_its_archive),
}
"""Tasks that work on files: what prepares them, and whether the free file shows that they did."""
OTHER_TASKS: Final = {
    "accounts.tasks.forget_old_sign_ins": "sessions and counts of sign-ins",
    "adapters.apply": "what other companies sent, each event by its own handler",
    "adapters.repair": "asks other companies for messages that are missing",
    "adapters.send": "what waits to be sent: the ground of each is asked again, and a restricted file gives none (consents.patients)",
    "adapters.send_codes": "codes that people typed their password for",
    "audit.tasks.export_checkpoint": "hashes of journals",
    "audit.tasks.make_months": "empty partitions of journals",
    "audit.tasks.seal": "hashes of journals",
    "care.forget_invitations": "addresses of colleagues who were invited",
    "consents.stop": "what follows from a withdrawal: it stops work, and begins none",
    "gdpr_requests.resume_exports": "rings gdpr_requests.build_export, with ids",
    "lifecycle.copy_rights": "ids and days of decisions",
    "lifecycle.execute_deletion": "below, by itself: what it leaves of a practice goes to the archive",
    "lifecycle.redate": "the day until which a file is stored, never sooner while it can't be opened: tests/lifecycle/schedule/test_redating.py",
    "lifecycle.tell_changes": "mails to accounts about versions of texts",
    "records.publish_statistics": "counts of files in daily use under a grant, the restricted aside (records/statistics/cohort.py)",
    "records.resume_imports": "rings records.process_import, with ids",
    "records.sweep_documents": "objects in the storage that no row names, and what a machine never brought, the restricted aside",
}
"""The others, and what they have to do with; they run here too, but for one."""


def tasks() -> set[str]:
    """Every task of the house, as the worker knows them."""
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith("celery.")}


@pytest.fixture(autouse=True)
def registered() -> None:
    """Whichever test comes first: the worker's registry is full."""
    tasks()


def test_every_task_is_in_the_matrix_and_every_beat_is_a_task() -> None:
    assert tasks() == TASKS.keys() | OTHER_TASKS.keys()
    assert {str(beat["task"]) for beat in SCHEDULE.values()} <= tasks()


@pytest.mark.parametrize("name", sorted(TASKS))
def test_task_leaves_the_restricted_file_and_does_its_work_on_its_twin(name: str, house: House) -> None:
    prepare, does = TASKS[name]
    given = prepare(house)
    kept, before = house.kept(), state([house.free.pk])
    app.tasks[name].run(*given)
    assert (does(house, before), house.kept() == kept) == (True, True)


def test_no_other_task_touches_either(house: House) -> None:
    kept, before = house.kept(), state([house.free.pk])
    for name in sorted(OTHER_TASKS.keys() - {"lifecycle.execute_deletion"}):
        app.tasks[name].run()
        assert (house.kept() == kept, state([house.free.pk]) == before) == (True, True), name


def test_deletion_of_the_account_destroys_its_twin_alone(house: House, django_capture_on_commit_callbacks: Any) -> None:
    """The practice closes, so what is left of it lies in the archive: stored, opened by nobody, its key closed still."""
    [account] = end_of_the_account(house)
    reads = opened([house.shut.pk])
    with scope(ALL):
        words = list(Consultation.objects.filter(file=house.shut).values_list())
    with django_capture_on_commit_callbacks(execute=True):
        app.tasks["lifecycle.execute_deletion"].run(account)
    with scope(ALL):
        left = list(PatientFile.objects.filter(archived_at__isnull=False, leaving_at=None).values_list("pk", flat=True))
        assert list(Consultation.objects.filter(file=house.shut).values_list()) == words
        assert not PatientFile.objects.filter(pk=house.free.pk, leaving_at=None).exists()
    assert (left, opened([house.shut.pk]), rings.restricted(left)) == ([house.shut.pk], reads, {house.shut.pk})


# Sweeps long after every term, and decisions by hand.


def test_no_sweep_destroys_it_after_its_term(house: House) -> None:
    kept = house.kept()
    found = sweeping.run_all(by=BY, now=timezone.now() + FAR, dry_run=False)
    with scope(ALL):
        left = set(PatientFile.objects.values_list("pk", flat=True))
    assert (left, found["PC-41"]["held"], found["PC-41"]["failed"], house.kept() == kept) == (
        {house.shut.pk},
        1,
        0,
        True,
    )


@pytest.mark.parametrize("reason", [door.Reason.TERM, door.Reason.ERASURE])
def test_no_decision_destroys_it_even_with_its_key_unmarked(house: House, reason: str) -> None:
    rings.unrestrict([house.shut.pk], timezone.now())
    kept, later = house.kept(), timezone.now() + FAR
    assert door.destroy([house.shut.pk], reason=reason, by=BY, now=later) == []
    assert (door.decide(None, reason=door.Reason.TERM, by=BY, now=later), house.kept() == kept) == (
        [house.free.pk],
        True,
    )


def test_erasing_it_is_refused_in_words_and_its_twin_goes(house: House) -> None:
    due(house, "retain_until")
    now, kept = timezone.now(), house.kept()
    shut, free = plan_for_file(house.shut.pk, now), plan_for_file(house.free.pk, now)
    said = "Its use is restricted: it is only stored until that is lifted (GDPR Art. 18), then destroyed."
    assert ({line.sentence for line in shut.shown}, free.refused) == ({said}, None)
    with pytest.raises(StillKept):
        execute_file(house.shut.pk, shut.sha256, by=BY, now=now)
    execute_file(house.free.pk, free.sha256, by=BY, now=now)
    with scope(ALL):
        left = list(PatientFile.objects.filter(leaving_at=None).values_list("pk", flat=True))
    assert (left, house.kept() == kept) == ([house.shut.pk], True)


# Lists, searches, figures.


@pytest.mark.parametrize("words", [SHUT, "03/04/1990", "R"])
def test_no_search_finds_it_in_the_index(house: House, words: str) -> None:
    kept, now = house.kept(), timezone.now()
    twin = {SHUT: FREE, "03/04/1990": "29/02/1984", "R": "G"}[words]
    with working(house.owner):
        found = [
            set(queries.search_files(house.owner, text, now).values_list("pk", flat=True)) for text in (words, twin)
        ]
    assert (found, house.kept() == kept) == ([set(), {house.free.pk}], True)


def test_no_figure_counts_it(house: House) -> None:
    now = timezone.now()
    due(house, "active_until")
    with working(house.owner):
        archived = queries.archive_figures(now)
        listed = list(queries.archived_for(house.owner, now).values_list("pk", flat=True))
        by_name = list(queries.archived_for(house.owner, now, SHUT))
        daily = queries.figures_of(house.owner, today=now.date(), now=now)
    assert (archived, listed, by_name, daily["patients"]) == ({"archived": 1, "reopened": 0}, [house.free.pk], [], 0)


def test_second_file_of_its_patient_is_asked_about_and_no_name_shown(house: House) -> None:
    client, kept = verified_client(house.owner), house.kept()
    typed = {"surname": SHUT, "given_names": "Ada", "birth_date": "03/04/1990"}
    answer = client.post(reverse("records:new"), typed)
    text = answer.content.decode()
    assert (answer.status_code, "Kept closed" in text, "1990" in text.replace('value="03/04/1990"', ""), house.kept() == kept) == (
        422, True, False, True)  # fmt: skip


# Commands.


def words_of(archive: bytes) -> str:
    """All that a ZIP holds, as text."""
    with ZipFile(BytesIO(archive)) as found:
        return "".join(name + found.read(name).decode(errors="replace") for name in found.namelist())


def visits_in_a_file(house: House, folder: Path) -> list[str]:
    (folder / "visits.csv").write_text(VISITS)
    return [str(folder / "visits.csv"), "--practitioner", house.owner.email]


def archive_in_a_file(house: House, folder: Path) -> list[str]:
    return [house.owner.email, "--out", str(folder / "all.zip")]


def a_sweep(house: House, _folder: Path) -> list[str]:
    due(house, "active_until")
    return []


def an_erasure(house: House, _folder: Path) -> list[str]:
    """Of both, one after the other: the restricted one is tried in test_erasing_it_is_refused too."""
    due(house, "retain_until")
    return ["execute", str(house.free.pk), "--plan", plan_for_file(house.free.pk, timezone.now()).sha256]


def written(house: House, folder: Path, _before: object) -> bool:
    words = words_of((folder / "all.zip").read_bytes())
    return FREE in words and SHUT not in words


def moved(house: House, _folder: Path, before: object) -> bool:
    return state([house.free.pk]) != before


COMMANDS: Final[dict[str, tuple[Callable[[House, Path], list[str]], Callable[[House, Path, object], bool]]]] = {
    "export_account": (archive_in_a_file, written),
    "import_csv": (visits_in_a_file, moved),
    "sweep": (a_sweep, moved),
    "erase": (an_erasure, moved),
}
"""Commands that work on files: their words, and whether the free file shows that they did."""
PRINTING: Final[dict[str, list[str]]] = {
    "promises": ["--only", "PC-63", "PC-41", "PC-70", "PC-80", "PC-123", "LAW-02", "LAW-03"],
    "retention": ["simulate", "--until", "2090-01-01"], "residue": ["owner@example.org"], "keys": ["status"], "ledger": ["verify"],
    "statistics": ["budget"], "storage": ["orphans"], "training_set": ["build"], "hold": ["list"], "breach": ["list"], "consents": ["show", "owner@example.org"], "account": ["phase", "owner@example.org"],
}  # fmt: skip
"""Commands that count or list, the files among them: no word of any file is printed."""
OTHER_COMMANDS: Final = {
    "breached_list": "a list of bad passwords",
    "credentials": "factors and passwords of accounts",
    "demo": "makes a practice of its own",
    "dump_database": "the database as it is stored, sealed: tests/security/test_leaks.py",
    "fakes": "becomes a program of its own, which knows no database",
    "flush": "refused but on an empty house",
    "import_fhir": "below, by itself",
    "login_code": "a code of an account",
    "makemessages": "texts of the program",
    "migrate": "the shape of the tables",
    "news": "messages to readers of the newsletter: tests/adapters/test_marketing.py",
    "phases": "a page of the documentation",
    "recipients_page": "a page of the documentation",
    "retention_page": "a page of the documentation",
    "rights": "restrictions put back after a restore: tests/lifecycle/rights/test_restrictions.py",
    "signup_practitioner": "makes an account",
}


def test_every_command_is_in_the_matrix() -> None:
    ours = {name for name, where in get_commands().items() if "." not in where}
    placed = [*COMMANDS, *PRINTING, *OTHER_COMMANDS]
    assert (ours, len(placed)) == (set(placed), len(set(placed)))


def said(name: str, *words: str) -> str:
    """What a command prints, whatever its exit code."""
    out = StringIO()
    with suppress(SystemExit, CommandError):
        call_command(name, *words, stdout=out, stderr=out)
    return out.getvalue()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_command_leaves_the_restricted_file_and_does_its_work_on_its_twin(
    name: str, house: House, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    words, does = COMMANDS[name]
    given = words(house, tmp_path)
    kept, before = house.kept(), state([house.free.pk])
    with django_capture_on_commit_callbacks(execute=True):
        printed = said(name, *given)
    assert (does(house, tmp_path, before), house.kept() == kept, SHUT in printed) == (True, True, False), printed


def test_no_printing_command_opens_or_names_it(house: House) -> None:
    kept = house.kept()
    for name, words in PRINTING.items():
        printed = said(name, *words)
        assert (printed != "", SHUT in printed, house.kept() == kept) == (True, False, True), (name, printed)


def test_bundles_bring_nothing_into_it_and_the_others_come(house: House, tmp_path: Path) -> None:
    """Two bundles of an earlier import again, each with one more visit; the file of one was restricted since."""
    practice = practice_of(house.owner)
    assert practice is not None
    other = entry(
        "Patient", "5d0f1c53-8b2e-4a5f-9f0e-6a1b2c3d4e5f", name=[{"family": "Quéméneur"}], birthDate="1970-01-02"
    )
    visit = encounter("0f1e2d3c-4b5a-4678-8abc-0123456789ac", subject={"reference": other["fullUrl"]})
    practising, files = Practising(house.owner, practice, timezone.now()), []
    for one in (patient(), other):
        practising.take(bundle(one))
        with scope(ALL):
            files.append(PatientFile.objects.latest("created_at", "pk"))
    restrict(files[0], now=timezone.now())
    kept, before = (state([files[0].pk]), opened([files[0].pk])), state([files[1].pk])
    for name, held in (("a.json", bundle(patient(), encounter())), ("b.json", bundle(other, visit))):
        (tmp_path / name).write_text(as_text(held), encoding="utf-8")
    printed = said("import_fhir", str(tmp_path), "--practitioner", house.owner.email)
    assert ((state([files[0].pk]), opened([files[0].pk])) == kept, state([files[1].pk]) != before) == (True, True), (
        printed
    )
    assert [name in printed for name in ("a.json", "is restricted since")] == [True, True]
