"""The switches, the log, the receipts, and the public texts."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.queries import signed_in
from audit.requests import HouseRequest
from consents import actions, notices, queries, rendering
from consents import log as exports
from consents.board import Group, board, switches_of
from consents.consequences import CONSEQUENCES
from consents.forms import DecisionForm, LogFilter
from consents.models import PublishedText
from consents.receipts import receipt as receipt_of
from privacy.clocks import legal_day
from privacy.own_keys import OWN_KEYS
from privacy.refusals import Refused
from privacy.subprocessors import service_of

PER_PAGE = 25


@require_safe
def switches(request: HouseRequest) -> HttpResponse:
    """The eight switches with those of the integrations (PC-10)."""
    return _board(request)


@require_POST
def decide(request: HouseRequest) -> HttpResponse:
    """Flip one switch. What is no consent is taken back on its own page first (PC-09)."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        problem = _("We couldn't read which switch you meant. Nothing was changed: choose it again below.")
        return _board(request, problem=problem, status=400)
    asked = form.cleaned_data
    on = asked["on"] == "yes"
    if not on and asked["key"] in CONSEQUENCES and not asked["confirmed"]:
        return redirect("consents:confirm", asked["key"])
    try:
        decision = actions.decide(
            subject_id=signed_in(request).pk, key=asked["key"], child=asked["child"], on=on,
            by=request.actor, language=get_language() or "en", channel=request.actor.channel,
            now=request.now, text=asked["shown"], control=_control(asked, on=on),
        )  # fmt: skip
    except Refused as refused:
        return _board(request, problem=str(refused), status=409)
    return _told(request, asked, decision)


@require_safe
def confirm(request: HouseRequest, key: str) -> HttpResponse:
    """What follows from taking back an acceptance or acknowledgement, before it is done (PC-16)."""
    if key not in CONSEQUENCES:
        raise Http404
    now, language = request.now, get_language() or "en"
    if not queries.is_live(signed_in(request).pk, key, now=now):
        return redirect("consents:switches")
    text = notices.in_force(key, language, legal_day(now))
    hidden = {"key": key, "on": "no", "shown": text.sha256, "confirmed": "yes"}
    told = CONSEQUENCES[key]
    return render(request, "consents/confirm.html", {"told": told, "text": text, "hidden": hidden})


@require_safe
def log(request: HouseRequest) -> HttpResponse:
    """All entries of this person, filtered and in pages (PC-15)."""
    form = _filter(request)
    entries = _entries(request, form)
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    asked = request.GET.urlencode()
    taken = [
        ("CSV", f"{reverse('consents:log_csv')}?{asked}"),
        ("JSON", f"{reverse('consents:log_json')}?{asked}"),
    ]
    rows = exports.rows(page.object_list, _titles(request))
    context = {"form": form, "page": page, "rows": rows, "exports": taken}
    return render(request, "consents/log.html", context)


@require_safe
def log_csv(request: HouseRequest) -> HttpResponse:
    """The log as CSV, under the same filter."""
    entries = _entries(request, _filter(request))
    response = HttpResponse(exports.as_csv(exports.lines(entries)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="consents.csv"'
    return response


@require_safe
def log_json(request: HouseRequest) -> HttpResponse:
    """The log as JSON, under the same filter."""
    entries = exports.lines(_entries(request, _filter(request)))
    response = JsonResponse(exports.as_json(signed_in(request).pk, entries))
    response["Content-Disposition"] = 'attachment; filename="consents.json"'
    return response


@require_safe
def receipt(request: HouseRequest, event_id: Any) -> HttpResponse:
    """The signed receipt of one of this person's entries (NEW-01)."""
    event = queries.entry_of(signed_in(request).pk, event_id)
    if event is None:
        raise Http404
    shape = {"ensure_ascii": False, "indent": 2}
    response = JsonResponse(
        receipt_of(event, now=request.now), json_dumps_params=shape, content_type="application/ld+json"
    )
    response["Content-Disposition"] = f'attachment; filename="receipt-{event.number}.jsonld"'
    return response


@require_safe
def text(request: HouseRequest, address: str) -> HttpResponse:
    """A published wording at its address, for good (PC-11)."""
    found = queries.published(address)
    if found is None:
        raise Http404
    return render(request, "consents/text.html", {"text": found, **_read(found)})


@require_safe
def policy(request: HouseRequest) -> HttpResponse:
    """The policy in force today."""
    versions = queries.policies(get_language() or "en")
    today = legal_day(request.now)
    current = next((one for one in versions if one.effective_on <= today), None)
    return _policy(request, current, versions)


@require_safe
def policy_version(request: HouseRequest, number: int) -> HttpResponse:
    """One version of the policy, with what changed from the one before (PC-24)."""
    versions = queries.policies(get_language() or "en")
    found = next((one for one in versions if one.number == number), None)
    return _policy(request, found, versions, diff_open=True)


def _policy(
    request: HouseRequest, shown: PublishedText | None, versions: list[PublishedText], *, diff_open: bool = False
) -> HttpResponse:
    if shown is None:
        raise Http404
    before = next((one for one in versions if one.number == shown.number - 1), None)
    today = legal_day(request.now)
    sections = rendering.by_section(before.content, shown.content) if before else []
    return render(
        request, "consents/policy.html",
        {
            "text": shown, "versions": versions, "before": before, "today": today,
            "diff_open": diff_open,
            "current": next((one for one in versions if one.effective_on <= today), None),
            "sections": sections, "changed": sum(len(lines) for _title, lines in sections),
            **_read(shown),
        },
    )  # fmt: skip


def _read(shown: PublishedText) -> dict[str, Any]:
    return {"wording": notices.parse(shown.content), "html": rendering.html(shown.content)}


def _board(request: HouseRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    groups = board(signed_in(request).pk, language=get_language() or "en", now=request.now)
    context = {"groups": groups, "problem": problem, **_figures(groups)}
    return render(request, "consents/switches.html", context, status=status)


def _figures(groups: list[Group]) -> dict[str, Any]:
    every = switches_of(groups)
    chosen = [one.state.since for one in every if one.state.since]
    by_slot = {one.slot: one for one in every}
    return {
        "on": sum(bool(one.on) for one in every),
        "total": len(every),
        "last": max(chosen, default=None),
        "contract": by_slot["tos_privacy"],
        "core": by_slot["health_data_processing"],
    }


def _told(request: HouseRequest, asked: dict[str, Any], decision: actions.Decision) -> HttpResponse:
    """Back to the switch, with the result of the act in words."""
    slot = notices.slot_of(asked["key"], asked["child"])
    wording = notices.in_force(slot, get_language() or "en", legal_day(request.now)).wording
    said = {"name": wording.title, "result": wording.on if decision.state.on else wording.off}
    if not decision.changed:
        messages.info(request, _("“%(name)s” already stood like this; nothing was written.") % said)
    elif decision.state.on:
        messages.success(request, _("“%(name)s” is on. %(result)s") % said)
    else:
        messages.success(request, _("“%(name)s” is off. %(result)s") % said)
    row = slugify(f"switch-{asked['key']}-{asked['child']}")
    service = asked["page"] and (asked["child"] or service_of(slot, legal_day(request.now)))
    page = reverse("gdpr:integration", args=[service]) if service else reverse("consents:switches")
    return redirect(f"{page}#{row}")


def _control(asked: dict[str, Any], *, on: bool) -> actions.Control:
    if asked["confirmed"]:
        return actions.Control("button", "none", str(CONSEQUENCES[asked["key"]].button))
    label = pgettext("switch", "Off") if on else pgettext("switch", "On")
    return actions.Control("switch", "off" if on else "on", label)


def _titles(request: HouseRequest) -> dict[str, str]:
    day, language = legal_day(request.now), get_language() or "en"
    return {slot: notices.in_force(slot, language, day).wording.title for slot in (*notices.slots(), *OWN_KEYS)}


def _filter(request: HouseRequest) -> LogFilter:
    return LogFilter(request.GET, titles=_titles(request))


def _entries(request: HouseRequest, form: LogFilter) -> Any:
    wanted = form.cleaned_data if form.is_valid() else {}
    return queries.filtered(signed_in(request).pk, request.now, wanted)
