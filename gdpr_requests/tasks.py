"""What the worker does for people's requests (Celery looks here)."""

from gdpr_requests.export.tasks import build_export, resume_exports

__all__ = ["build_export", "resume_exports"]
