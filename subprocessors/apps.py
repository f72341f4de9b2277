"""Who processes data for us: the register's page, announced changes and their feed."""

from django.apps import AppConfig


class SubprocessorsConfig(AppConfig):
    name = "subprocessors"
