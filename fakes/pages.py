"""Pages a person looks at: plain HTML, no scripts."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Final

from fakes.wire import Reply

STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#faf8f4}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:start;padding:.5rem;border-block-end:1px solid #ddd;vertical-align:top;overflow-wrap:anywhere}"
    "form{margin-block:.25rem}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#fff;border:1px solid #ddd;padding:1rem}button{font:inherit;padding:.5rem 1rem;min-block-size:44px}"
    "@media(max-width:35rem){thead{display:none}td{display:block;border:0;padding:.25rem 0}tr{display:block;padding-block:.5rem;border-block-end:1px solid #ddd}}"
    "label{display:block;margin-block:.5rem}.note{color:#555}nav a{margin-inline-end:1rem}"
)


def page(title: str, *parts: str, status: int = 200) -> Reply:
    """A whole page of ``parts``, which are HTML."""
    top = (
        '<nav><a href="/">All services</a></nav><p class="note">A stand-in on this machine: nothing here leaves it.</p>'
    )
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body>{top}<h1>{escape(title)}</h1>{''.join(parts)}</body></html>"
    )
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *; media-src 'self'; img-src 'self'",
        "X-Content-Type-Options": "nosniff",
    }
    return Reply(status, html.encode(), headers)


def words(text: str) -> str:
    """A paragraph."""
    return f"<p>{escape(text)}</p>"


def verbatim(text: str) -> str:
    """Text as it is."""
    return f"<pre>{escape(text)}</pre>"


def link(address: str, text: str) -> str:
    """A link."""
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], empty: str = "Nothing yet.") -> str:
    """A table whose cells are HTML; ``empty`` said when there are no rows."""
    body = ["<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows]
    if not body:
        return words(empty)
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def form(action: str, button: str, hidden: Mapping[str, str] | None = None, inner: str = "") -> str:
    """A form with one button; ``inner`` is HTML of more fields."""
    fields = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in (hidden or {}).items()
    )
    return f'<form method="post" action="{escape(action)}">{fields}{inner}<button>{escape(button)}</button></form>'


def field(name: str, label: str, value: str = "", kind: str = "text") -> str:
    """A labelled field."""
    return f'<label>{escape(label)} <input type="{escape(kind)}" name="{escape(name)}" value="{escape(value)}"></label>'
