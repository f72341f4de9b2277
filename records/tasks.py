"""What the worker does for the patient files (Celery looks here)."""

from records.importing.tasks import process_import, resume_imports

__all__ = ["process_import", "resume_imports"]
