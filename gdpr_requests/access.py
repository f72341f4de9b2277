"""The privacy centre's rows of the access table: open in every phase, whatever is withdrawn."""

from accounts.access import Access, Act, Audience

_MINE = Access(Audience.PRACTITIONER, Act.PRIVACY)

ACCESS = {
    "gdpr:overview": _MINE,
    "gdpr:journal": _MINE,
    "gdpr:journal_csv": _MINE,
    "gdpr:export": _MINE,
    "gdpr:register": _MINE,
}
