"""The colours keep their contrast in both schemes, and the sheets know no left and right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "static/css"
SHEETS = sorted(CSS.glob("*.css"))
TEXT_PAIRS = [
    ("ink", "ground"), ("ink", "paper"), ("ink", "sunken"), ("ink", "brand-wash"), ("ink-soft", "ground"), ("ink-soft", "paper"), ("ink-soft", "sunken"),
    ("brand", "ground"), ("brand", "paper"), ("brand", "brand-wash"), ("brand-ink", "brand-wash"), ("brand-ink", "paper"),
    ("on-brand", "brand"), ("on-brand", "brand-ink"), ("on-danger", "danger"), ("on-danger", "danger-ink"),
    ("ok", "paper"), ("ok", "ok-wash"), ("warn", "paper"), ("warn", "warn-wash"), ("danger", "paper"), ("danger-ink", "danger-wash"),
    ("held", "paper"), ("held", "held-wash"),
    *[("ink", f"{tone}-wash") for tone in ("ok", "warn", "danger", "held")],
    *[("brand", f"{tone}-wash") for tone in ("ok", "warn", "held")],
]  # fmt: skip
LINE_PAIRS = [
    ("line-strong", "paper"),
    ("line-strong", "ground"),
    ("line-strong", "sunken"),
    ("focus", "ground"),
    ("focus", "paper"),
    ("brand", "sunken"),
]


def schemes() -> dict[str, dict[str, str]]:
    """The colour tokens of the light and of the dark scheme."""
    light, dark = (CSS / "tokens.css").read_text().split("@media (prefers-color-scheme: dark)")
    colours = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part)) for part in (light, dark)]
    return {"light": colours[0], "dark": colours[0] | colours[1]}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_of_black_on_white_is_21() -> None:
    assert round(contrast("#000000", "#ffffff"), 2) == 21.0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), TEXT_PAIRS)
def test_text_contrast_is_readable(scheme: str, front: str, back: str) -> None:
    colours = schemes()[scheme]
    assert contrast(colours[front], colours[back]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), LINE_PAIRS)
def test_line_contrast_is_visible(scheme: str, front: str, back: str) -> None:
    colours = schemes()[scheme]
    assert contrast(colours[front], colours[back]) >= 3


def test_dark_scheme_names_every_colour_again() -> None:
    light, dark = schemes().values()
    assert [name for name in light if light[name] == dark[name]] == []


PHYSICAL = re.compile(
    r"(?<![\w-])(left|right|(margin|padding|border|scroll-margin|scroll-padding|inset)-(left|right|top|bottom)[\w-]*|top|bottom|width|height"
    r"|(min|max)-(width|height))\s*:|(text-align|float|clear)\s*:\s*(left|right)|to (left|right)"
)


def physical_words(css: str) -> list[str]:
    """Declarations that fix a direction of writing; queries of the window's size are no direction."""
    bare = re.sub(r"/\*.*?\*/|@media[^{]*", "", css, flags=re.DOTALL)
    return [match.group(0) for match in PHYSICAL.finditer(bare)]


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_sheet_uses_logical_properties_only(path: Path) -> None:
    assert physical_words(path.read_text()) == []


def test_physical_finder_sees_each_kind() -> None:
    css = "a{margin-left:1px}b{text-align: right}c{width:2px}@media (min-width: 3rem){d{inline-size:1px}}"
    assert physical_words(css) == ["margin-left:", "text-align: right", "width:"]


@pytest.mark.parametrize(
    "path", [path for path in SHEETS if path.name not in {"tokens.css", "print.css"}], ids=lambda path: path.name
)
def test_only_the_tokens_name_colours(path: Path) -> None:
    assert re.findall(r"#[0-9a-f]{3,8}\b(?![\w-]*\s*[,{.:])", path.read_text()) == []
