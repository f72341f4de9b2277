"""File keys, sealed fields and files, and the only way to open them."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "vault"
