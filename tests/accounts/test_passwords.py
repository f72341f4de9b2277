"""The password rule and its texts (MD-54), the offline list, and Argon2id."""

import hashlib
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from accounts import breached, passwords
from accounts.models import User
from tests.accounts.factories import make_practitioner

SOUND = [
    "trois lampes vertes au grenier",
    "correct horse battery staple",
    "vert-pluie-canif-orgue",
    "chat chien lune rue",
    "grenouille violette 42",
    "xK9#vQ2m!pLz",
    "4829301756483920",
    "שלום רופא גשם ירוק",
    "Éléphant d'août 73",
    "x" + "kfqzmwplv brtnyhdg " * 6,
]
WEAK = [
    ("court", "password_too_short"),
    ("xK9#vQ2m!pL", "password_too_short"),
    ("k" * 129, "password_too_long"),
    ("aaaaaaaaaaaaaaaa", "password_guessable"),
    ("abcdefghijklmnop", "password_guessable"),
    ("1234567890123456", "password_guessable"),
    ("482930175648", "password_guessable"),
    ("abcabcabcabcabc", "password_guessable"),
    ("Password1234!", "password_guessable"),
    ("p@ssw0rdp@ssw0rd", "password_guessable"),
    ("docteurcabinet", "password_guessable"),
    ("marseille13marseille13", "password_guessable"),
    ("motdepasse2026!", "password_breached"),
    ("azertyuiop2025", "password_breached"),
    ("camille.roux-1975", "password_guessable"),
    ("Camille+Roux=Camille", "password_guessable"),
]


def refusals(password: str, user: User | None = None) -> list[str | None]:
    try:
        validate_password(password, user)
    except ValidationError as refusal:
        return [error.code for error in refusal.error_list]
    return []


@pytest.mark.parametrize("password", SOUND)
def test_sound_password_is_accepted(password: str) -> None:
    assert refusals(password, User(email="camille.roux@example.org")) == []


@pytest.mark.parametrize(("password", "why"), WEAK)
def test_weak_password_is_refused_and_says_why(password: str, why: str) -> None:
    assert why in refusals(password, User(email="camille.roux@example.org"))


@pytest.mark.django_db
def test_name_of_the_profile_counts_as_known() -> None:
    user = make_practitioner("a@example.org", surname="Vandenbroucke", given_names="Maximilienne")
    assert refusals("VandenbrouckeMaximilienne", user) == ["password_guessable"]
    assert refusals("VandenbrouckeMaximilienne", User(email="a@example.org")) == []


def test_staff_needs_sixteen_characters() -> None:
    assert refusals("xK9#vQ2m!pLz", User(email="a@example.org", is_staff=True)) == ["password_too_short"]


def test_every_refusal_says_what_to_do() -> None:
    for password, _why in WEAK:
        with pytest.raises(ValidationError) as refused:
            validate_password(password, User(email="camille.roux@example.org"))
        for message in refused.value.messages:
            assert message.endswith(".")
            assert "invalid" not in message.lower()


@given(st.text(min_size=1, max_size=140))
def test_guess_bits_never_exceed_the_plain_meter_of_cnil(password: str) -> None:
    import math

    assert (
        0
        < passwords.guess_bits(password)
        <= len(password) * math.log2(max(passwords.alphabet_size(password), 2)) + 1e-9
    )


@given(st.text(min_size=1, max_size=40), st.integers(2, 4))
def test_repeating_a_password_adds_little(piece: str, times: int) -> None:
    once, repeated = passwords.guess_bits(piece), passwords.guess_bits(piece * times)
    assert repeated <= once * 1.2 + 80 or len(piece) < passwords.SHORTEST_REPEAT


def test_shipped_list_is_what_the_command_builds(tmp_path: Path) -> None:
    out = StringIO()
    call_command("breached_list", "--out", str(tmp_path / "list.bin"), stdout=out)
    assert (tmp_path / "list.bin").read_bytes() == breached.SHIPPED.read_bytes()
    assert breached.SHIPPED.stat().st_size < 2_000_000


def test_list_from_a_dump_finds_its_passwords_and_no_others(tmp_path: Path, settings: object) -> None:
    known = [f"known password {number}" for number in range(500)]
    dump = tmp_path / "dump.txt"
    dump.write_text(
        "".join(
            f"{hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest().upper()}:{len(word)}\n" for word in known
        )
    )
    call_command("breached_list", "--from", str(dump), "--out", str(tmp_path / "list.bin"), stdout=StringIO())
    settings.BREACHED_LIST = str(tmp_path / "list.bin")
    assert [word for word in known if not breached.is_breached(word)] == []
    assert [number for number in range(5000) if breached.is_breached(f"other password {number}")] == []
    assert breached.is_breached("KNOWN password 7") is True


def test_broken_dump_is_refused_with_its_line(tmp_path: Path) -> None:
    dump = tmp_path / "dump.txt"
    dump.write_text(f"{'a' * 40}:3\nnot a hash\n")
    with pytest.raises(CommandError, match=r"line 2: not a SHA-1"):
        call_command("breached_list", "--from", str(dump), "--out", str(tmp_path / "list.bin"))


def test_argon2id_keeps_its_cost_in_the_hash_and_renews_older_ones(settings: object) -> None:
    settings.ARGON2 = {"memory_kib": 64, "iterations": 1, "lanes": 1}
    old = make_password("trois lampes vertes")
    assert old.startswith("argon2id$argon2id$v=19$m=64,t=1,p=1$")
    settings.ARGON2 = {"memory_kib": 128, "iterations": 1, "lanes": 1}
    renewed: list[str] = []
    assert check_password("trois lampes vertes", old, setter=renewed.append) is True
    assert renewed == ["trois lampes vertes"]
    assert check_password("trois lampes verte", old) is False


def test_cost_in_settings_is_the_one_that_was_decided() -> None:
    from praticonnect import auth_settings

    assert auth_settings.ARGON2 == {"memory_kib": 47_104, "iterations": 2, "lanes": 1}
    assert auth_settings.PASSWORD_HASHERS == ["accounts.hashers.Argon2idHasher"]
