"""The two ages that change who looks into a young person's file. Pure: days in, days out.

At 15 a minor may keep parts of their care to themselves (Code de la santé publique L1111-5; data law: Art. 45 of the
French law on data protection). At 18 every guardian's right ends (Code civil 414).
"""

from datetime import date
from typing import Final

OWN_SAY: Final = 15
MAJORITY: Final = 18


def turns(age: int, born: date) -> date:
    """The day of that birthday; of somebody born on 29 February, 1 March in common years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def has_own_say(born: date, today: date) -> bool:
    """Whether the young person decides what a guardian sees."""
    return today >= turns(OWN_SAY, born)


def is_of_age(born: date, today: date) -> bool:
    """Whether nobody is their guardian as a parent any more."""
    return today >= turns(MAJORITY, born)
