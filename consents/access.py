"""The ledger's rows of the access table. Open in every phase: rights can't be suspended (PC-12)."""

from accounts.access import Access, Act, Audience

_MINE = Access(Audience.PRACTITIONER, Act.PRIVACY)
_ANYONE = Access(Audience.PUBLIC, Act.PUBLIC)

ACCESS: dict[str, Access] = {
    "consents:switches": _MINE,
    "consents:decide": _MINE,
    "consents:confirm": _MINE,
    "consents:log": _MINE,
    "consents:log_csv": _MINE,
    "consents:log_json": _MINE,
    "consents:receipt": _MINE,
    "consents:usage": _MINE,
    "consents:cookies": _ANYONE,
    "consents:text": _ANYONE,
    "consents:unsubscribe": _ANYONE,
    "consents:policy": _ANYONE,
    "consents:history": _ANYONE,
    "consents:changes": _ANYONE,
    "consents:policy_version": _ANYONE,
}
