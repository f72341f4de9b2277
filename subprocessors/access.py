"""Who may reach which page of the register: everybody."""

from accounts.access import Access, Act, Audience

ANYBODY = Access(Audience.PUBLIC, Act.PUBLIC)

ACCESS: dict[str, Access] = {
    "subprocessors:register": ANYBODY,
    "subprocessors:history": ANYBODY,
    "subprocessors:changes": ANYBODY,
}
