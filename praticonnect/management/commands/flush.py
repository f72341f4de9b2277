"""``manage.py flush`` is refused: evidence only grows. Test databases alone may be emptied."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands.flush import Command as FlushCommand
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections

from praticonnect.database import as_owner

GUARDS = """
select format('alter table %s disable trigger %I', tgrelid::regclass, tgname),
       format('alter table %s enable %s trigger %I', tgrelid::regclass,
              case tgenabled when 'A' then 'always' else '' end, tgname)
  from pg_trigger where not tgisinternal and tgparentid = 0 and tgenabled <> 'D'
"""


class Command(FlushCommand):
    """Empties a test database between tests; refuses any other."""

    def handle(self, **options: Any) -> None:
        """Empty the test database ``options['database']``."""
        connection = connections[options["database"]]
        if not str(connection.settings_dict["NAME"]).startswith("test_"):
            raise CommandError("flush is refused: evidence only grows. Drop the database instead.")
        with as_owner(), connection.cursor() as cursor:
            cursor.execute(GUARDS)
            guards = cursor.fetchall()
            for disable, _enable in guards:
                cursor.execute(disable)
            super().handle(**{**options, "inhibit_post_migrate": True})
            for _disable, enable in guards:
                cursor.execute(enable)
        if not options.get("inhibit_post_migrate"):
            # With the guards back: what is written after a migration (published texts) is evidence too.
            emit_post_migrate_signal(verbosity=0, interactive=False, db=options["database"])
