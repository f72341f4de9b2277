"""What tests of the way out share: a provider on this machine, and a house in which every adapter is set up."""

from collections.abc import Iterator
from typing import Any

import pytest

from fakes.server import Fakes, all_providers, serving
from praticonnect import adapter_settings
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


@pytest.fixture(scope="session")
def all_fakes() -> Iterator[Fakes]:
    """Every provider, played on a free port as long as the tests run."""
    with serving(Fakes(all_providers())) as fakes:
        yield fakes


@pytest.fixture
def fakes(all_fakes: Fakes, settings: Any) -> Iterator[Fakes]:
    """Every provider as new, and a house that speaks to them with made-up credentials, as ``./dev run`` does.

    ``fakes["resend"].calls``, ``.notices``, ``.fail_next(status=500)``, ``fakes.count``, ``fakes.at(NOW)`` for their clocks.
    """
    all_fakes.reset()
    settings.STAND_INS = all_fakes.url
    settings.ADAPTERS = adapter_settings.adapters(all_fakes.url)
    yield all_fakes
    all_fakes.live()
