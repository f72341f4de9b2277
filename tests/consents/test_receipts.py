"""A receipt is whole, signed, and refused once anything that means something is changed (NEW-01)."""

import base64
import copy
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit import signing
from consents import jcs
from consents.models import ConsentEvent
from consents.notices import slots
from consents.receipts import is_genuine, receipt
from tests.consents.factories import NOON, choose, person
from tools import verify_receipt

SCRIPT = Path(verify_receipt.__file__)
TERMS = set((Path(__file__).parent / "dpv_terms.txt").read_text().split())
TERM = re.compile(r"^(dpv|pd|loc|eu-gdpr|legal-eu):")

# W3C, Data Integrity EdDSA Cryptosuites v1.0, appendix B.2 (representation: eddsa-jcs-2022).
W3C_SEED = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
W3C_CONTEXT = ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"]
W3C_KEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
W3C_DOCUMENT = {
    "@context": W3C_CONTEXT,
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}
W3C_OPTIONS = {
    "type": "DataIntegrityProof",
    "cryptosuite": "eddsa-jcs-2022",
    "created": "2023-02-24T23:36:38Z",
    "verificationMethod": f"did:key:{W3C_KEY}#{W3C_KEY}",
    "proofPurpose": "assertionMethod",
    "@context": W3C_CONTEXT,
}
W3C_PROOF = "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"


def base58_bytes(text: str) -> bytes:
    number = 0
    for sign in text[1:]:
        number = number * 58 + jcs.ALPHABET.index(sign)
    return number.to_bytes((number.bit_length() + 7) // 8)


W3C_PRIVATE = Ed25519PrivateKey.from_private_bytes(base58_bytes(W3C_SEED)[2:])


def keys_json() -> dict[str, Any]:
    return json.loads(json.dumps(signing.published_keys()))


@pytest.fixture
def made(db: None) -> dict[str, Any]:
    """A receipt, as it is downloaded."""
    by = person()
    decision = choose(by, "marketing_emails", language="fr")
    return json.loads(json.dumps(receipt(ConsentEvent.objects.get(pk=decision.event_id), now=NOON)))


def verdict(document: Any) -> str:
    return verify_receipt.verify(document, verify_receipt.public_keys(keys_json()))


def test_our_proofs_are_those_of_the_w3c_example() -> None:
    signature = W3C_PRIVATE.sign(jcs.to_sign(W3C_DOCUMENT, W3C_OPTIONS))
    assert jcs.multibase(signature) == W3C_PROOF


def test_the_script_takes_the_signature_of_the_w3c_example_and_says_it_is_no_receipt() -> None:
    keys = {W3C_KEY: W3C_PRIVATE.public_key()}
    secured = {**W3C_DOCUMENT, "proof": {**W3C_OPTIONS, "proofValue": W3C_PROOF}}
    with pytest.raises(verify_receipt.Refused, match="it is signed, but it is no consent receipt"):
        verify_receipt.verify(secured, keys)
    with pytest.raises(verify_receipt.Refused, match="the signature doesn't fit"):
        verify_receipt.verify({**secured, "name": "Alumni credential"}, keys)


def test_a_receipt_is_genuine_and_says_what_was_done(made: dict[str, Any]) -> None:
    record = made["dpv:hasRecordOfActivity"]
    assert verdict(made) == (
        f"consent marketing_emails given at 2026-11-18T11:00:00.000000Z by {record['dpv:hasDataSubject']['id']},"
        f" text {record['dpv:hasNotice']['pc:sha256'][:12]} (fr, version 1); signed with {next(iter(signing.public_keys()))}"
    )


def test_the_command_exits_0_for_a_genuine_receipt_and_1_otherwise(made: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps(keys_json()))
    (tmp_path / "good.jsonld").write_text(json.dumps(made, indent=7, ensure_ascii=True))
    made["dct:created"] = made["dct:created"].replace("2026", "2025")
    (tmp_path / "bad.jsonld").write_text(json.dumps(made))
    (tmp_path / "none.jsonld").write_text("{")

    def run(name: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-I", str(SCRIPT), name, "--keys", "keys.json"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout.split(":")[0], done.stderr

    assert [run(name) for name in ("good.jsonld", "bad.jsonld", "none.jsonld")] == [
        (0, "GENUINE", ""),
        (1, "REFUSED", ""),
        (1, "REFUSED", ""),
    ]
    assert run("away.jsonld") == (2, "", "Can't read away.jsonld: No such file or directory\n")


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a document."""
    inner = list(node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ())
    yield from ((*path, name) for name, _ in inner)
    for name, value in inner:
        yield from places(value, (*path, name))


def at(node: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        node = node[name]
    return node


def spoil(value: Any) -> Any:
    """Something else of the same kind."""
    if isinstance(value, str):
        return value + "x" if len(value) < 2 else value[1:] + value[0] if value[1:] + value[0] != value else value + "x"
    if isinstance(value, int):
        return value + 1
    return [value] if isinstance(value, dict) else [*value, "x"]


def test_each_single_value_changed_removed_or_renamed_is_refused(made: dict[str, Any]) -> None:
    paths = list(places(made))
    assert len(paths) > 150
    for *path, name in paths:
        for attack in ("change", "remove", "rename"):
            forged = copy.deepcopy(made)
            parent = at(forged, tuple(path))
            if attack == "change":
                parent[name] = spoil(parent[name])
            elif attack == "remove":
                del parent[name]
            elif isinstance(parent, dict):
                parent[f"{name}x"] = parent.pop(name)
            else:
                continue
            with pytest.raises(verify_receipt.Refused):
                verdict(forged)


def test_each_single_byte_flipped_in_the_file_is_refused_or_means_the_same(
    made: dict[str, Any], tmp_path: Path
) -> None:
    raw, keys = json.dumps(made, ensure_ascii=False).encode(), verify_receipt.public_keys(keys_json())
    path = tmp_path / "receipt.jsonld"
    accepted = []
    for index in range(0, len(raw), 5):
        flipped = bytearray(raw)
        flipped[index] ^= 1 << (index % 7)
        path.write_bytes(flipped)
        try:
            verify_receipt.verify(verify_receipt.read(path), keys)
        except verify_receipt.Refused:
            continue
        accepted.append(index)
        assert json.loads(bytes(flipped)) == made
    assert set(accepted) <= {index for index in range(len(raw)) if raw[index : index + 1] in b" \n"}


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 1}',
        '{"a": 1.0}',
        '{"a": NaN}',
        '{"é": 1}',
        "[]",
        "",
        "[" * 100_000,
        '{"a": "\ud800"}'.encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
    ids=["twice", "fraction", "nan", "not ascii", "list", "empty", "deep", "broken"],
)
def test_a_file_that_could_be_read_in_two_ways_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "receipt.jsonld"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(verify_receipt.Refused):
        verdict(verify_receipt.read(path))


def test_a_receipt_signed_by_a_stranger_is_refused(made: dict[str, Any]) -> None:
    key_id, stranger = next(iter(signing.public_keys())), Ed25519PrivateKey.generate()
    document = {name: value for name, value in made.items() if name != "proof"}
    options = {name: value for name, value in made["proof"].items() if name != "proofValue"}
    forged = {
        **document,
        "proof": {**options, "proofValue": jcs.multibase(stranger.sign(jcs.to_sign(document, options)))},
    }
    with pytest.raises(verify_receipt.Refused, match="the signature doesn't fit"):
        verdict(forged)
    unknown = {
        "keys": [
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "kid": f"other-{key_id}",
                "x": base64.urlsafe_b64encode(stranger.public_key().public_bytes_raw()).decode().rstrip("="),
            }
        ]
    }
    with pytest.raises(verify_receipt.Refused, match="isn't among the published keys"):
        verify_receipt.verify(made, verify_receipt.public_keys(unknown))


@pytest.mark.django_db
@pytest.mark.parametrize("slot", slots())
def test_a_receipt_of_each_switch_uses_published_terms_only(slot: str) -> None:
    by = person()
    key, _dot, child = slot.partition(".")
    if child:
        choose(by, key)
    for on in (True, False):
        decision = choose(by, key, on, child=child)
        made = receipt(ConsentEvent.objects.get(pk=decision.event_id), now=NOON)
        said = json.loads(
            json.dumps({name: value for name, value in made.items() if name not in ("@context", "proof")})
        )
        used = {
            name
            for path in places(said)
            for name in (path[-1], at(said, path))
            if isinstance(name, str) and TERM.match(name)
        }
        assert used - TERMS == set()
        assert verdict(json.loads(json.dumps(made)))


@pytest.mark.django_db
def test_receipts_tell_the_four_kinds_apart() -> None:
    by = person()
    kinds = {}
    for key in ("tos_privacy", "health_data_processing", "marketing_emails", "third_party_integrations"):
        made = receipt(ConsentEvent.objects.get(pk=choose(by, key).event_id), now=NOON)
        record = made["dpv:hasRecordOfActivity"]
        kinds[key] = (made["type"], record["type"], record["dpv:hasLegalBasis"])
    assert kinds == {
        "tos_privacy": ("pc:DecisionReceipt", "dpv:DataProcessingRecord", "eu-gdpr:A6-1-b"),
        "health_data_processing": ("pc:DecisionReceipt", "dpv:DataProcessingRecord", "eu-gdpr:A9-2-h"),
        "marketing_emails": ("dpv:ConsentReceipt", "dpv:ConsentRecord", "eu-gdpr:A6-1-a"),
        "third_party_integrations": ("dpv:ConsentReceipt", "dpv:ConsentRecord", "eu-gdpr:A6-1-b"),
    }


def test_a_receipt_carries_its_own_meaning(made: dict[str, Any]) -> None:
    [context] = made["@context"]
    prefixes = {name for name, value in context.items() if isinstance(value, str)}
    used = {
        path[-1].partition(":")[0]
        for path in places({k: v for k, v in made.items() if k != "@context"})
        if isinstance(path[-1], str) and ":" in path[-1]
    }
    assert used - prefixes == set()
    assert [name for name in json.dumps(context).split('"') if name.startswith("http://localhost")] == []


def test_a_receipt_names_nobody(made: dict[str, Any]) -> None:
    assert not {"192.0.2.7", "Test"} & set(
        re.findall(r"[\w.]+", json.dumps(made["dpv:hasRecordOfActivity"]["dpv:hasDataSubject"]))
    )
    assert "192.0.2.7" not in json.dumps(made)


@given(
    st.recursive(
        st.text() | st.integers() | st.booleans() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("abc:@"), inner),
        max_leaves=20,
    )
)
def test_canonical_form_is_the_same_in_the_house_and_in_the_script(value: Any) -> None:
    import hashlib

    try:
        ours = hashlib.sha256(jcs.canonical(value)).digest()
    except UnicodeEncodeError:
        with pytest.raises(verify_receipt.Refused):
            verify_receipt.hashed(value)
        return
    assert verify_receipt.hashed(value) == ours


@pytest.mark.parametrize("value", [{"a": 1.5}, {"é": 1}, {1: 2}, {"a": {"b": object()}}])
def test_canonical_form_refuses_what_has_several(value: Any) -> None:
    with pytest.raises(TypeError):
        jcs.canonical(value)


@given(st.binary(min_size=64, max_size=64))
def test_base58_comes_back(data: bytes) -> None:
    assert verify_receipt.base58(jcs.multibase(data)) == data


def test_the_house_and_the_script_judge_alike(made: dict[str, Any]) -> None:
    assert is_genuine(made)
    for name in made:
        assert not is_genuine({**made, name: "other"})
    assert not is_genuine({**made, "proof": {**made["proof"], "proofValue": "z" + "1" * 87}})
    assert not is_genuine({name: value for name, value in made.items() if name != "proof"})
