"""Why something isn't possible: what every rule returns and every action raises."""

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Refusal:
    """What stands in the way, in words that say what to do, and the form's field it is about. Prints as its sentence."""

    code: str
    message: str | Promise
    field: str | None = None

    def __str__(self) -> str:
        return str(self.message)


class Refused(Exception):
    """Raised by an action whose rule said no; nothing was written. ``refusal`` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal

    def __str__(self) -> str:
        return str(self.refusal)


def require(refusal: Refusal | None) -> None:
    """Raise :class:`Refused` when there is a refusal."""
    if refusal is not None:
        raise Refused(refusal)
