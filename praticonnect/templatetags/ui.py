"""The pieces of the look as template tags: `{% load ui %}`. Every piece is shown with its states on /gallery/ in development.

A component's context is exactly its parameters, so nothing leaks in from the page and a misspelt parameter is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import template
from django.core.paginator import Page
from django.forms import BaseForm, BoundField
from django.http import HttpRequest
from django.template import Context
from django.template.base import NodeList, Parser, Token
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.formats import number_format
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString

from praticonnect.clock_line import ClockLine, Hold
from praticonnect.templatetags import ui_words

register = template.Library()
register.tags.update(ui_words.register.tags)
register.filters.update(ui_words.register.filters)

SPRITE = "vendor/lucide/sprite.svg"
TURNING_ICONS = {
    "arrow-left",
    "arrow-right",
    "chevron-left",
    "chevron-right",
    "log-in",
    "log-out",
    "external-link",
    "undo-2",
    "list-checks",
}

Values = dict[str, Any]


def component(name: str) -> Callable[[Callable[..., Values]], Callable[..., Values]]:
    """Register a function as the tag `name` that renders templates/components/<name>.html with what it returns."""
    return register.inclusion_tag(f"components/{name}.html", name=name)


# ── frame ──────────────────────────────────────────────────────────────────────────────────────


class PageTitle(template.Node):
    """Renders its block once, prints it without tags, and keeps it as `page_title` for the heading of the page."""

    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        title = self.nodelist.render(context).strip()
        context["page_title"] = SafeString(title)
        return SafeString(strip_tags(title))


@register.tag
def pagetitle(parser: Parser, _token: Token) -> PageTitle:
    """`{% pagetitle %}{% block title %}{% endblock %}{% endpagetitle %}`: one text for <title> and <h1>."""
    nodelist = parser.parse(("endpagetitle",))
    parser.delete_first_token()
    return PageTitle(nodelist)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A Lucide icon from the local sprite; decorative unless it has a label of its own."""
    return _drawn(name, label)


@lru_cache(maxsize=256)
def _drawn(name: str, label: str) -> SafeString:
    """The markup of an icon: the same for everybody, and dozens on a page."""
    turns = " icon--turns" if name in TURNING_ICONS else ""
    spoken = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon{}" {} focusable="false"><use href="{}#{}"/></svg>', turns, spoken, static(SPRITE), name
    )


# ── forms ──────────────────────────────────────────────────────────────────────────────────────


@component("field")
def field(field: BoundField) -> Values:
    """One bound field in our look: label, mandatory mark, help, error, input."""
    return {"field": field}


@component("form_errors")
def form_errors(form: BaseForm) -> Values:
    """The summary of errors with links, for pages that lay out the fields one by one (`{{ form }}` has it already)."""
    return {"form": form}


@component("required_note")
def required_note(form: BaseForm) -> Values:
    """What the asterisk means, if the form has one (`{{ form }}` has it already)."""
    return {"form": form}


@component("code_field")
def code_field(field: BoundField) -> Values:
    """Six digits: one input that takes paste and autofill."""
    return {"field": field}


@component("autosave")
def autosave() -> Values:
    """The polite line inside `<form data-autosave="URL">` that says whether the draft is saved."""
    return {}


# ── words and figures ──────────────────────────────────────────────────────────────────────────


@component("notice")
def notice(
    tone: str = "info", text: str = "", *, title: str = "", url: str = "", link: str = "", live: bool = False
) -> Values:
    """tone: info, ok, warn, danger, held; `live` when it answers an act just done."""
    return {"tone": tone, "text": text, "title": title, "url": url, "link": link, "live": live}


@register.simple_block_tag
def noticeblock(content: str, tone: str = "info", title: str = "") -> SafeString:
    """A notice with own markup: `{% noticeblock "held" "Kept until 2041" %}<p>…</p>{% endnoticeblock %}`."""
    return render_to_string("components/notice.html", {"tone": tone, "title": title, "body": SafeString(content)})


@component("badge")
def badge(text: str, tone: str = "", *, icon: str = "") -> Values:
    """A state in one word; tone: ok, info, warn, danger, held or none."""
    return {"text": text, "tone": tone, "icon": icon}


@component("figure")
def figure(
    *,
    number: object,
    noun: str,
    question: str = "",
    icon: str = "",
    since: str = "",
    url: str = "",
    link: str = "",
    tone: str = "",
) -> Values:
    """A large answer: number (a whole number gets its thousands apart), noun, since when, and where to see it."""
    shown = number_format(number, force_grouping=True) if isinstance(number, int) else number
    return {
        "number": shown, "noun": noun, "question": question, "icon": icon, "since": since, "url": url, "link": link, "tone": tone,
    }  # fmt: skip


@component("empty")
def empty(*, title: str, text: str = "", icon: str = "inbox", url: str = "", link: str = "") -> Values:
    """What will be here, and the one act that brings it."""
    return {"title": title, "text": text, "icon": icon, "url": url, "link": link}


@component("facts")
def facts(facts: Iterable[tuple[str, object]]) -> Values:
    """A definition list of (term, value)."""
    return {"facts": facts}


@component("code_block")
def code_block(text: str, *, id: str) -> Values:
    """Text shown as it is, with a copy button where JavaScript runs."""
    return {"text": text, "id": id}


# ── acts ───────────────────────────────────────────────────────────────────────────────────────


@component("switch_row")
def switch_row(
    *, key: str, name: str, effect: str, action: str = "", on: bool | None = None, consequence: str = "", basis: str = "", state: str = "",
    history_url: str = "", receipt_url: str = "", child: str = "", locked: str = "", locked_url: str = "", locked_link: str = "",
    shown: str = "", more: str = "", closed: str = "", page: str = "",
) -> Values:  # fmt: skip
    """One switch as a plain form: posts `key`, `child` and `on` ("yes" or "no", the state asked for) to `action`.

    `on=None`: never decided, shown as off. `locked`: why there is no switch here, with a link to the other act.
    `shown`: the address of the wording beside it, posted along, so that the proof names what was read; `more`: the whole of
    that wording, folded away; `closed`: why nothing happens although it is on; `page`: where to come back to.
    """
    return {
        "key": key, "name": name, "effect": effect, "action": action, "on": on, "closed": closed, "consequence": consequence, "basis": basis, "state": state,
        "history_url": history_url, "receipt_url": receipt_url, "child": child, "locked": locked, "locked_url": locked_url,
        "locked_link": locked_link, "shown": shown, "more": more, "page": page,
    }  # fmt: skip


@component("confirm")
def confirm(
    *, button: str, action: str = "", goes: Iterable[str] = (), stays: Iterable[str] = (), undo: Iterable[str] = (), cancel_url: str = "",
    form: BaseForm | None = None, hidden: dict[str, str] | None = None, danger: bool = False,
) -> Values:  # fmt: skip
    """The page before a grave act: what goes, what stays and why, what can be undone, then one button and a way out."""
    return {
        "button": button, "action": action, "goes": goes, "stays": stays, "undo": undo, "cancel_url": cancel_url, "form": form or "",
        "hidden": hidden or {}, "danger": danger,
    }  # fmt: skip


@component("steps")
def steps(steps: Iterable[object]) -> Values:
    """Numbered steps, each with name, state (done, now, next, failed), text and url."""
    return {"steps": steps}


@component("progress")
def progress(*, id: str, label: str, text: str, value: int = 0, max: int = 0, leave: bool = False) -> Values:
    """How far long work has come; without `max` the end is not known yet."""
    return {"id": id, "label": label, "text": text, "value": value, "max": max, "leave": leave}


# ── lists ──────────────────────────────────────────────────────────────────────────────────────


@component("tabs")
def tabs(tabs: Iterable[object], *, label: str) -> Values:
    """Navigation between sister pages; each tab has name, url, current and maybe icon."""
    return {"tabs": tabs, "label": label}


@component("filters")
def filters(form: BaseForm, *, clear_url: str = "") -> Values:
    """A filter bar sent by GET."""
    return {"form": form, "clear_url": clear_url}


@component("exports")
def exports(exports: Iterable[tuple[str, str]]) -> Values:
    """Links that take a list away, as (words, url)."""
    return {"exports": exports}


@register.inclusion_tag("components/pager.html", name="pager", takes_context=True)
def pager(context: Context, page: Page[Any], *, form: str = "") -> Values:
    """Where one is in a list, and the way on; keeps the other values of the address, or of the form with the id given."""
    return {"page": page, "request": context["request"], "form": form}


@register.simple_block_tag
def datatable(content: str, *, caption: str, id: str, cards: bool = False) -> SafeString:
    """A table that scrolls inside itself; with `cards` it becomes cards on a phone (give each cell data-label)."""
    return render_to_string(
        "components/table.html", {"content": SafeString(content), "caption": caption, "id": id, "cards": cards}
    )


@register.inclusion_tag("components/sort_header.html", name="sort_header", takes_context=True)
def sort_header(context: Context, key: str, words: str, *, number: bool = False, default: str = "") -> Values:
    """A column head that sorts by link: `?sort=key`, then `?sort=-key`; `default` is the order without a choice."""
    request: HttpRequest = context["request"]
    now = request.GET.get("sort", default)
    order = {key: "ascending", f"-{key}": "descending"}.get(now, "")
    return {
        "request": request,
        "words": words,
        "number": number,
        "order": order,
        "next": f"-{key}" if now == key else key,
    }


@register.inclusion_tag("components/journal_row.html", name="journal_row", takes_context=True)
def journal_row(
    context: Context,
    *,
    when: datetime,
    who: str,
    what: str,
    role: str = "",
    why: str = "",
    glass: bool = False,
    dispute_url: str = "",
    refs: Sequence[tuple[str, str]] = (),
) -> Values:
    """One line of a journal, inside `<ol class="journal">`; `glass` marks an emergency access, `refs` the files it concerns as (words, url)."""
    return {
        "request": context.get("request"), "when": when, "who": who, "what": what, "role": role, "why": why, "glass": glass,
        "dispute_url": dispute_url, "only": refs if len(refs) == 1 else (), "several": refs if len(refs) > 1 else (),
    }  # fmt: skip


@component("clock_line")
def clock_line(
    *,
    start: date,
    today: date,
    end: date | None,
    label: str,
    start_why: str = "",
    end_why: str = "",
    holds: Iterable[Hold] = (),
    active_until: date | None = None,
) -> Values:
    """A retention clock as a drawing and as a table; `holds` are objects with label, since and until (day or None).

    What follows `active_until`, the last day in daily use, is drawn as the archive.
    """
    return {
        "clock": ClockLine(
            start=start, today=today, end=end, label=label, start_why=start_why, end_why=end_why, held=tuple(holds),
            active_until=active_until,
        )
    }  # fmt: skip
