"""A practitioner reads the true level of each signature, and takes away the files that prove it (PC-94)."""

import base64
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zipfile import ZipFile

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from adapters.models import Proof
from adapters.scell import wording
from adapters.scell.models import LADDERS, PROOFS
from audit.models import AccessEntry
from gdpr_requests.export.archive import AccountExport
from gdpr_requests.integrations import evidence
from tests.accounts.factories import WebClient, make_practitioner, prove, verified_client
from tests.gdpr_requests.factories import dossier_of, signed_file
from tests.records.factories import actor_of

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAGE = "/practitioner/settings/gdpr/integrations/scell/"
PDF = b"%PDF-1.7 signed \x00\xff to the byte"


@pytest.fixture
def me() -> User:
    return make_practitioner("camille@example.org", now=NOW)


def file_of(proof: Proof) -> str:
    return f"{PAGE}files/{proof.pk}.pdf"


def proved(user: User) -> WebClient:
    client = verified_client(user)
    prove(client, user)
    return client


def lines(user: User) -> list[tuple[Any, ...]]:
    found = AccessEntry.objects.filter(subject_id=user.pk, part="signature_file")
    return list(found.values_list("actor_id", "action", "purpose"))


def test_every_state_and_every_kept_file_has_words() -> None:
    assert {kind: tuple(words) for kind, words in wording.STATES.items()} == LADDERS
    assert tuple(wording.FILES) == ("original", *PROOFS)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"level_said": ""}, "Simple electronic signature|the provider says no level"),
        ({"level": "advanced", "level_said": "eu-aes"}, "Advanced electronic signature, in the provider&#x27;s word|the provider says “eu-aes”"),
        ({"level": "qualified", "level_said": "QES"}, "The provider calls it qualified; we haven&#x27;t checked its certificate|the provider says “QES”"),
        ({"state": "asked", "provider_id": ""}, "not known yet"),
        ({"kind": "invoice", "state": "paid"}, "no signature"),
    ],
    ids=["none said", "advanced", "qualified", "not made there yet", "invoice"],
)  # fmt: skip
def test_the_level_shown_is_the_provider_s_and_never_more(me: User, fields: dict[str, Any], shown: str) -> None:
    dossier_of(me, **fields)
    dossier_of(make_practitioner(), level="qualified", level_said="another's")
    with time_machine.travel(NOW, tick=False):
        words = verified_client(me).get(PAGE).content.decode()
    table = words[words.index('id="dossier-rows"') :]
    every = ["Simple electronic", "Advanced electronic", "calls it qualified", "not known yet", "no signature"]
    assert ([one for one in shown.split("|") if one not in table], "another" in table) == ([], False)
    assert [one for one in every if one in table] == [one for one in every if one in shown]


def test_the_list_is_paged_and_begins_with_the_newest(me: User) -> None:
    assert "No invoice and no signature yet" in verified_client(me).get(PAGE).content.decode()
    for n in range(evidence.PER_PAGE + 1):
        dossier_of(me, at=NOW - timedelta(days=n))
    client = verified_client(me)
    pages = [[row.asked_at for row in client.get(PAGE, {"page": n}).context["dossiers"]] for n in (1, 2)]
    assert pages == [[NOW - timedelta(days=n) for n in range(evidence.PER_PAGE)], [NOW - timedelta(days=10)]]


def test_the_page_costs_the_same_queries_for_one_signature_and_three(me: User) -> None:
    client, cost = verified_client(me), []
    for number in (1, 2):
        for _n in range(number):
            row = dossier_of(me)
            signed_file(me, PDF, "original", row=row)
            signed_file(me, PDF, row=row)
        client.get(PAGE)
        with CaptureQueriesContext(connection) as asked:
            client.get(PAGE)
        cost.append(len(asked))
    assert cost[0] == cost[1]
    assert [sql["sql"] for sql in asked if "adapters_proof" in sql["sql"] and '"content"' in sql["sql"]] == []


def test_a_kept_file_is_taken_to_the_byte_with_a_fresh_factor_and_a_line(me: User) -> None:
    proof = signed_file(me, PDF)
    unproved = verified_client(me).get(file_of(proof))
    assert (unproved.status_code, unproved["Location"].partition("?")[0], lines(me)) == (
        302, "/accounts/security/confirm/", [],
    )  # fmt: skip
    client = proved(me)
    assert f'href="{file_of(proof)}">The signed document</a>' in client.get(PAGE).content.decode()
    answer = client.get(file_of(proof))
    assert (answer.content, answer["Content-Type"], answer["Cache-Control"]) == (PDF, "application/pdf", "no-store")
    assert answer["Content-Disposition"] == f'attachment; filename="signed-{proof.dossier_id}.pdf"'
    client.get(file_of(proof))
    assert lines(me) == [(me.pk, "download", "legal")] * 2
    journal = client.get("/practitioner/settings/gdpr/journal/").content.decode()
    assert "downloaded a file kept of a signature" in journal


def test_another_account_s_file_isn_t_there(me: User) -> None:
    stranger, proof = make_practitioner(), signed_file(me, PDF)
    client = proved(stranger)
    answers = [client.get(address).status_code for address in (file_of(proof), f"{PAGE}files/{proof.pk + 1}.pdf")]
    assert (answers, lines(me), lines(stranger)) == ([404, 404], [], [])


def test_a_file_that_isn_t_the_kept_one_isn_t_handed_out(me: User) -> None:
    row = dossier_of(me)
    other = Proof.objects.create(
        at=NOW, dossier_id=row.pk, subject_id=me.pk, what="signed", sha256="0" * 64, size=len(PDF),
        content=base64.b64encode(PDF).decode(),
    )  # fmt: skip
    answer = proved(me).get(file_of(other), follow=True)
    assert (answer.redirect_chain, lines(me)) == ([(PAGE, 302)], [])
    assert "isn&#x27;t the one that was kept" in answer.content.decode()


def test_an_export_has_the_signatures_with_their_level_and_their_files(me: User) -> None:
    row = dossier_of(me, level="advanced", level_said="AES")
    signed_file(me, PDF, row=row)
    signed_file(make_practitioner(), b"%PDF-1.7 of another")
    archive = ZipFile(io.BytesIO(b"".join(AccountExport(me, by=actor_of(me), now=NOW).chunks())))
    account = json.loads(archive.read("account.json"))
    found = [(one["id"], one["level"], one["level_said"], one["state"]) for one in account["adapters.Dossier"]]
    assert found == [(str(row.pk), "advanced", "AES", "completed")]
    assert [base64.b64decode(one["content"]) for one in account["adapters.Proof"]] == [PDF]
