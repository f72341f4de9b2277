"""The contract's rows of the access table: open in every phase, so that each can be left."""

from accounts.access import Access, Act, Audience

_MINE = Access(Audience.PRACTITIONER, Act.SUBSCRIPTION)

ACCESS: dict[str, Access] = {
    "lifecycle:subscription": _MINE,
    "lifecycle:subscribe": _MINE,
}
