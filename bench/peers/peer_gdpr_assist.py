"""django-gdpr-assist at work: rows like a patient's file, erased by its public calls. Run by bench.peers.install.

    python gdpr_assist.py DATABASE_URL ROWS

It knows neither archive, keys, holds nor journal lines: it blanks or deletes rows and logs that it did. Prints JSON:
rows per second of ``queryset.anonymise()`` and of ``queryset.delete()``, each in one transaction.
"""

from __future__ import annotations

import json
import sys
import time
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings

TEXTS = (
    "surname", "birth_name", "given_names", "birth_date", "sex", "birth_place", "phone", "email", "address",
    "occupation", "medical_history", "surgical_history", "allergies", "treatments", "family_history", "lifestyle",
    "notes",
)  # fmt: skip
SCHEMA = "peer_gdpr_assist"


def database(url: str) -> dict[str, object]:
    """Django's settings of the database at ``url``, in a schema of its own."""
    parts = urlsplit(url)
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[0]
    return {
        "ENGINE": "django.db.backends.postgresql", "NAME": parts.path.strip("/"), "USER": parts.username or "",
        "PASSWORD": parts.password or "", "HOST": host, "PORT": str(parts.port or ""),
        "OPTIONS": {"options": f"-c search_path={SCHEMA}"},
    }  # fmt: skip


def set_up(url: str) -> None:
    """Django with the library and nothing else; its log in the same database, which is the faster way."""
    settings.configure(
        DATABASES={"default": database(url), "gdpr_log": database(url)},
        INSTALLED_APPS=["django.contrib.contenttypes", "gdpr_assist"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


def main(url: str, rows: int) -> None:
    """Make the tables and the rows, and measure."""
    set_up(url)
    from django.apps import apps
    from django.db import connection, models, transaction

    # A model with a PrivacyMeta registers itself.
    fields: dict[str, object] = {name: models.TextField(null=True) for name in TEXTS}
    patient = type(
        "Patient",
        (models.Model,),
        {
            "__module__": __name__,
            "retain_until": models.DateField(),
            **fields,
            "Meta": type("Meta", (), {"app_label": "gdpr_assist", "db_table": "patient"}),
            "PrivacyMeta": type("PrivacyMeta", (), {"fields": list(TEXTS)}),
        },
    )
    with connection.cursor() as cursor:
        cursor.execute(f"drop schema if exists {SCHEMA} cascade")
        cursor.execute(f"create schema {SCHEMA}")
    with connection.schema_editor() as editor:
        for model in apps.get_models():
            editor.create_model(model)
    columns = ", ".join(f"repeat('{name[0]}', 40)" for name in TEXTS)
    fill = f"insert into patient (retain_until, {', '.join(TEXTS)}) select date '2026-01-01', {columns} from generate_series(1, %s)"  # noqa: S608 - our own names
    rows_of = getattr(patient, "objects")  # noqa: B009 - the manager that the library put there
    found = {}
    for verb in ("anonymise", "delete"):
        with connection.cursor() as cursor:
            cursor.execute("truncate patient")
            cursor.execute(fill, [rows])
        started = time.perf_counter()
        with transaction.atomic():
            getattr(rows_of.filter(retain_until__lt="2026-11-22"), verb)()
        found[verb] = rows / (time.perf_counter() - started)
    with connection.cursor() as cursor:
        cursor.execute(f"drop schema {SCHEMA} cascade")
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
