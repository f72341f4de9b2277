"""The public directory: practitioners who asked to be found, while they ask (PC-23)."""

from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "directory"

    def ready(self) -> None:
        """A first yes gives a page its address."""
        from consents.hooks import when_decided
        from directory.actions import give_address
        from directory.cards import LISTING

        when_decided(LISTING, give_address)
