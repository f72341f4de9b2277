"""Who you are: account, profile, sign-in, factors."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Listen to the libraries, so that each sign-in and factor event is journaled (MD-44)."""
        from accounts import journal

        journal.connect()
