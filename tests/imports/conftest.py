"""What the import tests share."""

from datetime import datetime

import pytest

from .factories import Practising, make_practising


@pytest.fixture
def practising(db: None, now: datetime) -> Practising:
    """A practitioner with a practice of their own."""
    return make_practising(now)
