"""English sentences of the pure modules, marked here and translated at the edge. Pure: no Django.

``makemessages`` finds a sentence by the name of the function round it. ``gettext_noop`` marks and
returns it unchanged, so that the law stays importable without Django; the page that shows the
sentence passes ``django.utils.translation.gettext`` to :meth:`Sentence.say`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

Translate = Callable[[str], str]
ShowDate = Callable[[date], str]


def gettext_noop(message: str) -> str:
    """Mark ``message`` for the translators and return it as it is."""
    return message


def unchanged(message: str) -> str:
    """The translation used where none is given: the English source."""
    return message


@dataclass(frozen=True)
class Sentence:
    """A sentence with its values kept apart, so that both can follow the reader's language."""

    text: str
    values: Mapping[str, date | int | str] = field(default_factory=dict)

    def say(self, translate: Translate = unchanged, show: ShowDate = date.isoformat) -> str:
        """The sentence in the language of ``translate``, its dates written by ``show``."""
        return translate(self.text) % {
            name: show(value) if isinstance(value, date) else value for name, value in self.values.items()
        }
