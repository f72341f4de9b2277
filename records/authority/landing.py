"""Where somebody whom an order names lands after signing in."""

from django.urls import reverse

from accounts.models import User
from records.authority.queries import is_agent


def page_of_agent(user: User) -> str | None:
    """The list of their orders; None for everybody else."""
    return reverse("authority:home") if is_agent(user.pk) else None
