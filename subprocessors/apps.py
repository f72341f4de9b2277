"""Who processes data for us: the register's page, announced changes and their feed."""

from django.apps import AppConfig


class SubprocessorsConfig(AppConfig):
    name = "subprocessors"

    def ready(self) -> None:
        """Announcements are evidence."""
        from audit import evidence

        evidence.register("subprocessors_announcement", stream="subprocessors")
        evidence.journal_each("subprocessors.Announcement")
