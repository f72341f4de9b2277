"""Asking one cell after the other: as whom, at which address, by which method, and what came of it.

Nobody signs in anew: what a request wrote is taken back (``battery.Rewind``).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse

from accounts.access import Access, Audience
from care.models import Capacity, PortalPart
from care.roles import Officer, Practitioner, Right
from tests.security.battery import NEEDS_A_REAL_PASSKEY, Rewind, World, addresses, bare_404
from tests.security.cells import OPEN, Cell, Who, at_the_gate, expected, found
from tests.security.urlmap import Page

CANARY = "Zyklamenblüte"
CONTENT = (f"{CANARY} history", f"{CANARY} note", f"{CANARY} title", "77777.25")
"""Words of the record itself; the patient's name is identity."""
HOUSEKEEPING = ('UPDATE "usersessions_usersession"', 'UPDATE "django_session"')
"""What every request of somebody signed in writes: no row of a practice."""
READS_PASSKEYS = NEEDS_A_REAL_PASSKEY | {"mfa_add_webauthn"}
"""Read the credentials of one's passkeys, which those of these tests don't have: asked as nobody."""
POSTED = {"records:share": ("document", "document_id")}
"""Pages whose form names the thing that the address doesn't: the field, and the argument that is posted in it."""
LINKED = (Audience.PATIENT, Audience.AUTHORITY)
"""Where one's own link or order makes an address of one's own."""


@dataclass(frozen=True)
class Asked:
    """One cell, asked: who, which page by which method, whether at their own address of it, and what came."""

    who: Who
    page: Page
    access: Access
    method: str
    own: bool
    cell: Cell
    shown: tuple[str, ...]
    changed: bool
    opened: bool

    def __str__(self) -> str:
        whose = " of their own" if self.own else ""
        return f"{self.who.name} {self.method} {self.page.name}{whose}"

    @property
    def stopped(self) -> bool:
        """Whether the gate stops it."""
        return at_the_gate(self.who, self.access, self.method) is not None

    def wrong(self) -> list[str]:
        """What is wrong about it."""
        allowed = expected(self.who, self.page, self.access, self.method, own=self.own)
        found = [f"{self}: {self.cell}, not {' or '.join(sorted(allowed))}"] if self.cell not in allowed else []
        if self.cell is Cell.NOT_OFFERED and not self.stopped:
            found = []
        found += [f"{self} shows {word}" for word in self.shown]
        if self.changed and not (self.cell is OPEN and self.who.writes):
            found.append(f"{self}: {self.cell}, and something changed")
        return found + (
            [f"{self}: {self.cell}, and a file was opened"] if self.opened and self.cell is not OPEN else []
        )


def forbidden(who: Who, access: Access) -> list[str]:
    """The words that mustn't be in an answer to this visitor, however the page came to open."""
    link, in_practice = who.link, access.audience is Audience.PRACTITIONER
    if who.treats or who.agreed or (who.hour and in_practice):
        return []
    if who.agent and who.of_a and access.audience is Audience.AUTHORITY:
        return []
    if link and link.to_a and access.audience is Audience.PATIENT:
        shown = {CONTENT[1]: PortalPart.CONSULTATIONS, CONTENT[2]: PortalPart.DOCUMENTS}
        return [word for word in CONTENT if link.capacity != Capacity.SELF and shown.get(word) not in link.parts]
    member = who.of_a and who.role is not None and not issubclass(who.role, Practitioner)
    return list(CONTENT) if member and who.role.may(Right.IDENTITY) else [CANARY, "77777.25"]


def is_asked(who: Who, page: Page, access: Access) -> bool:
    """Whether this cell is asked here. The officer's own pages: tests/security/test_health_pages.py and tests/office."""
    if page.name in READS_PASSKEYS:
        return who.door is Cell.SIGN_IN
    if access.audience is Audience.OFFICE and who.role is Officer:
        return False
    return access.audience in who.home or who.everywhere


def own_address(who: Who, page: Page, access: Access, world: World) -> str | None:
    """The page at the visitor's own link or order; None where there is no such, or it is the one asked already."""
    given = {name: world.arguments.get(f"{page.name} {name}", world.arguments.get(name)) for name in page.arguments}
    mine = given | {name: value for name, value in who.own.items() if name in given}
    return reverse(page.name, kwargs=mine) if access.audience in LINKED and mine != given else None


def walk(
    world: World,
    people: list[Who],
    *,
    half: int = 0,
    of: int = 1,
    within: tuple[str, ...] = ("",),
    audience: Audience | None = None,
) -> Iterator[Asked]:
    """Ask each address as everybody, by GET and by POST; each answer is undone. Of ``of`` parts the one numbered ``half``."""
    before, rewind = world.fingerprint(), Rewind()
    with bare_404():
        for page, address, access in list(addresses(world))[half::of]:
            if not page.name.startswith(within) or audience not in (None, access.audience):
                continue
            for who in people:
                if not is_asked(who, page, access):
                    continue
                places = [(False, address), (True, own_address(who, page, access, world))]
                for own, where, method in [
                    (*place, method) for place in places if place[1] for method in ("GET", "POST")
                ]:
                    yield ask(world, who, page, access, method, own, str(where), rewind, before)


def posted(page: Page, world: World) -> dict[str, object]:
    """What the form says, nothing but for the pages that can't be asked without."""
    return {field: world.arguments[name] for field, name in [POSTED[page.name]]} if page.name in POSTED else {}


def ask(
    world: World,
    who: Who,
    page: Page,
    access: Access,
    method: str,
    own: bool,
    where: str,
    rewind: Rewind,
    before: object,
) -> Asked:
    """One answer, read to its last byte."""
    who.client.raise_request_exception = False
    with rewind.undone(who.client) as written:
        answer: HttpResponse = (
            who.client.generic(method, where) if method == "GET" else who.client.post(where, posted(page, world))
        )
        cell, body = found(answer), b"".join(answer) if answer.streaming else answer.content
        text = body.decode(errors="replace")
        shown = tuple(word for word in forbidden(who, access) if word in text)
        opened = any("audit_accessentry" in sql for sql in written)
        written = [sql for sql in written if not sql.startswith(HOUSEKEEPING)]
        changed = bool(written) and not (cell is OPEN and who.writes) and world.fingerprint() != before
    return Asked(who, page, access, method, own, cell, shown, changed, opened)


def faults(asked: list[Asked]) -> list[str]:
    """What is wrong with the cells, one by one and taken together."""
    wrong = [fault for one in asked for fault in one.wrong()]
    offered: dict[str, set[bool]] = defaultdict(set)
    for one in asked:
        if not one.stopped:
            offered[f"{one.method} {one.page.name}"].add(one.cell is not Cell.NOT_OFFERED)
    return wrong + [f"{where} is there for some and not for others" for where, both in offered.items() if len(both) > 1]
