"""Every template of the house, read as HTML: nothing that the strict Content-Security-Policy would refuse."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(
    path for path in ROOT.glob("**/templates/**/*.html") if not {".venv", "var", "node_modules"} & set(path.parts)
)
SPRITE = (ROOT / "static/vendor/lucide/sprite.svg").read_text()
ICONS = set(re.findall(r'<symbol id="([^"]+)"', SPRITE))
TEMPLATE_TAG = re.compile(r"{%.*?%}|{#.*?#}", re.DOTALL)
ICON_USES = re.compile(r"""(?:{%\s*icon|\bicon=|"icon":|icon:\s*str\s*=)\s*["']([a-z0-9-]+)["']""")


class Inline(HTMLParser):
    """Collects what a strict policy refuses: style attributes, event handlers, scripts and styles with a body, addresses elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.found += [f"{tag} {name}" for name in names if name == "style" or name.startswith("on")]
        self.found += [
            f"{tag} {value}"
            for name, value in attrs
            if name in {"src", "href"} and re.match(r"(https?:)?//|javascript:|data:", value or "")
        ]
        self.inside = tag if tag in {"script", "style"} and names.get("type") != "application/json" else ""
        if tag == "style":
            self.found.append("style element")

    def handle_endtag(self, tag: str) -> None:
        self.inside = "" if tag == self.inside else self.inside

    def handle_data(self, data: str) -> None:
        if self.inside == "script" and data.strip():
            self.found.append(f"script: {data.strip()[:40]}")


def inline_things(html: str) -> list[str]:
    """What the policy would refuse in one template."""
    parser = Inline()
    parser.feed(TEMPLATE_TAG.sub("x", html))
    return parser.found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_has_nothing_inline(path: Path) -> None:
    assert inline_things(path.read_text()) == []


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<p style="color:red">', ["p style"]),
        ('<a onclick="go()">', ["a onclick"]),
        ("<script>go()</script>", ["script: go()"]),
        ("<style>p{}</style>", ["style element"]),
        ('<script src="https://cdn.example/x.js"></script>', ["script https://cdn.example/x.js"]),
        ('<script type="application/json">{"data": 1}</script>', []),
        ('<script src="{% static "js/x.js" %}"></script>', []),
    ],
)
def test_inline_finder_sees_each_kind(html: str, found: list[str]) -> None:
    assert inline_things(html) == found


def icon_names(text: str) -> set[str]:
    """The icons a template or a Python file asks for by name."""
    return set(ICON_USES.findall(text))


def test_icons_asked_for_are_in_the_sprite() -> None:
    sources = [
        *TEMPLATES,
        *ROOT.glob("praticonnect/**/*.py"),
        *ROOT.glob("gdpr_requests/*.py"),
        *ROOT.glob("records/*.py"),
    ]
    asked = {name: str(path) for path in sources for name in icon_names(path.read_text())}
    missing = {name: path for name, path in asked.items() if name not in ICONS}
    assert missing == {}
    assert len(asked) > 10


def test_tone_icons_are_in_the_sprite() -> None:
    from praticonnect.templatetags.ui_words import TONE_ICONS

    assert set(TONE_ICONS.values()) - ICONS == set()


def test_icon_finder_sees_a_missing_icon() -> None:
    assert icon_names('{% icon "no-such-icon" %} {% figure icon="eye" %}') == {"no-such-icon", "eye"}


def translatable_leftovers(html: str) -> list[str]:
    """Words of a template that stand outside {% translate %} and {% blocktranslate %}."""
    bare = re.sub(r"{%\s*(blocktranslate|blocktrans).*?{%\s*end\1\s*%}", "", html, flags=re.DOTALL)
    bare = re.sub(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}|<!--.*?-->|<!doctype html>", "", bare, flags=re.DOTALL)
    bare = re.sub(r"{% block frame %}.*?{% endblock %}|&\w+;", "", bare)
    bare = re.sub(r"{%.*?%}|{{.*?}}", "", bare, flags=re.DOTALL)
    bare = re.sub(r"<(code|kbd|samp|svg|script)\b.*?</\1>", "", bare, flags=re.DOTALL)
    texts = (text.strip() for text in re.sub(r"<[^>]*>", "\n", bare).split("\n"))
    return [
        text
        for text in texts
        if re.search(r"[A-Za-zÀ-ÿ]{3}", text) and text.strip(" ·") not in {"PratiConnect", "CSV", "JSON", "RPPS"}
    ]


OURS = [path for path in TEMPLATES if path.name != "gallery.html"]


@pytest.mark.parametrize("path", OURS, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_words_are_translatable(path: Path) -> None:
    assert translatable_leftovers(path.read_text()) == []


def test_leftover_finder_sees_a_bare_word() -> None:
    assert translatable_leftovers('<p>{% translate "Fine" %}</p><p>Forgotten words</p>') == ["Forgotten words"]
