"""What the journals name, in words: each app says its own names in its ``events.py``, beside where it writes them.

A journal keeps short names (``records.consultation.signed``), so that a line says the same in every language and forever.
Nothing is written under a name without words (:func:`audit.actions.record_event`), as no column goes without a declaration.
"""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules

Said = str | Promise
log = logging.getLogger(__name__)


class NoWords(ValueError):
    """A journal was about to name something that no app says in words."""


class Vocabulary:
    """Names of one kind with their words."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._words: dict[str, Said] = {}

    def say(self, words: Mapping[str, Said]) -> None:
        """Register an app's names. Raises ValueError for one that is said already: a name has one home."""
        if twice := words.keys() & self._words.keys():
            raise ValueError(f"said in two apps: {sorted(twice)}")
        self._words.update(words)

    def of(self, name: str) -> str:
        """The words for a name; a name of an older version of the house stands for itself."""
        return str(self.known.get(name, name))

    @property
    def known(self) -> Mapping[str, Said]:
        """Every name with its words."""
        discover()
        return self._words

    def require(self, name: str) -> None:
        """Raises :class:`NoWords` for a name that nobody can read; in production the line is written, and an error logged."""
        if name in self._words or name in self.known:
            return
        sentence = f"the {self._kind} {name!r} has no words: say it in its app's events.py"
        if not settings.PRODUCTION:
            raise NoWords(sentence)
        log.error(sentence)


EVENTS: Final = Vocabulary("event")
"""Verbs of the event journal."""
KINDS: Final = Vocabulary("security event")
"""Kinds of lines of the security journal."""
PARTS: Final = Vocabulary("part")
"""Parts of files and accounts that the access journal names."""
ACTS: Final = Vocabulary("act")
"""What was done to a part; the words have a place for ``%(part)s``."""


@cache
def discover() -> None:
    """Import ``<app>.events`` of every installed app, once."""
    autodiscover_modules("events")


def act_in_words(part: str, action: str) -> str:
    """One line of the access journal: what was done to which part."""
    whole = f"{part}.{action}"
    if whole in ACTS.known:
        return ACTS.of(whole)
    return str(ACTS.known.get(action, ACTS.known["open"])) % {"part": PARTS.of(part)}
