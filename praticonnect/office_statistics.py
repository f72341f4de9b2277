"""The office's ledger of publications: what each may tell, and what is left of the year's budget (PC-20)."""

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from audit.requests import HouseRequest
from privacy.clocks import legal_day
from records.statistics import queries
from records.statistics.noise import Loss
from records.statistics.periods import Quarter
from records.statistics.questions import QUESTIONS
from records.statistics.rules import CAP

PER_PAGE = 40


def ledger(request: HouseRequest) -> HttpResponse:
    """Every publication, newest first. No exact figure is stored, so none is here either."""
    today = legal_day(request.now)
    spent, page = (
        Loss(**queries.spent(today.year)),
        Paginator(queries.released(), PER_PAGE).get_page(request.GET.get("page")),
    )
    words = {question.name: question.words for question in QUESTIONS}
    context = {
        "title": _("Published statistics"), "page": page, "year": today.year, "spent": spent, "cap": CAP,
        "left": max(0.0, CAP.epsilon - spent.epsilon),
        "rows": [
            (one, Quarter(one.period).name, words.get(one.question, one.question), sum(map(bool, one.cells.values())))
            for one in page.object_list
        ],
    }  # fmt: skip
    return TemplateResponse(request, "office/statistics.html", {**admin.site.each_context(request), **context})
