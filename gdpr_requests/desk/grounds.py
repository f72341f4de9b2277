"""On which grounds a request may be refused, wholly or in part, and for which rights each is one (D7)."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy.deadlines import Right


class Ground(models.TextChoices):
    """Grounds of refusal, each with its article."""

    IDENTITY = "identity", _("Your identity could not be established (GDPR Art. 12(6)).")
    EXCESSIVE = "excessive", _("The request is manifestly unfounded or excessive (GDPR Art. 12(5)).")
    NOT_HELD = "not_held", _("We hold no data about you (GDPR Art. 15(1)).")
    RETENTION = "retention", _("The law obliges us to keep the data (GDPR Art. 17(3)(b), (c); CSP R1112-7).")
    CLAIMS = "claims", _("The data are needed for legal claims (GDPR Art. 17(3)(e), 18(2), 21(1)).")
    OTHERS = "others", _("The answer would adversely affect the rights of others (GDPR Art. 15(4), 20(4)).")
    ACCURATE = "accurate", _("The data are accurate and complete (GDPR Art. 16).")
    NOT_PORTABLE = "not_portable", _("The data rest neither on consent nor on a contract (GDPR Art. 20(1)).")
    COMPELLING = "compelling", _("Compelling legitimate grounds override your interests (GDPR Art. 21(1)).")
    STAYS = (
        "stays",
        _(
            "The change stays: you can end the contract before it takes effect, with your export and at no cost (GDPR Art. 28(2))."
        ),
    )
    LAWFUL = "lawful", _("The conditions of a restriction are not met (GDPR Art. 18(1)).")


ALWAYS: Final = frozenset({Ground.IDENTITY, Ground.EXCESSIVE})

OF_RIGHT: Final[dict[Right, frozenset[Ground]]] = {
    Right.ACCESS: frozenset({Ground.NOT_HELD, Ground.OTHERS}),
    Right.QUESTIONED_ACCESS: frozenset({Ground.NOT_HELD, Ground.OTHERS}),
    Right.PORTABILITY: frozenset({Ground.NOT_HELD, Ground.OTHERS, Ground.NOT_PORTABLE}),
    Right.RECTIFICATION: frozenset({Ground.NOT_HELD, Ground.ACCURATE}),
    Right.ERASURE: frozenset({Ground.NOT_HELD, Ground.RETENTION, Ground.CLAIMS}),
    Right.RESTRICTION: frozenset({Ground.NOT_HELD, Ground.LAWFUL, Ground.CLAIMS}),
    Right.OBJECTION: frozenset({Ground.NOT_HELD, Ground.COMPELLING, Ground.CLAIMS}),
    Right.DIRECTIVES: frozenset({Ground.RETENTION, Ground.CLAIMS, Ground.OTHERS}),
    Right.SUBPROCESSORS: frozenset({Ground.STAYS}),
    Right.HOSTING_OBJECTION: frozenset({Ground.NOT_HELD, Ground.COMPELLING, Ground.RETENTION}),
}
"""Beside those that always may be one. Withdrawing a consent can't be refused otherwise. Directives are carried out as far as the law lets."""


def grounds_of(right: Right) -> list[Ground]:
    """The grounds on which a request for ``right`` may be refused, in a fixed order."""
    allowed = ALWAYS | OF_RIGHT.get(right, frozenset())
    return [ground for ground in Ground if ground in allowed]
