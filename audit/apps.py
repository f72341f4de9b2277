"""Append-only journals, their sealing and verification."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
