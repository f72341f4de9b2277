"""Who may reach the pages of the patient files: practitioners, while the core functions are open; patients, their own portal."""

from accounts.access import OPEN, OWN, PORTAL, Access, Act, Audience

_CARE = Access(Audience.PRACTITIONER, Act.CARE)
_PAGES = (
    "today", "patients", "new", "file", "portal", "share", "questionnaire", "identity", "medical", "clock", "death", "restricted", "restriction",
    "restricted_ask", "restricted_read", "restricted_document", "close", "archive", "archived", "kept", "kept_one",
    "consultations", "consultation_new", "consultation", "draft", "amend", "consultation_strike", "discard",
    "consultation_print", "version", "measures", "strike", "documents", "document",
    "document_page", "document_download", "imported_bundle", "import", "import_run", "import_confirm", "import_discard",
)  # fmt: skip

ACCESS: dict[str, Access] = {f"records:{name}": _CARE for name in _PAGES}

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
        )
    },
}
