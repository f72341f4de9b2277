"""A person asks: the privacy centre and the rights desk."""

from django.apps import AppConfig

from audit import evidence


class GdprRequestsConfig(AppConfig):
    name = "gdpr_requests"

    def ready(self) -> None:
        """What was done of a duty is sealed evidence."""
        evidence.register("gdpr_requests_dutydone", stream="duties")
