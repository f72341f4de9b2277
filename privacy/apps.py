"""The law as data, the declarations of every field, the promises."""

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    name = "privacy"
