"""Patient files: identity, consultations, measures, documents."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "records"
