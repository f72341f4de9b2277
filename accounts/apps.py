"""Who you are: account, profile, sign-in, factors."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Listen to the libraries: each sign-in and factor event is journaled (MD-44), recovery codes are ours.

        Their copy of the e-mail address is sealed as ours is (PC-80).
        """
        from accounts import addresses, journal, mails, recovery  # noqa: F401 - mails: what sends the rows of the outbox
        from accounts.texts import sending  # noqa: F401 - the same for text messages
        from audit.evidence import journal_each

        addresses.seal_addresses()
        journal.connect()
        recovery.connect()
        journal_each("accounts.PatientProfile")
