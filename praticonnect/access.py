"""The access table of the whole house: every URL name, who may come in, what act it performs."""

from importlib import import_module

from accounts.access import Access, Act, Audience

APPS = ("accounts", "care", "consents", "records", "directory", "subprocessors", "lifecycle", "gdpr_requests")

HOUSE = {
    "home": Access(Audience.PUBLIC, Act.PUBLIC),
    "healthz": Access(Audience.PUBLIC, Act.PUBLIC),
    "readyz": Access(Audience.PUBLIC, Act.PUBLIC),
    "gallery": Access(Audience.PUBLIC, Act.PUBLIC),
    "audit:public_keys": Access(Audience.PUBLIC, Act.PUBLIC),
    # Subprocessors: each event proves its sender by itself, or is refused.
    "adapters:hook": Access(Audience.PUBLIC, Act.PUBLIC),
    "adapters:hook_below": Access(Audience.PUBLIC, Act.PUBLIC),
}


def table() -> dict[str, Access]:
    """All rows; raises ValueError when two apps claim the same name."""
    rows = dict(HOUSE)
    for app in APPS:
        own: dict[str, Access] = import_module(f"{app}.access").ACCESS
        if twice := rows.keys() & own.keys():
            raise ValueError(f"{app}.access repeats {sorted(twice)}")
        rows |= own
    return rows


def access_of(view_name: str) -> Access | None:
    """The row of a URL name; the admin's pages are the office's; None means: no page here."""
    if view_name.startswith("admin:"):
        return Access(Audience.OFFICE, Act.OFFICE)
    return table().get(view_name)
