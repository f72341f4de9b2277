"""The ledger of decisions, the texts shown, grants and receipts."""

from django.apps import AppConfig


class ConsentsConfig(AppConfig):
    name = "consents"
