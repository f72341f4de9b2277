"""A person asks: the privacy centre and the rights desk."""

from django.apps import AppConfig


class GdprRequestsConfig(AppConfig):
    name = "gdpr_requests"
