"""What may be put into a message, and what may not: content by its type (PC-101, MD-46, issue 5).

Words of a patient's record travel as :class:`HealthText`: it has no text form of its own, so no template, log, JSON or
``f""`` can take it in, and only the door opens it, towards a host in the EEA that the register lets carry health data. What goes
into an e-mail or a text message is :class:`Plain`: a template with values of few kinds, none of which is free text. Words that
the vault opened come marked (:mod:`vault.unsealed`), and no kind takes them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Never, Self, final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from adapters.grounds import NoGround
from privacy.refusals import Refusal
from privacy.subprocessors import Host
from vault.unsealed import holds_unsealed

LONGEST_NAME: Final = 120
LONGEST_CODE: Final = 12
NO_TEXT: Final = "Health content has no text form: hand it to the door, which knows where it may go"
_TOKEN: Final = object()


@final
class HealthText:
    """Words about somebody's health. Only :func:`opened_towards` gives them back."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return "<HealthText>"

    def __str__(self) -> Never:
        raise TypeError(NO_TEXT)

    def __format__(self, spec: str) -> Never:
        raise TypeError(NO_TEXT)

    def __html__(self) -> Never:
        """No template takes it in either."""
        raise TypeError(NO_TEXT)

    def __reduce_ex__(self, protocol: Any) -> Never:
        raise TypeError("Health content can't be copied or stored outside the vault")


def opened_towards(text: HealthText, host: Host, *, may_carry_health: bool) -> str:
    """The words, for a host in the EEA that may carry them. Raises :class:`NoGround`."""
    must_carry_health(host, may_carry_health=may_carry_health)
    return text._text


def must_carry_health(host: Host, *, may_carry_health: bool) -> None:
    """Raises :class:`NoGround` unless the register lets this host have health data, in the EEA (PC-101)."""
    if not (may_carry_health and host.region_in_eea):
        raise NoGround(Refusal("no_health_there", _("Health data can't be sent to this service.")))


@dataclass(frozen=True, slots=True)
class Name:
    """Somebody's name, or a practice's: one line, no address in it. Raises ValueError."""

    text: str

    def __post_init__(self) -> None:
        must_stay_out(self.text)
        if len(self.text) > LONGEST_NAME or "\n" in self.text or "://" in self.text:
            raise ValueError("a name is one short line without an address")

    def __str__(self) -> str:
        return self.text

    @classmethod
    def short(cls, text: str) -> Self:
        """As much of ``text`` as a name may have, on one line, with no address to click on."""
        must_stay_out(text)
        return cls(" ".join(text.replace("://", " ").split())[:LONGEST_NAME])


@dataclass(frozen=True, slots=True)
class Published:
    """Words that we published ourselves for everybody, such as what is new in a version of the policy."""

    text: str

    def __post_init__(self) -> None:
        must_stay_out(self.text)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Link:
    """An address of our own site, behind which a person signs in. Raises ValueError for any other."""

    text: str

    def __post_init__(self) -> None:
        must_stay_out(self.text)
        if not self.text.startswith(settings.SITE_URL.rstrip("/") + "/") or any(c.isspace() for c in self.text):
            raise ValueError("a link in a message leads to our own site")

    def __str__(self) -> str:
        return self.text

    @classmethod
    def to(cls, view: str, *args: object) -> Self:
        """The address of one of our pages."""
        return cls(settings.SITE_URL + reverse(view, args=args))


@dataclass(frozen=True, slots=True)
class Code:
    """A short code to type: letters and digits. Raises ValueError."""

    text: str

    def __post_init__(self) -> None:
        must_stay_out(self.text)
        if not (self.text.isascii() and self.text.isalnum() and len(self.text) <= LONGEST_CODE):
            raise ValueError(f"a code is letters and digits, {LONGEST_CODE} at most")

    def __str__(self) -> str:
        return self.text


Value = int | Decimal | date | datetime | time | Name | Published | Link | Code | None
"""What a message may be filled in with. Free text isn't among it."""
_VALUES: Final = (int, Decimal, date, time, Name, Published, Link, Code, type(None))
_WORDS: Final = (Name, Published, Link, Code)


@final
class Plain:
    """Words for an e-mail or a text message. Made from a template by :meth:`from_template`, never from a string."""

    __slots__ = ("_text",)

    def __init__(self, mint: object, text: str) -> None:
        if mint is not _TOKEN:
            raise TypeError("A message is made from a template: ask Plain.from_template")
        self._text = text

    def __repr__(self) -> str:
        return "<Plain>"

    def __str__(self) -> str:
        return self._text

    @classmethod
    def from_template(cls, template: str, values: Mapping[str, Value], *, language: str) -> "Plain":
        """The template in ``language``, filled in, with our own name and address at hand. Raises TypeError for a value
        that could hold free text.
        """
        must_be_values(values)
        said = {**_house(), **{name: _said(value) for name, value in values.items()}}
        with translation.override(language):
            text = render_to_string(template, said)
        return cls(_TOKEN, text.strip())


def must_stay_out(value: object) -> None:
    """Raises TypeError for words of a patient's file, however deep they stand in it."""
    if holds_unsealed(value):
        raise TypeError("Words of a patient's file never go into a message: say where they can be read")


def must_be_values(values: Mapping[str, object]) -> None:
    """Raises TypeError for a value that could hold free text, health content above all."""
    for name, value in values.items():
        if not isinstance(value, _VALUES):
            raise TypeError(
                f"{name} may not go into a message: give a number, a day, a Name, a Link or a Code, never text"
            )


def packed(values: Mapping[str, Value]) -> dict[str, list[Any]]:
    """Values as JSON, each with its kind, so that :func:`unpacked` gives back the same. Raises TypeError as a message does."""
    must_be_values(values)
    return {name: _packed(value) for name, value in values.items()}


def unpacked(said: Mapping[str, list[Any]]) -> dict[str, Value]:
    """What was packed. Raises KeyError for a kind nobody packs."""
    return {name: _KINDS[kind](value) for name, (kind, value) in said.items()}


_KINDS: Final[Mapping[str, Callable[[Any], Value]]] = MappingProxyType({
    "as it is": lambda value: value, "moment": datetime.fromisoformat, "day": date.fromisoformat, "hour": time.fromisoformat,
    "amount": Decimal, "name": Name, "published": Published, "link": Link, "code": Code,
})  # fmt: skip


def _packed(value: Value) -> list[Any]:
    if isinstance(value, _WORDS):
        return [type(value).__name__.lower(), value.text]
    if isinstance(value, datetime | date | time):
        kind = "moment" if isinstance(value, datetime) else "day" if isinstance(value, date) else "hour"
        return [kind, value.isoformat()]
    return ["amount", str(value)] if isinstance(value, Decimal) else ["as it is", value]


def _said(value: Value) -> object:
    return str(value) if isinstance(value, _WORDS) else value


def _house() -> dict[str, object]:
    """What every message may name without being given it: us."""
    return {"product": settings.PRODUCT_NAME, "controller": settings.CONTROLLER, "site_url": settings.SITE_URL}
