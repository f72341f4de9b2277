"""``manage.py keys``: how the keys stand, and the rotation of the master key."""

from typing import Any

from django.core.management.base import CommandParser

from audit.actors import Actor
from privacy.commandline import FOUND, HouseCommand, fail
from vault.actions import rotate
from vault.errors import KeyUnreadable
from vault.queries import status


class Command(HouseCommand):
    """Exit 0 when all keys can be unwrapped, 1 when a master key is missing, 2 on wrong use."""

    help = "Keys of patients' files: count them, or wrap them all under the current master key."

    def arguments(self, parser: CommandParser) -> None:
        """The two verbs."""
        verbs = parser.add_subparsers(dest="verb", required=True)
        self.verb(verbs, "status", "count the keys by table and master key")
        self.verb(verbs, "rotate", "wrap all keys under the first of PRATICONNECT_MASTER_KEYS; safe to repeat")

    def run(self, **options: Any) -> int:
        """Do what the verb says."""
        return self._status() if options["verb"] == "status" else self._rotate()

    def _status(self) -> int:
        found = status()
        if self.as_json:
            self.print_json(found.as_dict())
        else:
            rows = [
                (label, key_id, count) for label, counts in found.tables.items() for key_id, count in counts.items()
            ]
            self.print_table(("keys", "master key", "count"), rows)
            self.print_table(("file keys", "count"), found.files.items())
            self.stdout.write(f"current master key {found.current}; {found.waiting} keys wait for 'keys rotate'")
        if found.missing:
            self.stderr.write(f"master keys missing from PRATICONNECT_MASTER_KEYS: {', '.join(found.missing)}")
        return FOUND if found.missing else 0

    def _rotate(self) -> int:
        try:
            done = rotate(by=Actor.operations("keys rotate"), now=self.now)
        except KeyUnreadable as missing:
            fail(str(missing))
        if self.as_json:
            self.print_json({"master_id": done.master_id, "rewrapped": done.rewrapped})
        else:
            self.stdout.write(f"{sum(done.rewrapped.values())} keys wrapped under {done.master_id}")
        return 0
