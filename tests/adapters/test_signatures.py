"""Signatures of webhooks: good ones pass; a wrong, altered, old, future, missing or borrowed one says so. Pure."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from adapters.boxes import signatures
from adapters.boxes.signatures import Arrival, Unverified, Verifier
from tests.adapters import signing
from tests.adapters.signing import OTHER, SECRET
from tests.consents.factories import NOON

BODY = '{"type":"email.bounced","data":{"id":"é"}}'.encode()
Sign = Callable[..., dict[str, str]]
WAYS: list[tuple[str, Verifier, Sign]] = [
    ("svix", signatures.svix(lambda: [SECRET]), signing.svix),
    ("timestamped", signatures.timestamped("X-Scell-Signature", lambda: [SECRET]), signing.timestamped),
    ("jwt", signatures.token_of_body(lambda: {"key1": SECRET}), signing.jwt),
]
each_way = pytest.mark.parametrize(("verify", "sign"), [way[1:] for way in WAYS], ids=[way[0] for way in WAYS])


def arrived(headers: dict[str, str], body: bytes = BODY, path: str = "") -> Arrival:
    return Arrival("test", path, headers, body, NOON)


def verdict(verify: Verifier, headers: dict[str, str], body: bytes = BODY, path: str = "") -> str:
    try:
        verify(arrived(headers, body, path))
    except Unverified as refused:
        return refused.code
    return "ok"


@each_way
def test_each_signature_proves_what_it_signs_and_nothing_else(verify: Verifier, sign: Sign) -> None:
    good = sign(BODY, NOON)
    assert verdict(verify, good) == "ok"
    assert verdict(verify, sign(BODY, NOON, OTHER)) == "wrong"
    assert verdict(verify, good, BODY.replace(b"bounced", b"opened")) == "wrong"
    assert verdict(verify, {}) == "unsigned"
    assert [verdict(verify, {**good, name: ""}) for name in good] == ["unsigned"] * len(good)
    assert {verdict(verify, dict.fromkeys(good, noise)) for noise in ("x", "t=,v1=", "v1,", "....", "é", "1.2.3")} == {
        "wrong"
    }


@each_way
@pytest.mark.parametrize(("minutes", "said"), [(-4, "ok"), (-11, "old"), (4, "ok"), (6, "future")])
def test_signatures_hold_within_their_window(verify: Verifier, sign: Sign, minutes: int, said: str) -> None:
    assert verdict(verify, sign(BODY, NOON + timedelta(minutes=minutes))) == said


@pytest.mark.parametrize("sign", [signing.svix, signing.timestamped])
@pytest.mark.parametrize(("seconds", "said"), [(-300, "ok"), (-301, "old"), (300, "ok"), (301, "future")])
def test_window_is_five_minutes_both_ways(sign: Sign, seconds: int, said: str) -> None:
    verify = next(way[1] for way in WAYS if way[2] is sign)
    assert verdict(verify, sign(BODY, NOON + timedelta(seconds=seconds))) == said


@each_way
def test_an_empty_secret_opens_nothing(verify: Verifier, sign: Sign) -> None:
    """A setting that isn't there must not be a secret that everybody knows."""
    none: list[Verifier] = [
        signatures.svix(lambda: [""]), signatures.timestamped("X-Scell-Signature", lambda: [""]),
        signatures.token_of_body(lambda: {"key1": ""}),
    ]  # fmt: skip
    headers = sign(BODY, NOON, "whsec_") if sign is signing.svix else sign(BODY, NOON, "")
    assert [verdict(one, headers) for one in none if verdict(one, headers) != "unsigned"] == ["wrong"]


def test_several_signatures_and_several_secrets_while_one_takes_the_other_s_place() -> None:
    both = signatures.svix(lambda: [OTHER, SECRET])
    assert [verdict(both, signing.svix(BODY, NOON, secret)) for secret in (SECRET, OTHER)] == ["ok", "ok"]
    old, new = (signing.svix(BODY, NOON, secret)["svix-signature"] for secret in (OTHER, SECRET))
    two = {**signing.svix(BODY, NOON), "svix-signature": f"v1,AAAA v2,{new} {old} {new}"}
    assert verdict(WAYS[0][1], two) == "ok"
    scell = signing.timestamped(BODY, NOON)["x-scell-signature"]
    assert verdict(WAYS[1][1], {"x-scell-signature": scell.replace(",v1=", ",v1=00ff,v0=1,v1=")}) == "ok"


def test_another_message_s_name_isnt_signed_along() -> None:
    assert verdict(WAYS[0][1], {**signing.svix(BODY, NOON), "svix-id": "msg_2"}) == "wrong"


def test_the_bare_body_is_no_signature() -> None:
    assert verdict(WAYS[1][1], signing.bare(BODY, NOON)) == "wrong"


@pytest.mark.parametrize(
    "claims", [{"alg": "none"}, {"alg": "HS512"}, {"iss": "key2"}, {"exp": None}, {"exp": "2099"}, {"sha256": ""}]
)
def test_a_token_without_its_claims_is_refused(claims: dict[str, Any]) -> None:
    assert verdict(WAYS[2][1], signing.jwt(BODY, NOON, **claims)) == "wrong"


def test_a_token_that_would_hold_for_long_is_refused() -> None:
    """Who got hold of one could use it as often as they like."""
    assert verdict(WAYS[2][1], signing.jwt(BODY, NOON, exp=signing.seconds(NOON) + 86_400)) == "future"


def test_shared_secrets_in_a_header_or_an_address() -> None:
    header, path = signatures.shared_token("X-Token", lambda: ["abc", ""]), signatures.secret_path(lambda: ["abc", ""])
    assert [verdict(header, {"x-token": said}) for said in ("abc", "abd", "ab", "é", "")] == [
        "ok",
        *["wrong"] * 3,
        "unsigned",
    ]
    assert [verdict(path, {}, path=said) for said in ("sms/abc", "abc/", "abc/x", "")] == ["ok", "ok", "wrong", "wrong"]
