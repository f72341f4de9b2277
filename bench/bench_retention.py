"""Files at the end of their term: the sweep against raw SQL and a public library, how flat it is, and the asked future.

PRATICONNECT_BENCH_FILES=1000000 measures one sweep of so many files; else it is 100,000 (2,000 with --quick).
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from datetime import UTC, date, datetime, timedelta

from django.db import connection, connections, transaction

from audit.actors import Actor
from bench.harness import Run, bench, peak_memory
from bench.peers import install
from bench.retention_rows import Place, analyze, fill, make_place
from care.tenancy import ALL, scope
from lifecycle.retention.sweep import destroy
from lifecycle.rights.journal import copy_new

BY = Actor.system("bench")
TURNS = 8
"""Seven rounds and the one before the first."""
EACH_TURN = 5_000
PEER_ROWS = 5_000
DUE = 1_000
OURS, RAW = "swept", "raw"
NEVER_DUE = date(2200, 1, 1)
KEPT = date(2030, 1, 1)
KEPT_DAYS = 7_600
"""Files of the growing table end on one of so many days, within the 25 years that are asked for."""

# The same end of the same rows, one statement a step, without asking anything: holds, restrictions, versions, batches.
GONE = "select id from records_patientfile where retain_until = %(until)s"
STEPS = (
    """
    insert into lifecycle_disposal (id, file_id, practice_id, rule, until, reason, counts, decided_at, actor_role)
    select gen_random_uuid(), file.id, file.practice_id, file.retention_rule, file.retain_until, 'term',
           jsonb_build_object('consultations', (select count(*) from records_consultation c where c.file_id = file.id)),
           now(), 'system' from records_patientfile file where retain_until = %(until)s
    """,
    """
    insert into audit_evententry (at, actor_role, channel, session_ref, request_id, leaf, verb, object_type, object_id,
                                  subject_id, practice_id, detail)
    select now(), 'system', 'task', '', '', '', 'bench.destroyed', 'records.PatientFile', id::text, id, practice_id, '{}'
      from records_patientfile where retain_until = %(until)s
    """,
    f"delete from records_consultation where file_id = any(array({GONE}))",  # noqa: S608 - our own names
    f"delete from care_carerelationship where patient_id = any(array({GONE}))",  # noqa: S608
    "delete from records_patientfile where retain_until = %(until)s",
)
DEAD_KEYS = "update vault_filekey set wrapped = '', destroyed_at = now() where file_id = any(%s)"


@bench
def retention_sweep(run: Run) -> None:
    """Files that are due, with their consultations, keys and journal lines, against raw SQL and django-gdpr-assist."""
    place = make_place("bench.sweep@bench.example")
    turns, size = (3, 1_000) if run.quick else (TURNS, EACH_TURN)
    for turn in range(turns):
        fill(place, f"{OURS}{turn}", size, until=ours_until(turn))
        fill(place, f"{RAW}{turn}", size, until=raw_until(turn))
    analyze()
    ours, raw = iter(range(turns)), iter(range(turns))
    table = run.compare(
        f"Sweep of {size:,} due files",
        "files",
        {"raw SQL, one statement a step": lambda: destroy_raw(raw_until(next(raw))), OURS: lambda: sweep(next(ours))},
        aims={OURS: 0.5},
    )
    beside_a_library(run, table.rows[1].rate)
    large(run, place, 2_000 if run.quick else int(os.environ.get("PRATICONNECT_BENCH_FILES", "100000")))


@bench
def retention_growth(run: Run) -> None:
    """A sweep of 1,000 due files, and 25 years of the future, while the table grows; neither may feel it."""
    place = make_place("bench.growth@bench.example")
    sizes = (1_000, 5_000) if run.quick else (10_000, 100_000, 1_000_000)
    due = 100 if run.quick else DUE
    before, rates = 0, []
    turns = iter(range(1_000, 2_000))
    for size in sizes:
        fill(place, "kept", size, until=KEPT, spread=KEPT_DAYS, each=0, first=before + 1)
        before = size
        rates.append(statistics.median(one_sweep(place, next(turns), due) for _ in range(5)))
        run.figure(f"files swept a second, {due:,} due among {size:,}", rates[-1])
        run.figure(f"percent of the rate among {sizes[0]:,} (aim ≥ 50), {size:,} files", 100 * rates[-1] / rates[0])
        simulate(run, size)


def ours_until(turn: int) -> date:
    """The last day of the set that the sweep finds due in its ``turn``; later sets aren't due then."""
    return date(2026, 12, 1) + timedelta(days=turn)


def raw_until(turn: int) -> date:
    """The last day of a set that no sweep finds due."""
    return NEVER_DUE + timedelta(days=turn)


def sweep(turn: int) -> int:
    """What the hourly sweep does of rule PC-41, as if it ran the day after the set's last."""
    now = datetime.combine(ours_until(turn) + timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=12)
    return destroy(by=BY, now=now, dry_run=False)["PC-41"].done


def destroy_raw(until: date) -> int:
    """The same rows, gone by hand; its decisions go to the rights journal too, else the next sweep would copy them."""
    with transaction.atomic(), scope(ALL), connection.cursor() as cursor:
        cursor.execute(GONE, {"until": until})
        files = [file_id for (file_id,) in cursor.fetchall()]
        with connections["keys"].cursor() as keys:
            keys.execute(DEAD_KEYS, [files])
        for sql in STEPS:
            cursor.execute(sql, {"until": until})
    copy_new()
    return len(files)


def beside_a_library(run: Run, ours: float) -> None:
    """django-gdpr-assist on rows of the same width, which does less: no keys, journal, holds or consultations."""
    url = os.environ["DATABASE_URL"]
    try:
        turns = [install.measure("gdpr_assist", url, str(200 if run.quick else PEER_ROWS)) for _ in range(3)]
    except install.NotThere as reason:
        print(f"not measured: {reason}", file=sys.stderr)
        return
    for verb in ("anonymise", "delete"):
        rate = statistics.median(turn[verb] for turn in turns)
        run.figure(f"django-gdpr-assist queryset.{verb}(), rows a second", rate)
        run.figure(f"our sweep, times its {verb}() (aim ≥ 25)", ours / rate)


def large(run: Run, place: Place, size: int) -> None:
    """One sweep of very many, and the same by hand."""
    turn = 500
    fill(place, "large ours", size, until=ours_until(turn))
    fill(place, "large raw", size, until=raw_until(turn))
    analyze()
    raw = timed(lambda: destroy_raw(raw_until(turn)), size)
    ours = timed(lambda: sweep(turn), size)
    run.figure(f"files a second by raw SQL, {size:,} at once", raw)
    run.figure(f"files swept a second, {size:,} due", ours)
    run.figure(f"a sweep of {size:,}, percent of raw SQL's rate (aim ≥ 50)", 100 * ours / raw)


def one_sweep(place: Place, turn: int, due: int) -> float:
    """Files a second of a sweep of ``due`` files, made and analyzed just before."""
    fill(place, f"due{turn}", due, until=ours_until(turn))
    analyze()
    return timed(lambda: sweep(turn), due)


def timed(work: object, expected: int) -> float:
    """Units per second. Raises ValueError if not exactly ``expected`` were done."""
    started = time.perf_counter()
    done = work()  # type: ignore[operator]
    if done != expected:
        raise ValueError(f"{done} files left instead of {expected}")
    return expected / (time.perf_counter() - started)


def simulate(run: Run, size: int) -> None:
    """25 years of the future by the command, as a person asks it."""
    command = [sys.executable, "manage.py", "retention", "simulate", "--until", "2051-11-01", "--json"]
    started = time.perf_counter()
    memory = peak_memory(command)
    run.figure(f"25 years of {size:,} files, seconds (aim < 60)", time.perf_counter() - started)
    run.figure(f"25 years of {size:,} files, peak memory MiB", memory)
