"""The office's list of training sets: how large each was, who left since, and whether its file is there (PC-21)."""

from collections.abc import Iterator
from typing import Final

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit.requests import HouseRequest
from records.training import queries
from records.training.rules import KEPT, LEAST

PER_PAGE: Final = 40
WHY_OUT: Final[dict[str, str | Promise]] = {
    "owner": _("an owner of the practice hadn't agreed"), "no_grant": _("the practitioner hadn't agreed"),
    "no_member": _("the practitioner had left the practice"), "suspended": _("the practitioner's account was to be deleted"),
    "not_treated": _("the practitioner didn't treat the patient"),
    "left_alone": _("the file was restricted, archived or on its way out"),
    "no_patient": _("nobody's yes counted for the patient any more"), "dead": _("the patient had died"),
    "age_unknown": _("the birth date wasn't known"), "minor": _("a child without a guardian's yes"),
    "shut": _("the file was closed"), "no_text": _("nothing was signed"),
    "changed": _("a consent was taken back meanwhile"),
}  # fmt: skip
WHY_TEXT_OUT: Final[dict[str, str | Promise]] = {
    "author": _("its author hadn't agreed"), "no_text": _("it was empty"),
    "shape": _("a number, link or address was left"), "script": _("a script without capital letters"),
    "word": _("a word with a capital letter that few patients' texts have"),
}  # fmt: skip


def sets(request: HouseRequest) -> HttpResponse:
    """Every set, newest first: figures about nobody. No text of any is here, nor anywhere else to read."""
    page = Paginator(queries.builds(), PER_PAGE).get_page(request.GET.get("page"))
    found = queries.sets(page.object_list, request.now)
    context = {
        "title": _("Training sets"), "page": page, "least": LEAST, "days": KEPT.days,
        "rows": [(one, list(_out(one.build.counts))) for one in found],
        "there": queries.number_there(), "built": page.paginator.count,
    }  # fmt: skip
    return TemplateResponse(request, "office/training.html", {**admin.site.each_context(request), **context})


def _out(counts: dict[str, dict[str, int]]) -> Iterator[tuple[str | Promise, int]]:
    """What stayed out and why, in words: files first, then single consultations."""
    for name, words in (("out", WHY_OUT), ("texts_out", WHY_TEXT_OUT)):
        yield from ((words.get(why, why), number) for why, number in sorted(counts[name].items()))
