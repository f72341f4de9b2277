"""The DPO's and operations' back office: the Django admin behind a factor they hold (PC-81)."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.translation import gettext_lazy as _

from audit.requests import HouseRequest
from audit.verification import verify
from care import tenancy
from lifecycle.runs import is_late
from praticonnect import (
    office_archive,
    office_breaches,
    office_clocks,
    office_consents,
    office_credentials,
    office_deaths,
    office_desk,
    office_duties,
    office_egress,
    office_emergency,
    office_operations,
    office_orders,
    office_policies,
    office_processing,
    office_queue,
    office_register,
    office_schedule,
    office_statistics,
    office_subprocessors,
    office_supervision,
    office_today,
    office_training,
    office_usage,
)
from praticonnect.office_nav import standing_at
from privacy.promises import measure

OURS = frozenset({"accounts", "audit", "care", "consents", "directory", "lifecycle", "records"})


PAGES = (*office_egress.PAGES, *office_operations.PAGES, *office_queue.PAGES)
"""Address, view and name of pages that say their own."""


class OfficeSite(AdminSite):
    """Only staff whose session is verified come in; the gate asks for a held factor before."""

    site_header = _("PratiConnect office")
    site_title = _("PratiConnect office")
    index_title = _("What is due")
    index_template = "office/index.html"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Windows on our own tables only: a library's factors, sessions and groups aren't edited by hand."""
        models = model_or_iterable if isinstance(model_or_iterable, Iterable) else [model_or_iterable]
        if ours := [model for model in models if model._meta.app_label in OURS]:
            super().register(ours, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff with a proven second factor."""
        user = request.user
        return user.is_active and user.is_staff and user.is_verified()

    def each_context(self, request: Any) -> dict[str, Any]:
        """What every page of the office knows: the groups of pages, and where it stands among them."""
        return {**super().each_context(request), **standing_at(request)}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What is due, the most urgent first, and all pages."""
        now: datetime = request.now  # type: ignore[attr-defined]  # the context middleware set it
        clocks, figures, late = office_today.running(now), office_today.due(now), is_late(now)
        calm = not (clocks or late or any(one.number for one in figures))
        told = {"running": clocks, "due": figures, "sweeps_late": late, "calm": calm, "now": now}
        return super().index(request, {**(extra_context or {}), **told})

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The admin's own pages and the office's."""
        return [
            path("supervision/", self.admin_view(office_supervision.journals), name="supervision"),
            path("supervision.csv", self.admin_view(office_supervision.extract), name="supervision_csv"),
            path("consents/", self.admin_view(office_consents.consent_log), name="consent_log"),
            path("consents.csv", self.admin_view(office_consents.extract), name="consent_log_csv"),
            path("policies/", self.admin_view(office_policies.policies), name="policies"),
            path("policies/<int:number>/", self.admin_view(office_policies.policy), name="policy"),
            path("policies/<int:number>/announce/", self.admin_view(office_policies.announce), name="policy_announce"),
            path("statistics/", self.admin_view(office_statistics.ledger), name="statistics"),
            path("usage/", self.admin_view(office_usage.usage), name="usage"),
            path("training/", self.admin_view(office_training.sets), name="training_sets"),
            *office_subprocessors.paths(self.admin_view),
            path("register/", self.admin_view(office_processing.register), name="processing_register"),
            path("duties/", self.admin_view(office_duties.duties), name="duties"),
            path("duties/<uuid:duty_id>/", self.admin_view(office_duties.duty), name="duty"),
            path("duties/<uuid:duty_id>/end/", self.admin_view(office_duties.end), name="duty_end"),
            path("duties/proof/<uuid:done_id>/", self.admin_view(office_duties.proof), name="duty_proof"),
            *(path(where, self.admin_view(view), name=name) for where, view, name in PAGES),
            path("promises/", self.admin_view(self.promises), name="promises"),
            path("ledger/", self.admin_view(self.ledger), name="ledger"),
            path("requests/", self.admin_view(office_desk.desk), name="desk"),
            path("requests/enter/", self.admin_view(office_desk.enter), name="request_enter"),
            path("requests/death/", self.admin_view(office_deaths.death), name="death"),
            path("requests/<uuid:request_id>/copy.zip", self.admin_view(office_deaths.copy), name="directive_copy"),
            path("requests/register/", self.admin_view(office_register.register), name="request_register"),
            path("requests/register.csv", self.admin_view(office_register.register_csv), name="request_register_csv"),
            path("requests/register.pdf", self.admin_view(office_register.register_pdf), name="request_register_pdf"),
            path("requests/<uuid:request_id>/", self.admin_view(office_desk.one), name="request"),
            path(
                "requests/<uuid:request_id>/archive.zip", self.admin_view(office_desk.archive), name="request_archive"
            ),
            path("requests/<uuid:request_id>/paper/", self.admin_view(office_desk.paper), name="request_paper"),
            path("holds/", self.admin_view(office_clocks.holds), name="holds"),
            path("holds/<uuid:hold_id>/", self.admin_view(office_clocks.hold), name="hold"),
            path("archive/", self.admin_view(office_archive.archive), name="archive"),
            path("archive/<uuid:opening_id>/", self.admin_view(office_archive.opening), name="archive_opening"),
            path("breaches/", self.admin_view(office_breaches.breaches), name="breaches"),
            path("breaches/<uuid:breach_id>/", self.admin_view(office_breaches.breach), name="breach"),
            path("breaches/<uuid:breach_id>/form/", self.admin_view(office_breaches.breach_form), name="breach_form"),
            path("credentials/", self.admin_view(office_credentials.credentials), name="credentials"),
            path("credentials/<uuid:cut_id>/", self.admin_view(office_credentials.credential), name="credential"),
            path("emergencies/", self.admin_view(office_emergency.emergencies), name="emergencies"),
            path("emergencies/<uuid:emergency_id>/", self.admin_view(office_emergency.review), name="emergency_review"),
            path("orders/", self.admin_view(office_orders.orders), name="orders"),
            path("orders/enter/", self.admin_view(office_orders.enter), name="order_enter"),
            path("orders/<uuid:order_id>/", self.admin_view(office_orders.order), name="order"),
            path("orders/<uuid:order_id>/paper/", self.admin_view(office_orders.paper), name="order_paper"),
            path("future/", self.admin_view(office_clocks.future), name="future"),
            path("schedule/", self.admin_view(office_schedule.schedule), name="schedule"),
            path("schedule/<int:number>/", self.admin_view(office_schedule.version), name="schedule_version"),
            path("schedule/<int:number>/approve/", self.admin_view(office_schedule.approve), name="schedule_approve"),
            *super().get_urls(),
        ]

    def promises(self, request: HouseRequest) -> HttpResponse:
        """Each promise of the policy, measured while the page is made."""
        with tenancy.scope(tenancy.ALL):
            results = measure(request.now)
        states = Counter(result.kept for result in results)
        counts = {"kept": states[True], "broken": states[False], "unbuilt": states[None]}
        context = {"title": _("Promises"), "results": results, "counts": counts, "now": request.now}
        return self._page(request, "office/promises.html", context)

    def ledger(self, request: HouseRequest) -> HttpResponse:
        """The sealed evidence, verified while the page is made (NEW-02)."""
        context = {"title": _("Sealed evidence"), "report": verify(), "now": request.now}
        return self._page(request, "office/ledger.html", context)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        return TemplateResponse(request, template, {**self.each_context(request), **context})
