"""Our own texts as HTML, and what changed between two of them. Raw HTML in a text stays text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from consents.notices import parse

SECTION = re.compile(r"^## (.+)\n", re.MULTILINE)
ABOUT_ITSELF = re.compile(r"^(?:change|news): .*\n", re.MULTILINE)
"""Head lines by which a version says what it changes: they stand beside a comparison, not in it."""
COMMENT = re.compile(r"^<!--.*-->\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of a changed line: ``kept``, ``added`` or ``removed``."""

    kind: str
    words: str


@cache
def html(content: str) -> SafeString:
    """The body of a text as HTML; its tables scroll inside themselves."""
    made: str = _markdown().render(COMMENT.sub("", parse(content).body))
    made = made.replace("<table>", '<div class="table" tabindex="0"><table>')
    return mark_safe(made.replace("</table>", "</table></div>"))  # noqa: S308 - raw HTML is off


def changes(old: str, new: str) -> list[list[Piece]]:
    """The changed lines between two texts, word by word, in their order (PC-24)."""
    before, after = _lines(old), _lines(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return [
        line
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
        for line in _changed(before[a:b], after[c:d])
    ]


def by_section(old: str, new: str) -> list[tuple[str, list[list[Piece]]]]:
    """The changed lines under the heading they stand under, in the order of the newer text; what is gone comes last."""
    before, after = _sections(old), _sections(new)
    found = [
        (title, changes(before.get(title, ""), after.get(title, ""))) for title in dict.fromkeys([*after, *before])
    ]
    return [(title, lines) for title, lines in found if lines]


def _sections(content: str) -> dict[str, str]:
    """The text by its headings, each with its heading line; what stands before the first goes without a name."""
    parts = SECTION.split(content)
    found = {"": ABOUT_ITSELF.sub("", parts[0])}
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        found[title] = f"{found.get(title, '')}## {title}\n{body}"
    return found


def _changed(before: list[str], after: list[str]) -> Iterator[list[Piece]]:
    for old, new in zip(before, after, strict=False):
        yield list(_words(old, new))
    yield from ([Piece("removed", line)] for line in before[len(after) :])
    yield from ([Piece("added", line)] for line in after[len(before) :])


def _words(old: str, new: str) -> Iterator[Piece]:
    before, after = old.split(), new.split()
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            yield Piece("kept", " ".join(before[a:b]))
            continue
        if a < b:
            yield Piece("removed", " ".join(before[a:b]))
        if c < d:
            yield Piece("added", " ".join(after[c:d]))


def _lines(content: str) -> list[str]:
    plain = COMMENT.sub("", content)
    rows = (line.strip("| #") for line in plain.split("\n") if not line.startswith("|---"))
    return [re.sub(r" \| ", " · ", row) for row in rows if row]


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")
