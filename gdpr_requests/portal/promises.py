"""PC-70 and MD-10 for patients, measured on the live database."""

from datetime import datetime
from typing import Final

from django.db.models import F
from django.template.loader import render_to_string
from django.utils.translation import override

from accounts.access import Act, Audience
from audit.models import AccessEntry
from care.models import Capacity, PortalLink
from care.tenancy import ALL, scope
from consents import notices
from consents.models import ConsentEvent
from consents.patients import Wish
from consents.receipts import is_genuine, receipt
from consents.rules import FOR_A_FILE
from consents.states import Action, State
from gdpr_requests.access import ACCESS
from gdpr_requests.models import Request
from gdpr_requests.portal.board import Choice
from gdpr_requests.portal.choices import VALIDATE
from privacy.clocks import legal_day
from privacy.deadlines import Right
from privacy.ids import new_id
from privacy.patient_keys import PATIENT_KEYS, TELECONSULTATION
from privacy.promises import Measure, promise

SAMPLE: Final = 50
CHOICES: Final = ("patient_privacy:consents", "patient_privacy:consent_decide")
PAGES: Final = ("patient_privacy:journal", "patient_privacy:question")


@promise("PC-70", checked_by="tests/gdpr_requests/test_patient_privacy.py")
def patients_read_and_question_their_journal(now: datetime) -> Measure:
    """The pages are open in every phase; each questioned line was one of the asker's own, and went to whoever answers.

    A line that has left at its own end (PC-70 keeps three years) can't be compared any more, and counts as gone.
    """
    asked = Request.objects.filter(right=Right.QUESTIONED_ACCESS.value, entry_number__isnull=False)
    rows = list(asked.only("entry_number", "account_id", "file_id", "practice_id"))
    entries = AccessEntry.objects.in_bulk([row.entry_number for row in rows])
    astray = [row.number for row in rows if not _is_right(row, entries.get(row.entry_number or 0))]
    shut = [
        name for name in PAGES if ACCESS[name].audience is not Audience.PATIENT or ACCESS[name].act is not Act.PRIVACY
    ]
    with scope(ALL):
        readers = PortalLink.objects.live(now).exclude(capacity=Capacity.PROXY).values("account_id").distinct().count()
    figures = {
        "patients_who_can_read": readers, "accesses_questioned": len(rows), "lines_gone": len(rows) - len(entries),
        "asked_of_somebody_else": astray, "pages_shut": shut,
    }  # fmt: skip
    return Measure(kept=not (astray or shut), figures=figures)


@promise("MD-10", checked_by="tests/gdpr_requests/test_patient_consents.py")
def the_informed_consent_is_an_express_act(now: datetime) -> Measure:
    """Every yes was a press on the notice's own button by the patient or a guardian, on that notice; its receipts verify.

    The page is open to signed-in patients only, shows the whole notice, and has nothing that could be ticked beforehand.
    """
    said = ConsentEvent.objects.filter(key__in=PATIENT_KEYS)
    informed = said.filter(key=TELECONSULTATION, action__in=(Action.GIVEN, Action.RENEWED))
    passive = (
        informed.exclude(control="button", control_default="none").count() + informed.filter(control_label="").count()
    )
    astray = said.exclude(actor_role__in=FOR_A_FILE, controller_id__isnull=False, actor_id__isnull=False).count()
    unread = said.exclude(text__slot=F("key")).count()
    newest = informed.select_related("text").order_by("-at")[:SAMPLE]
    false = sum(not is_genuine(receipt(event, now=now)) for event in newest)
    shut = [name for name in CHOICES if ACCESS[name].audience is not Audience.PATIENT]
    lacking = [language for language in notices.LANGUAGES if not _asks_expressly(language, now)]
    figures = {
        "informed_consents": informed.count(), "not_by_the_button": passive, "not_by_patient_or_guardian": astray,
        "on_other_words": unread, "receipts_false": false, "pages_open_to_others": shut, "notices_not_express": lacking,
    }  # fmt: skip
    return Measure(not (passive or astray or unread or false or shut or lacking), figures)


def _asks_expressly(language: str, now: datetime) -> bool:
    """Whether the part of the page with the notice shows all of it, and one button beside it that nobody pressed yet."""
    with override(language):
        text = notices.in_force(TELECONSULTATION, language, legal_day(now))
        never = Wish(TELECONSULTATION, State(), None, counts=False)
        asked = Choice(new_id(), never, text, text.wording, practice_agrees=False)
        context = {"informed": asked, "link": PortalLink(id=asked.link_id), "validate": VALIDATE}
        shown = render_to_string("patient_privacy/informed.html", context)
    whole = str(asked.html) in shown and text.sha256 in shown
    return whole and shown.count('type="submit"') == 1 and "checkbox" not in shown and "checked" not in shown


def _is_right(row: Request, entry: AccessEntry | None) -> bool:
    """Whether the line was about the asker's file or account, and its own practice (or the house) was asked."""
    if entry is None:
        return True
    about = row.file_id or row.account_id
    return entry.subject_id == about and (row.file_id is None or entry.practice_id in (None, row.practice_id))
