"""The office's pages on the retention schedule: what is in force, what is proposed, before and after (NEW-05)."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.stepup import fresh_factor
from audit.requests import HouseRequest
from lifecycle.models import ScheduleVersion
from lifecycle.schedule import actions, queries
from lifecycle.schedule.redating import due
from lifecycle.schedule.report import report
from lifecycle.tasks import redate
from praticonnect.office_clocks import words_of
from privacy.clocks import Period
from privacy.refusals import Refused
from privacy.register import RetentionLine, retention_table
from privacy.retention_rules import Rule
from privacy.schedule import BadSchedule, Change, in_force

LONGEST = 20_000


class ProposeForm(forms.Form):
    """A changed schedule; the parser says what is wrong with it, by rule and field."""

    text = forms.CharField(
        label=_("Changed rules, as JSON"),
        max_length=LONGEST,
        help_text=_("Only the rules that change: each with the fact it counts from, its length and its parts."),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )


def schedule(request: HouseRequest) -> HttpResponse:
    """The rules in force and every version; a changed schedule is proposed here."""
    form = ProposeForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (row := _proposed(request, form)):
        return redirect("admin:schedule_version", row.number)
    now = in_force()
    context = {
        "title": _("Retention schedule"),
        "form": form,
        "number": now.number,
        "lines": [_rule_cells(line) for line in retention_table(rules=now.rules)],
        "versions": queries.versions(),
        "waiting": due(),
    }
    return _page(request, "office/schedule.html", context, status=422 if form.errors else 200)


def version(request: HouseRequest, number: int) -> HttpResponse:
    """One version: what it changes, and what leaves before and after."""
    found = queries.version(number)
    if found is None:
        raise Http404
    told = report(found, request.now) if found.is_open else None
    context = {
        "title": _("A version of the retention schedule"),
        "version": found,
        "changes": [_change_cells(found.schedule.rules[change.rule], change) for change in found.changes],
        "told": told,
        "months": [(line, words_of(line.kind)) for line in told.lines] if told else [],
        "rules": [(rule, words_of(kind), *counts) for rule, kind, *counts in told.by_rule()] if told else [],
    }
    return _page(request, "office/schedule_version.html", context)


@require_POST
@fresh_factor
def approve(request: HouseRequest, number: int) -> HttpResponse:
    """Put a version in force; the stored ends follow it in the worker, and in the next sweep at the latest."""
    try:
        actions.approve(number=number, by=request.actor, now=request.now)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        transaction.on_commit(redate.delay)
        messages.success(request, gettext("The version is in force; the stored ends follow it within minutes."))
    return redirect("admin:schedule")


def period_words(period: Period | None) -> str:
    """A period in the reader's language; empty for none."""
    if period is None:
        return ""
    parts = [
        ngettext("%(n)d year", "%(n)d years", period.years) % {"n": period.years} if period.years else "",
        ngettext("%(n)d month", "%(n)d months", period.months) % {"n": period.months} if period.months else "",
        ngettext("%(n)d day", "%(n)d days", period.days) % {"n": period.days} if period.days else "",
    ]
    return ", ".join(part for part in parts if part) or gettext("at once")


def _proposed(request: HouseRequest, form: ProposeForm) -> ScheduleVersion | None:
    try:
        return actions.propose(text=form.cleaned_data["text"], by=request.actor, now=request.now)
    except BadSchedule as wrong:
        for problem in wrong.problems:
            form.add_error("text", problem)
    except Refused as refused:
        form.add_error(None, str(refused))
    return None


def _rule_cells(line: RetentionLine) -> tuple[Rule, str, str, str, str]:
    rule = line.rule
    lasts = gettext(rule.lasts) if rule.lasts else period_words(rule.length)
    return rule, gettext(rule.category), gettext(rule.anchor.value), lasts, period_words(rule.active)


def _change_cells(rule: Rule, change: Change) -> dict[str, Any]:
    part = gettext("in daily use") if change.part == "active" else gettext("in all")
    return {
        "rule": rule.id,
        "category": gettext(rule.category),
        "part": part,
        "before": period_words(change.before),
        "after": period_words(change.after),
        "shortens": change.shortens,
    }


def _page(request: HouseRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), **context}, status=status)
