"""``manage.py residue``: what it prints, and how it ends."""

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import PractitionerProfile
from tests.accounts.factories import make_practitioner
from tests.lifecycle.residue.test_stores import own_places

pytestmark = pytest.mark.django_db(databases="__all__")
TOKEN = "Kwz-Sainte-Colombe"
__all__ = ["own_places"]


def run(*tokens: str, **options: Any) -> tuple[int, str]:
    """Exit code and output."""
    out = io.StringIO()
    try:
        call_command("residue", *tokens, stdout=out, **options)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_a_clean_house_ends_with_0() -> None:
    assert run(TOKEN) == (0, "Nothing found.\n")
    code, said = run(TOKEN, json=True)
    assert (code, json.loads(said)) == (0, {"found": []})


def test_a_copy_ends_with_1_and_its_place() -> None:
    PractitionerProfile.objects.filter(user=make_practitioner()).update(city=f"Bourg {TOKEN}")
    code, said = run("nobody-at-all", TOKEN, json=True)
    place = {"store": "database", "where": "accounts_practitionerprofile.city", "token": TOKEN, "times": 1}
    assert (code, json.loads(said)) == (1, {"found": [place]})
    code, said = run(TOKEN)
    assert (code, said.splitlines()[1].split()) == (1, ["database", place["where"], TOKEN, "1"])


def test_too_short_a_token_is_refused_in_one_line() -> None:
    with pytest.raises(CommandError) as refusal:
        run("Léa")
    assert refusal.value.returncode == 2
    assert str(refusal.value).startswith("a token needs at least 5 characters")
