"""Which rows of the desk are about an account."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from gdpr_requests.desk.objecting import address_key
from gdpr_requests.models import Directive, Exchange, IdentityDocument, Objection, RecipientTold, Request

Rows = QuerySet[Any]


def requests(user_id: UUID) -> Rows:
    """Those it filed."""
    return Request.objects.filter(account_id=user_id)


def exchanges(user_id: UUID) -> Rows:
    """The steps of those, and its own steps in the requests of others."""
    own = Exchange.objects.filter(request_id__in=requests(user_id).values("pk"))
    return own | Exchange.objects.filter(actor_id=user_id)


def documents(user_id: UUID) -> Rows:
    """The identity documents of its requests, as facts."""
    return IdentityDocument.objects.filter(request__in=requests(user_id))


def directives(user_id: UUID) -> Rows:
    """Its directives; their text dies with the account."""
    return Directive.objects.filter(account_id=user_id)


def told(user_id: UUID) -> Rows:
    """That it was told of a change in a file it reads."""
    return RecipientTold.objects.filter(account_id=user_id)


def objections(user_id: UUID) -> Rows:
    """Those of its address."""
    email = User.objects.filter(pk=user_id).values_list("email", flat=True).first()
    return Objection.objects.filter(address_key=address_key(email)) if email else Objection.objects.none()
