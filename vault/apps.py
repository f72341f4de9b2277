"""File keys, sealed fields and files, and the only way to open them."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    name = "vault"

    def ready(self) -> None:
        """A keys database that was migrated or emptied may hold another key than the one in memory."""
        from django.db.models.signals import post_migrate

        from vault.rest import forget_key

        post_migrate.connect(forget_key, dispatch_uid="vault.forget_key")
