"""Secrets of the house open only under their own name and context (PC-81)."""

import pytest

from vault.errors import NoKey, SealBroken
from vault.models import SystemKey
from vault.system import open_system, seal_system

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]


def test_secret_comes_back_under_its_name_and_context() -> None:
    sealed = seal_system("factors", "device 1", b"seed")
    assert (open_system("factors", "device 1", sealed), b"seed" in sealed) == (b"seed", False)
    assert open_system("factors", "device 2", seal_system("factors", "device 2", b"")) == b""
    assert SystemKey.objects.filter(name="factors").count() == 1


def test_secret_of_another_context_does_not_open() -> None:
    with pytest.raises(SealBroken, match="moved"):
        open_system("factors", "device 2", seal_system("factors", "device 1", b"seed"))


def test_secret_of_another_name_does_not_open() -> None:
    with pytest.raises(NoKey, match="system key other"):
        open_system("other", "device 1", seal_system("factors", "device 1", b"seed"))
