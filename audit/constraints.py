"""Checks in PostgreSQL that a row names who is answerable for it."""

from django.db.models import CheckConstraint, Q

from privacy.decisions import COMMAND_LINE, IMPERSONAL


def by_a_person(name: str, *, account: str, role: str, unless: Q | None = None) -> CheckConstraint:
    """A human being did it: under an own account, or at the house's command line; never a job or an unknown visitor (MD-31).

    ``unless``: rows that are no decision, or none yet.
    """
    known = Q(**{f"{account}__isnull": False}) & ~Q(**{f"{role}__in": [*IMPERSONAL, ""]})
    person = known | Q(**{role: COMMAND_LINE})
    return CheckConstraint(condition=person if unless is None else unless | person, name=name)
