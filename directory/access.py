"""Who may reach which page of the directory."""

from accounts.access import Access, Act, Audience

ANYBODY = Access(Audience.PUBLIC, Act.PUBLIC)
OWN = Access(Audience.PRACTITIONER, Act.ACCOUNT)

ACCESS: dict[str, Access] = {
    "directory:search": ANYBODY,
    "directory:page": ANYBODY,
    "directory:mine": OWN,
    "directory:my_page": OWN,
}
