"""The outside world: one door out, with its switches, its breaker and its journal."""

from django.apps import AppConfig


class AdaptersConfig(AppConfig):
    name = "adapters"
