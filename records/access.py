"""Who may reach the pages of the patient files, while the core functions are open.

Practitioners reach all of them; the team those whose right its role has (``care.roles``). What a member of the team then
sees of one file depends on what opens it (``records.team``). Patients reach their own portal.
"""

from typing import Final

from accounts.access import OPEN, OWN, PORTAL, Access, Act, Audience
from care.roles import Right

_OF_PRACTITIONERS = (
    "new", "death", "close", "archive", "archived", "amend", "consultation_strike", "consultation_print",
    "document_download", "imported_bundle", "import", "import_run", "import_confirm", "import_discard", "team_access",
    "restricted", "restriction", "restricted_ask", "restricted_read", "restricted_document",
    "portal", "share", "questionnaire", "corrections", "assist", "assist_decide", "coverage",
)  # fmt: skip
_OF_THE_TEAM: Final[dict[Right, tuple[str, ...]]] = {
    Right.LIST: ("today", "patients"),
    Right.IDENTITY: ("file",),
    Right.EMERGENCY: ("emergency",),
    Right.REVIEW: ("emergencies", "emergency_review"),
    Right.CONTENT: (
        "clock", "consultations", "consultation", "version", "measures", "documents", "document", "document_page",
        "kept", "kept_one",
    ),
    Right.WRITE: ("identity", "medical", "consultation_new", "draft", "discard", "strike"),
}  # fmt: skip

ACCESS: dict[str, Access] = {
    **{f"records:{name}": Access(Audience.PRACTITIONER, Act.CARE) for name in _OF_PRACTITIONERS},
    **{
        f"records:{name}": Access(Audience.PRACTITIONER, Act.CARE, right.value)
        for right, names in _OF_THE_TEAM.items()
        for name in names
    },
}

_AGENT: Final = Access(Audience.AUTHORITY, Act.PORTAL)
ACCESS |= {
    **{
        f"records:{name}": Access(Audience.PRACTITIONER, Act.ACCOUNT, Right.ORDER.value)
        for name in ("orders", "order", "order_paper")
    },
    "authority:join": OPEN,
    **{f"authority:{name}": _AGENT for name in ("home", "order", "part", "document", "document_page")},
}

ACCESS |= {
    "patient:invitation": OPEN,
    "patient:accept": OWN,
    "patient:code": OWN,
    "patient:home": PORTAL,
    **{
        f"patient:{name}": PORTAL
        for name in (
            "practice",
            "document",
            "document_page",
            "document_download",
            "consultation",
            "questionnaire",
            "relatives",
            "video",
        )
    },
}

ACCESS |= {f"statistics:{name}": Access(Audience.PUBLIC, Act.PUBLIC) for name in ("page", "open_file")}
