"""What tests of the way out share: a provider on this machine, and a house in which every adapter is set up."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.adapters.server import Provider, provider


@pytest.fixture
def there(settings: Any) -> Iterator[Provider]:
    """The stand-in that plays every provider; adapters have made-up credentials."""
    with provider() as playing:
        settings.STAND_INS = playing.url
        settings.ADAPTERS = {
            key: {"off": False, "credentials": {name: f"secret-{name}" for name in block["credentials"]}}
            for key, block in settings.ADAPTERS.items()
        }
        yield playing
