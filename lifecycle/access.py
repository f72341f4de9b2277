"""The contract's rows of the access table: open in every phase, so that each can be left."""

from accounts.access import Access, Act, Audience

_MINE = Access(Audience.PRACTITIONER, Act.SUBSCRIPTION)
_RIGHTS = Access(Audience.PRACTITIONER, Act.PRIVACY)
_OF_PATIENTS = Access(Audience.PATIENT, Act.PRIVACY)
_ANYONE = Access(Audience.PUBLIC, Act.PUBLIC)

ACCESS: dict[str, Access] = {
    "lifecycle:subscription": _MINE,
    "lifecycle:subscribe": _MINE,
    "lifecycle:end_subscription": _MINE,
    "lifecycle:deletion": _RIGHTS,
    "lifecycle:deletion_confirm": _RIGHTS,
    "lifecycle:deletion_waive": _RIGHTS,
    "lifecycle:deletion_withdraw": _RIGHTS,
    "lifecycle:closing": _OF_PATIENTS,
    "lifecycle:closing_confirm": _OF_PATIENTS,
    "lifecycle:closing_waive": _OF_PATIENTS,
    "lifecycle:closing_withdraw": _OF_PATIENTS,
    "lifecycle:change": Access(Audience.VERIFIED, Act.PRIVACY),
    "lifecycle:keep": _ANYONE,
    "lifecycle:left": _ANYONE,
    "lifecycle:certificate": _ANYONE,
    "lifecycle:certificate_json": _ANYONE,
    "lifecycle:certificate_pdf": _ANYONE,
}
