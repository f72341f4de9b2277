"""What has been decided, for whom, until now."""

from datetime import datetime
from typing import Any
from uuid import UUID


def core_open(subject_id: UUID, *, now: datetime) -> Any:
    """None when the core functions are open (the consents founder builds this)."""
    return None
