"""What is written about orders: no patient's name, no reference, no word of health."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from accounts.mails import from_template
from accounts.models import User
from accounts.queries import language_of
from adapters.content import Link, Name, Value
from care.models import Capacity, Membership, PortalPart, Role
from care.queries import links_to
from records.models import AuthorityOrder, OrderedFile


def owners_of(practice_id: UUID) -> list[User]:
    """Who answers for the practice."""
    owners = Membership.objects.live().filter(practice_id=practice_id, role=Role.OWNER)
    return [one.user for one in owners.select_related("user").order_by("since_at")]


def waits(owners: Iterable[User], order: AuthorityOrder) -> None:
    """To who answers for the practice: an order waits for them."""
    link = Link.to("records:order", order.pk)
    for user in owners:
        from_template("records/email/order_waits", user, {"link": link}, language=user.language)


def link(order: AuthorityOrder, token: str) -> None:
    """The agent's link. The code goes another way."""
    values: dict[str, Value] = {"link": Link.to("authority:join", token), "until": order.link_until}
    from_template("records/email/order_link", order.email, values, language=language_of(order.email))


def readers_of(row: OrderedFile, now: datetime) -> list[User]:
    """The accounts of the patient, or of whoever exercises their rights, that look into the file."""
    links = links_to(row.file_id, now).filter(
        capacity__in=(Capacity.SELF, Capacity.GUARDIAN), scope__contains=[PortalPart.PRIVACY.value]
    )
    return [one.account for one in links.select_related("account")]


def told(to: Iterable[User], row: OrderedFile) -> None:
    """To the patient: an authority may read parts of the file; where each reading stands."""
    page = Link.to("patient_privacy:journal")
    values: dict[str, Value] = {
        "practice": Name.short(row.file.practice.name),
        "day": row.order.issued_on,
        "link": page,
    }
    for user in to:
        from_template("records/email/order_told", user, values, language=user.language)
