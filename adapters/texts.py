"""How a text message is written and counted: the GSM 7-bit alphabet, French signs folded into it, segments (3GPP TS 23.038).

One sign outside of the alphabet makes the whole message Unicode, with 70 signs in a segment instead of 160: so French signs that it
lacks are folded (ê to e, œ to oe); é, è, à, ù and Ç are in it and stay. Hebrew can't be folded and goes as Unicode.
"""

from dataclasses import dataclass
from math import ceil
from typing import Final

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
DOUBLE: Final = frozenset("^{}\\[~]|€\f")
"""Signs that take the place of two."""
FOLDED: Final = str.maketrans({
    "â": "a", "ê": "e", "î": "i", "ô": "o", "û": "u", "ë": "e", "ï": "i", "ÿ": "y", "ç": "c", "œ": "oe", "Œ": "OE",
    "À": "A", "Â": "A", "È": "E", "Ê": "E", "Ë": "E", "Î": "I", "Ï": "I", "Ô": "O", "Û": "U", "Ù": "U", "Ÿ": "Y",
    "«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "‑": "-", "…": "...", "•": "-",
    "\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ", "\N{THIN SPACE}": " ", "\t": " ",
})  # fmt: skip
LONGEST: Final = 612
LONGEST_UNICODE: Final = 268
"""Signs that BulkGate takes in one message: four segments."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text as it goes over the air. ``signs`` are those that are paid for."""

    text: str
    unicode: bool
    signs: int

    @property
    def segments(self) -> int:
        """How many messages the operator counts."""
        alone, joined = (70, 67) if self.unicode else (160, 153)
        return 1 if self.signs <= alone else ceil(self.signs / joined)


def write(text: str) -> Written:
    """Fold what can be folded, and count. Raises ValueError for an empty text, or one longer than four segments."""
    folded = text.translate(FOLDED).strip()
    unicode = not set(folded) <= BASIC | DOUBLE
    said = text.strip() if unicode else folded
    signs = len(said.encode("utf-16-le")) // 2 if unicode else sum(2 if sign in DOUBLE else 1 for sign in said)
    if not 0 < signs <= (LONGEST_UNICODE if unicode else LONGEST):
        raise ValueError(f"a text message has 1 to {LONGEST} signs, {LONGEST_UNICODE} in Unicode; this one has {signs}")
    return Written(said, unicode, signs)
