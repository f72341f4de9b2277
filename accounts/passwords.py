"""The password rule (promise MD-54; CNIL recommendation 2022-100; NIST SP 800-63B).

Length and guessability, no composition rule: at least twelve characters (sixteen for staff), at most 128, and at least 50
bits, counted as an attacker would: a common word, a run or a repetition is one guess, not its letters.
"""

import math
import re
import unicodedata
from functools import lru_cache

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import breached
from accounts.models import User

SHORTEST = 12
SHORTEST_STAFF = 16
LONGEST = 128
FEWEST_BITS = 50
GOAL_BITS = 80

# CNIL's meter: how many signs each kind of character offers.
DIGITS, LOWER, UPPER, SIGNS, OTHER_SCRIPT = 10, 26, 26, 37, 100
COMMON_WORD_BITS = math.log2(20_000)
OWN_WORD_BITS = 4.0
SHORTEST_WORD = 4
LONGEST_WORD = 16
SHORTEST_REPEAT = 3

_LEET = str.maketrans("0134578@$!", "oleastbasi")


def alphabet_size(password: str) -> int:
    """How many different signs the kinds of character in this password offer (CNIL's way)."""
    kinds = {
        "digit": (DIGITS, any(c.isascii() and c.isdigit() for c in password)),
        "lower": (LOWER, any(c.isascii() and c.islower() for c in password)),
        "upper": (UPPER, any(c.isascii() and c.isupper() for c in password)),
        "sign": (SIGNS, any(c.isascii() and not c.isalnum() for c in password)),
        "other": (OTHER_SCRIPT, any(not c.isascii() for c in password)),
    }
    return sum(size for size, used in kinds.values() if used)


@lru_cache(maxsize=1)
def _common_words() -> frozenset[str]:
    return frozenset(
        word for word in {*CommonPasswordValidator().passwords, *breached.WORDS_HERE} if len(word) >= SHORTEST_WORD
    )


def _fold(password: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", password.lower()) if not unicodedata.combining(c))


def _word_at(folded: str, unleet: str, at: int, words: frozenset[str]) -> int:
    """Length of the longest of `words` that starts here (0 when none does)."""
    longest = min(len(folded) - at, LONGEST_WORD)
    lengths = (n for n in range(longest, SHORTEST_WORD - 1, -1) if {folded[at : at + n], unleet[at : at + n]} & words)
    return next(lengths, 0)


def words_of(*texts: str) -> frozenset[str]:
    """The words in what is known about a person: names, parts of the address."""
    words = {word for text in texts for word in re.split(r"[\W_0-9]+", _fold(text))}
    return frozenset(word[:LONGEST_WORD] for word in words if len(word) >= SHORTEST_WORD)


def _run_at(folded: str, at: int) -> int:
    """Length of a run such as aaaa, abcd or 9876 that starts here (0 when shorter than three)."""
    if at + 2 >= len(folded):
        return 0
    step = ord(folded[at + 1]) - ord(folded[at])
    end = at + 1
    while end < len(folded) and ord(folded[end]) - ord(folded[end - 1]) == step:
        end += 1
    return end - at if abs(step) <= 1 and end - at >= SHORTEST_REPEAT else 0


def _repeat_at(folded: str, at: int) -> int:
    """Length of the longest piece from here that already stood before (0 when shorter than three)."""
    lengths = (
        n for n in range(min(at, len(folded) - at), SHORTEST_REPEAT - 1, -1) if folded[at : at + n] in folded[:at]
    )
    return next(lengths, 0)


def guess_bits(password: str, own: frozenset[str] = frozenset()) -> float:
    """How many bits of guessing the password costs an attacker who knows the words `own` about the person.

    Never more than CNIL's plain meter.
    """
    folded = _fold(password)
    unleet, per_sign = folded.translate(_LEET), math.log2(max(alphabet_size(password), 2))
    bits, at = 0.0, 0
    while at < len(folded):
        if word := _word_at(folded, unleet, at, own):
            bits, at = bits + OWN_WORD_BITS, at + word
        elif word := _word_at(folded, unleet, at, _common_words()):
            bits, at = bits + min(COMMON_WORD_BITS, word * per_sign), at + word
        elif run := _run_at(folded, at):
            bits, at = bits + per_sign + math.log2(run), at + run
        elif repeat := _repeat_at(folded, at):
            bits, at = bits + math.log2(len(folded)) * 2, at + repeat
        else:
            bits, at = bits + per_sign, at + 1
    return min(bits, len(password) * per_sign)


def known_about(user: User | None) -> list[str]:
    """What an attacker knows about the person: the address, and the names of the profile."""
    if user is None:
        return []
    profile = None if user._state.adding else getattr(user, "practitioner", None)
    return [user.email, *([profile.surname, profile.given_names, profile.city] if profile else [])]


def refuse_guessable(password: str, *known: str) -> None:
    """Raises ValidationError when the password costs less than 50 bits to who knows the texts `known`."""
    if guess_bits(password, words_of(*known)) < FEWEST_BITS:
        message = _(
            "This password is easy to guess: it is made of common words, years, runs, repeats or your own name. Add a word nobody links with you."
        )
        raise ValidationError(message, code="password_guessable")


class LengthValidator:
    """Twelve to 128 characters; sixteen for staff."""

    def validate(self, password: str, user: User | None = None) -> None:
        shortest = SHORTEST_STAFF if user is not None and user.is_staff else SHORTEST
        if len(password) < shortest:
            message = ngettext(
                "Your password has %(length)d character; it needs at least %(shortest)d. Three or four unrelated words are easy to remember.",
                "Your password has %(length)d characters; it needs at least %(shortest)d. Three or four unrelated words are easy to remember.",
                len(password),
            )
            raise ValidationError(
                message, code="password_too_short", params={"length": len(password), "shortest": shortest}
            )
        if len(password) > LONGEST:
            message = gettext("Your password has %(length)d characters; at most %(longest)d can be kept.")
            raise ValidationError(
                message, code="password_too_long", params={"length": len(password), "longest": LONGEST}
            )

    def get_help_text(self) -> str:
        return gettext(
            "At least 12 characters (16 for staff). Any characters, spaces too; no capital or digit is required."
        )


class GuessabilityValidator:
    """At least 50 bits, for an attacker who knows the address and the name."""

    def validate(self, password: str, user: User | None = None) -> None:
        refuse_guessable(password, *known_about(user))

    def get_help_text(self) -> str:
        return gettext(
            "Nothing made of your name, and not a common word with a year or a run of keys: three or four unrelated words are best."
        )


class BreachedValidator:
    """Not on the offline list of passwords known to attackers."""

    def validate(self, password: str, user: User | None = None) -> None:
        if breached.is_breached(password):
            message = _(
                "This password is on a list that attackers try first. Choose another one, and change it wherever else you use it."
            )
            raise ValidationError(message, code="password_breached")

    def get_help_text(self) -> str:
        return gettext("Not a password known to attackers (checked here, nothing is sent anywhere).")
