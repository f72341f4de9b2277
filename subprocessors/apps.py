"""Who processes data for us: the register's page, announced changes and their feed."""

from django.apps import AppConfig


class SubprocessorsConfig(AppConfig):
    name = "subprocessors"

    def ready(self) -> None:
        """Announcements are evidence, and no version counts anywhere without one. Calendars and rooms send, hear and stop."""
        from audit import evidence
        from privacy.subprocessors import count_with
        from subprocessors.calendars import hearing as _calendar_hears  # noqa: F401 - registers its hook and its stop
        from subprocessors.calendars import sending as _calendar_sends  # noqa: F401 - registers its kinds of messages
        from subprocessors.queries import counted
        from subprocessors.rooms import hearing as _rooms_hear  # noqa: F401
        from subprocessors.rooms import sending as _rooms_send  # noqa: F401

        count_with(counted)
        evidence.register("subprocessors_announcement", stream="subprocessors")
        evidence.journal_each("subprocessors.Announcement")
