"""What the tenant boundary does by itself: forgets whom nobody became."""

from celery import shared_task
from django.utils import timezone

from audit.actors import Actor
from care.team.actions import forget_invitations


@shared_task(name="care.forget_invitations", ignore_result=True)
def forget_old_invitations() -> int:
    """Forget the addresses of invitations whose week is over; safe to run twice."""
    now = timezone.now()
    return forget_invitations(before=now, by=Actor.system("care.forget_invitations"), now=now)
