"""Practice, membership, care relationship: the tenant boundary."""

from django.apps import AppConfig


class CareConfig(AppConfig):
    name = "care"
