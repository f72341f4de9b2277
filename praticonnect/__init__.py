"""PratiConnect: a practice platform whose privacy policy is executable."""

from praticonnect.celery import app as celery_app

__all__ = ["celery_app"]
