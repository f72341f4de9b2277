"""The office's pages in groups: the rail at the side, the list on the start page, and where a page stands."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

Words = str | Promise


@dataclass(frozen=True, slots=True)
class OfficePage:
    """One entry: ``name`` of its address, and the names of the pages below it."""

    name: str
    label: Words
    about: Words
    icon: str
    below: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The name that ``url`` reverses."""
        return f"admin:{self.name}"


@dataclass(frozen=True, slots=True)
class Group:
    """Entries that belong together."""

    label: Words
    pages: tuple[OfficePage, ...]


GROUPS = (
    Group(
        pgettext_lazy("office", "People"),
        (
            OfficePage(
                "desk", _("Requests"), _("What people ask, the most urgent first; by post and e-mail too"), "inbox",
                ("request", "request_enter", "request_register", "death"),
            ),
            OfficePage(
                "breaches", _("Breach register"), _("The 72 hours, whom a breach touches, the authority's form"),
                "triangle-alert", ("breach", "breach_form"),
            ),
            OfficePage(
                "credentials", _("Lost credentials"), _("Accounts cut at once, new credentials after an identity check"),
                "key-round", ("credential",),
            ),
            OfficePage(
                "emergencies", _("Emergency openings"), _("Files opened in an emergency, to be reviewed in 72 hours"),
                "hand", ("emergency_review",),
            ),
            OfficePage(
                "orders", _("Orders of authorities"), _("What a court or an authority may read, confirmed by the practice"),
                "gavel", ("order", "order_enter"),
            ),
        ),
    ),
    Group(
        pgettext_lazy("office", "Keeping and destroying"),
        (
            OfficePage("holds", _("Legal holds"), _("Files that stay, whatever their clocks say"), "gavel", ("hold",)),
            OfficePage(
                "archive", _("Restricted archive"), _("Files out of daily use, and who had one opened again"), "archive",
                ("archive_opening",),
            ),
            OfficePage("future", _("What will leave"), _("In the next 30 days and 12 months, by rule"), "hourglass"),
            OfficePage(
                "schedule", _("Retention schedule"), _("The rules in force; a change shown before and after"), "clock",
                ("schedule_version",),
            ),
        ),
    ),
    Group(
        pgettext_lazy("office", "Proof"),
        (
            OfficePage("promises", _("Promises"), _("Each promise of the policy, measured now"), "list-checks"),
            OfficePage(
                "policies", _("Policy"), _("Versions, notices of change, who was told and who accepted again"), "file-text",
                ("policy", "policy_announce"),
            ),
            OfficePage(
                "statistics", _("Published statistics"), _("Each publication, what it may tell, and what is left of the year"), "list-checks"
            ),
            OfficePage(
                "training_sets", _("Training sets"), _("Each set, who left it since, and whether its file is there"), "folder-open"
            ),
            OfficePage("consent_log", _("Consent log"), _("Who decided what, when, on which words"), "check"),
            OfficePage(
                "processing_register", _("Processing registers"), _("Both of Art. 30, as they stand now, to print"), "folder-open"
            ),
            OfficePage(
                "egress", _("Egress journal"), _("What left, to which service, on which ground; never its content"), "external-link"
            ),
            OfficePage(
                "subprocessors", _("Subprocessors"), _("What a transfer rests on and until when, changes, objections"),
                "users", ("subprocessor_announce",),
            ),
            OfficePage("ledger", _("Sealed evidence"), _("Every sealed entry, verified now"), "shield-check"),
            OfficePage(
                "supervision", _("Supervision"), _("Who signed in, who was refused, who opened what"), "eye"
            ),
            OfficePage(
                "duties", _("Certificates, audits, training"), _("What is due, with its proof"), "file-check", ("duty",)
            ),
        ),
    ),
    Group(
        pgettext_lazy("office", "The house"),
        (
            OfficePage(
                "ways_out", _("Services"), _("Which ways out are open, how they went, and their switches"), "route", ("way_out",)
            ),
            OfficePage("operations", _("Operations"), _("Do the sweeps run, is anything overdue"), "activity"),
            OfficePage("usage", _("Use of the product"), _("Totals of those who agree, never fewer than eleven people"), "list-checks"),
            OfficePage(
                "queue", _("Outbox and inbox"), _("What waits to leave, what came in, what a withdrawal stops"), "inbox",
                ("queue_box", "queue_message"),
            ),
        ),
    ),
)  # fmt: skip


def standing_at(request: HttpRequest) -> dict[str, object]:
    """What the frame shows: the groups, and the entry that this page is or stands below."""
    match = request.resolver_match
    name = match.url_name if match else ""
    here = next((page for group in GROUPS for page in group.pages if name in (page.name, *page.below)), None)
    return {"office_groups": GROUPS, "office_here": here, "office_start": name == "index", "office_name": name}
