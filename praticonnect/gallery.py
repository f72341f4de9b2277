"""Every piece of the look in its states, on one page: /gallery/, in development only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from praticonnect.clock_line import Hold


class SampleForm(forms.Form):
    """One field of each kind."""

    surname = forms.CharField(label=gettext_lazy("Surname"), max_length=80)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), help_text=gettext_lazy("We write here about your account, nothing else.")
    )
    born_on = forms.DateField(
        label=gettext_lazy("Birth date"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    country = forms.ChoiceField(
        label=gettext_lazy("Country"), choices=[("FR", gettext_lazy("France")), ("IL", gettext_lazy("Israel"))]
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Where"),
        choices=[("room", gettext_lazy("At the practice")), ("home", gettext_lazy("At home"))],
        widget=forms.RadioSelect,
    )
    notes = forms.CharField(label=gettext_lazy("Notes"), required=False, widget=forms.Textarea(attrs={"rows": 4}))
    agreed = forms.BooleanField(label=gettext_lazy("I have read how my data is used"))


class CodeForm(forms.Form):
    """Six digits."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        help_text=gettext_lazy("The six digits your authenticator app shows now."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "6"}),
    )


class FilterForm(forms.Form):
    """A filter bar."""

    who = forms.CharField(label=gettext_lazy("Who"), required=False)
    part = forms.ChoiceField(label=gettext_lazy("Part"), required=False, choices=[("", gettext_lazy("Every part"))])


@dataclass(frozen=True)
class SampleHold:
    """A hold on the sample clock."""

    label: str
    since: date
    until: date | None


def _clocks(today: date) -> list[dict[str, Any]]:
    """A clock that runs into its archive, one that is held, one that has ended, one without an end."""
    year = timedelta(days=365)
    hold: list[Hold] = [SampleHold(_("Complaint before the court of Paris"), today - year, None)]
    start, why = today - 5 * year, _("Last visit")
    kept = _("20 years after the last visit (Art. R1112-7 CSP)")
    return [
        {
            "start": start,
            "end": today + 15 * year,
            "label": _("A file that runs"),
            "start_why": why,
            "end_why": kept,
            "holds": [],
            "active_until": today + year,
        },
        {
            "start": start,
            "end": today + 2 * year,
            "label": _("A file under hold"),
            "start_why": why,
            "end_why": kept,
            "holds": hold,
            "active_until": None,
        },
        {
            "start": start,
            "end": today - year // 2,
            "label": _("A clock that has ended"),
            "start_why": why,
            "end_why": kept,
            "holds": [],
            "active_until": None,
        },
        {
            "start": start,
            "end": None,
            "label": _("A clock without an end"),
            "start_why": why,
            "end_why": "",
            "holds": [],
            "active_until": None,
        },
    ]


def _context(request: HttpRequest) -> dict[str, Any]:
    """Everything the gallery shows; sample words only, no row of any table."""
    now = timezone.now()
    today = timezone.localdate(now)
    names = [
        ("done", _("Your account")),
        ("done", _("Second factor")),
        ("now", _("Your patients")),
        ("next", _("Your choices")),
    ]
    return {
        "form": SampleForm(prefix="empty"),
        "wrong_form": SampleForm({"wrong-surname": "", "wrong-email": "marie@", "wrong-notes": _("Kept as it was typed.")}, prefix="wrong"),
        "code_form": CodeForm(prefix="code"),
        "filter_form": FilterForm(prefix="filter"),
        "now": now,
        "today": today,
        "days": [today, today + timedelta(days=1), today + timedelta(days=4), today + timedelta(days=400)],
        "clocks": _clocks(today),
        "steps": [{"name": name, "state": state, "text": ""} for state, name in names],
        "page": Paginator(range(95), 10).get_page(request.GET.get("page", 2)),
        "tabs": [{"name": _("Overview"), "url": "#tabs", "current": True}, {"name": _("Consents"), "url": "#tabs"}, {"name": _("Log"), "url": "#tabs"}],
        "exports": [("CSV", "#table"), ("JSON", "#table")],
        "facts": [(_("Born"), _("29 February 1984")), (_("Phone"), "+33 1 23 45 67 89"), (_("Allergies"), _("Penicillin"))],
        "goes": [_("Your profile and your settings"), _("412 log-in records")],
        "stays": [_("Invoices, until 31 December 2036 (Art. L123-22 of the Commercial Code)")],
        "undo": [_("Everything, until Tuesday 22 December")],
        "tones": ["info", "ok", "warn", "danger", "held"],
        "code": "python verify_receipt.py receipt.jsonld --key praticonnect-2026-1.pub",
    }  # fmt: skip


def gallery(request: HttpRequest) -> HttpResponse:
    """The page; 404 unless DEBUG or SHOW_GALLERY is set."""
    if not (settings.DEBUG or getattr(settings, "SHOW_GALLERY", False)):
        raise Http404
    return render(request, "gallery.html", _context(request))
