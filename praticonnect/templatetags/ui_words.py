"""Filters and tags that turn values into words: days, moments, tones, what a field needs. Part of `{% load ui %}`."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BaseForm, BoundField
from django.template import Context
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from privacy import days

register = template.Library()

TONE_ICONS = {
    "info": "info",
    "ok": "circle-check",
    "warn": "triangle-alert",
    "danger": "octagon-alert",
    "held": "gavel",
}
NEAR = {0: gettext_lazy("today"), 1: gettext_lazy("tomorrow"), -1: gettext_lazy("yesterday")}
MESSAGE_TONES = {"success": "ok", "error": "danger", "warning": "warn"}


# ── dates in words ─────────────────────────────────────────────────────────────────────────────


def _now(context: Context) -> datetime:
    """The request's moment (`request.now`); pages rendered outside a request ask the clock here, at the edge."""
    return getattr(context.get("request"), "now", None) or timezone.now()


def day_in_words(day: date, today: date) -> str:
    """Today, tomorrow and yesterday by name; the weekday within a week; the bare date beyond."""
    return _day_in_words(day, today, get_language())


@lru_cache(maxsize=1024)
def _day_in_words(day: date, today: date, _language: str | None) -> str:
    """The same words for the same days in one language: a list says a few days many times."""
    away = (day - today).days
    if away in NEAR:
        return str(NEAR[away])
    return f"{date_format(day, 'l')} {days.written(day)}" if abs(away) < 7 else days.written(day)


@register.filter
def written(value: date | None, form: str = "DATE_FORMAT") -> str:
    """A day, or a moment in local time with form "DATETIME_FORMAT", written out; nothing for none."""
    if value is None:
        return ""
    return days.written(timezone.localtime(value) if isinstance(value, datetime) else value, form)


@register.simple_tag(takes_context=True)
def day(context: Context, value: date | datetime | None) -> SafeString | str:
    """A day in words, machine-readable too; an empty value gives a dash with a spoken "none"."""
    if value is None:
        return format_html('<span aria-hidden="true">–</span><span class="visually-hidden">{}</span>', _("none"))
    plain = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return format_html(
        '<time datetime="{}">{}</time>', plain.isoformat(), day_in_words(plain, timezone.localdate(_now(context)))
    )


@register.simple_tag(takes_context=True)
def moment(context: Context, value: datetime | None) -> SafeString | str:
    """A moment in words with its time of day (local time of the site)."""
    if value is None:
        return day(context, None)
    local = timezone.localtime(value)
    words = _("%(day)s at %(time)s") % {
        "day": day_in_words(local.date(), timezone.localdate(_now(context))),
        "time": date_format(local, "TIME_FORMAT"),
    }
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), words)


# ── forms ──────────────────────────────────────────────────────────────────────────────────────


@register.filter
def field_kind(field: BoundField) -> str:
    """ "tick" for a single box, "choice" for several, "text" for the rest."""
    if field.widget_type == "checkbox":
        return "tick"
    return "choice" if field.use_fieldset else "text"


@register.filter
def first_input_id(field: BoundField) -> str:
    """The id an error link jumps to: the first input of a group, else the input itself."""
    return f"{field.auto_id}_0" if field.use_fieldset else field.id_for_label


@register.filter
def has_mandatory(form: BaseForm) -> bool:
    """Whether the form has a visible mandatory field, so that the asterisk needs its explanation (MD-01)."""
    return any(field.field.required for field in form.visible_fields())


@register.filter
def count_errors(form: BaseForm) -> int:
    """How many single errors the summary lists."""
    return sum(len(errors) for errors in form.errors.values())


@register.filter
def plainly(value: object) -> str:
    """A figure of evidence in words: a list by its parts, an empty one as "none", yes and no."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(str, value)) or _("none")
    return str(value)


# ── tones ──────────────────────────────────────────────────────────────────────────────────────


@register.filter
def tone_icon(tone: str) -> str:
    """The icon that always goes with a tone."""
    return TONE_ICONS.get(tone, "info")


@register.filter
def tone_word(tone: str) -> str:
    """The word that always goes with a tone: never colour alone."""
    words = {
        "ok": pgettext("tone of a notice", "Done."),
        "warn": pgettext("tone of a notice", "Please note."),
        "danger": pgettext("tone of a notice", "Important."),
        "held": pgettext("tone of a notice", "Kept under law."),
    }
    return words.get(tone) or pgettext("tone of a notice", "Good to know.")


@register.filter
def message_tone(message: Message) -> str:
    """The tone of one of Django's messages."""
    return MESSAGE_TONES.get(message.level_tag, "info")


@register.filter
def spaced(name: str) -> str:
    """A name of the code as words: ``files_in_clear`` is "files in clear"."""
    return name.replace("_", " ")
