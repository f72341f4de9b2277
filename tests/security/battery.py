"""The IDOR battery: every address × every kind of visitor × two practices, by GET and by POST.

What each visitor must get follows from the access table alone; what must never be in an answer are
the canaries of practice A, unless the visitor is its practitioner. ``run`` returns the leaks.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.access import Access, Audience
from praticonnect.access import table
from tests.security.urlmap import Page, pages

# Reads the credential of a real passkey, which the staff of these tests don't hold.
NEEDS_A_REAL_PASSKEY = {"mfa_reauthenticate_webauthn"}


@dataclass(frozen=True)
class Visitor:
    """Somebody with a fresh client for each request, and what the table must let them do."""

    name: str
    client: Callable[[], Client]
    admits: Callable[[Access], bool]
    owner: bool = False


@dataclass(frozen=True)
class World:
    """Practice A's things: the arguments that address them, and words only A may read.

    An argument may be given for one page alone, as ``"consents:confirm key"``.
    """

    arguments: Mapping[str, object]
    canaries: tuple[str, ...]
    fingerprint: Callable[[], object]


def addresses(world: World) -> Iterator[tuple[Page, str, Access]]:
    """Each page of the house with an address made of A's own objects."""
    rows = table()
    for page in pages():
        arguments = {
            name: world.arguments.get(f"{page.name} {name}", world.arguments.get(name)) for name in page.arguments
        }
        yield page, reverse(page.name, kwargs=arguments), rows[page.name]


def run(world: World, visitors: list[Visitor], *, within: str = "") -> list[str]:
    """Every leak found: a stranger let in, a canary in an answer, a change made by a stranger.

    ``within`` keeps to the addresses whose name begins so.
    """
    leaks = []
    for page, address, access in addresses(world):
        if page.name in NEEDS_A_REAL_PASSKEY or not page.name.startswith(within):
            continue
        for visitor in visitors:
            for method in ("get", "post"):
                leaks += _ask(world, visitor, method, page, address, access)
    return leaks


def _ask(world: World, visitor: Visitor, method: str, page: Page, address: str, access: Access) -> Iterator[str]:
    if visitor.owner and method == "post":
        return
    before = world.fingerprint()
    answer: HttpResponse = getattr(visitor.client(), method)(address)
    where = f"{visitor.name} {method.upper()} {page.name}: {answer.status_code}"
    if answer.status_code >= 500:
        yield f"{where} fails"
    if not visitor.owner:
        body = b"".join(answer) if answer.streaming else answer.content
        shown = [canary for canary in world.canaries if canary in body.decode(errors="replace")]
        if shown:
            yield f"{where} shows {shown}"
        if world.fingerprint() != before:
            yield f"{where} changes practice A"
    if _let_in(answer) and not visitor.admits(access):
        yield f"{where} lets a stranger in"
    if _let_in(answer) and _of_a(page) and not visitor.owner and access.audience is not Audience.PUBLIC:
        yield f"{where} finds an object of practice A"


def _let_in(answer: HttpResponse) -> bool:
    """Not sent to sign in, not refused, not absent. A redirect inside counts as let in."""
    if answer.status_code in (301, 302, 303):
        return "/accounts/" not in answer.headers["Location"]
    return answer.status_code < 400


def _of_a(page: Page) -> bool:
    """Whether the address names something of practice A."""
    return any(name.endswith("_id") for name in page.arguments)
