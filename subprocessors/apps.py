"""Who processes data for us: the register's page, announced changes and their feed."""

from django.apps import AppConfig


class SubprocessorsConfig(AppConfig):
    name = "subprocessors"

    def ready(self) -> None:
        """Announcements are evidence, and the door counts no version without one."""
        from adapters import gates
        from audit import evidence
        from subprocessors.queries import counted

        gates.count_with(counted)
        evidence.register("subprocessors_announcement", stream="subprocessors")
        evidence.journal_each("subprocessors.Announcement")
