"""Reports of imports name people in the names of their files: they leave with the last file an import brought."""

from uuid import UUID

from django.db import connection

# A run that goes on, or whose report speaks of a living file, stays.
ENDING = """
select distinct run.id from records_importrun run join records_importline line on line.run_id = run.id
 where line.file_id = any(%(files)s) and run.finished_at is not null
   and not exists (select from records_importline other where other.run_id = run.id
                      and other.file_id is not null and other.file_id <> all(%(files)s))
   and not exists (select from records_keptresource kept where kept.run_id = run.id and kept.file_id <> all(%(files)s))
"""
TOUCHED = """
update records_importrun set file_names = null
 where finished_at is not null and file_names is not null
   and id in (select run_id from records_importline where file_id = any(%s))
"""


def ending_with(files: list[UUID]) -> list[UUID]:
    """The imports of which nothing is left once ``files`` are gone."""
    with connection.cursor() as cursor:
        cursor.execute(ENDING, {"files": files})
        return [run_id for (run_id,) in cursor.fetchall()]


def forget_names(files: list[UUID]) -> None:
    """Empty the names of the read files in the reports that stay: one of them may name whoever left."""
    with connection.cursor() as cursor:
        cursor.execute(TOUCHED, [files])


def remove(runs: list[UUID]) -> None:
    """The reports of which nothing is left, with the lines that speak of no file."""
    with connection.cursor() as cursor:
        cursor.execute("delete from records_importline where run_id = any(%s)", [runs])
        cursor.execute("delete from records_importrun where id = any(%s)", [runs])
