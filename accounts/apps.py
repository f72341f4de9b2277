"""Who you are: account, profile, sign-in, factors."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Listen to the libraries: each sign-in and factor event is journaled (MD-44), recovery codes are ours."""
        from accounts import journal, recovery
        from audit.evidence import journal_each

        journal.connect()
        recovery.connect()
        journal_each("accounts.PatientProfile")
