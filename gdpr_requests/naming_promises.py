"""PC-01 wherever something leaves the house: each message, page, paper and statement names company, address and DPO."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.template import Engine

from consents.models import ConsentEvent
from consents.receipts import receipt
from lifecycle.models import ErasureCertificate
from privacy.promises import Measure, promise

CHECKED: Final = "tests/gdpr_requests/test_naming.py"
PARTS: Final = ("name", "address", "dpo_email")
LINKS: Final = re.compile(r"""\{%\s*(?:extends|include)\s+["']([^"']+)["']""")
DOCUMENT: Final = re.compile(r"<html\b", re.IGNORECASE)
PAPERS: Final = (
    "gdpr/archive/index.html", "lifecycle/certificate_paper.html", "office/breach_form.html", "office/processing.html",
    "office/request_register.html", "records/consultation_print.html", "gdpr/register.html", "gdpr/contact.html",
)  # fmt: skip
"""What is printed, exported or handed to an authority."""
ELSEWHERE: Final = {
    "500.html": "shown when nothing works, without a setting to read from",
    "gdpr/archive/base.html": "a page within an export, whose first page names the controller",
}
SAMPLE: Final = 20


@promise("PC-01", checked_by=CHECKED)
def whatever_leaves_the_house_names_the_controller(now: datetime) -> Measure:
    """Every e-mail, whole page and paper says all three parts, by itself or through the frame it stands in; so do statements."""
    mails = sorted(name for name in _templates() if name.endswith("_message.txt"))
    pages = sorted(name for name in _templates() if name not in ELSEWHERE and DOCUMENT.search(_source(name)))
    nameless = [
        f"{part}: {name}"
        for name in (*mails, *pages, *PAPERS, "admin/base_site.html")
        for part in PARTS
        if part not in _said(name)
    ]
    figures = {
        "mails": len(mails),
        "frames_of_pages": pages,
        "papers": len(PAPERS),
        "nameless": sorted(nameless),
        "receipts_without": _nameless(json.dumps(receipt(event, now=now), ensure_ascii=False) for event in _newest()),
        "certificates_without": _nameless(row.content for row in ErasureCertificate.objects.order_by("-pk")[:SAMPLE]),
    }
    broken = ("nameless", "receipts_without", "certificates_without")
    return Measure(bool(mails and pages) and not any(figures[name] for name in broken), figures)


def _newest() -> list[ConsentEvent]:
    return list(ConsentEvent.objects.select_related("text").order_by("-at")[:SAMPLE])


def _nameless(statements: Iterable[str]) -> int:
    """How many signed statements lack a part."""
    return sum(any(settings.CONTROLLER[part] not in one for part in PARTS) for one in statements)


def _folders() -> list[Path]:
    """Where our own templates lie, not those of libraries."""
    return [Path(folder) for folder in Engine.get_default().dirs]


def _templates() -> Iterator[str]:
    """Our own templates, by name."""
    for folder in _folders():
        yield from (str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file())


def _source(name: str) -> str:
    """What stands in a template of ours; nothing for a library's, which says nothing of the controller."""
    folders = _folders()
    return next(((at / name).read_text(encoding="utf-8") for at in folders if (at / name).is_file()), "")


def _said(name: str, above: frozenset[str] = frozenset()) -> frozenset[str]:
    """The parts that a template prints, by itself, by what it includes or by the frame it extends."""
    source = _source(name)
    own = frozenset(part for part in PARTS if f"controller.{part}" in source)
    further = (_said(link, above | {name}) for link in LINKS.findall(source) if link not in above)
    return own.union(*further)
