"""Authorities read what a dated order names: by two people's decision, its files and parts, its time, to read (MD-43)."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.db import IntegrityError, InternalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry, EventEntry
from care.queries import practice_of
from care.tenancy import ALL, scope
from gdpr_requests.portal.queries import journal_of, watched
from lifecycle.expiring import orders as expiring
from lifecycle.expiring.forecasts import orders_of_authorities
from lifecycle.expiring.promises import accesses_stay_three_years
from privacy.clocks import legal_day
from privacy.refusals import Refused
from records.authority import actions
from records.models import AuthorityOrder, OrderedFile
from tests.accounts.factories import (
    PASSWORD,
    WebClient,
    make_patient,
    make_practitioner,
    make_staff,
    prove,
    verified_client,
)
from tests.care.factories import as_owner, held_client
from tests.records.factories import link, make_consultation, make_document, make_file
from tests.records.orders import NOBODY, agent_client, confirmed, enter, link_of, officer_of, read_by_agent, said
from tests.records.restriction.helpers import restrict
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases="__all__")
HOUSE = Actor.system("test")


@pytest.fixture
def owner() -> User:
    return make_practitioner("owner@example.org")


def again(order: AuthorityOrder) -> AuthorityOrder:
    with scope(ALL):
        return AuthorityOrder.objects.get(pk=order.pk)


def test_agent_reads_the_parts_that_the_order_names(owner: User) -> None:
    file = make_file(owner, surname="Lefèvre", medical_history="Asthme", now=timezone.now())
    make_consultation(file, owner, signed=True, note="Rougeurs")
    make_consultation(file, owner, note="Brouillon")
    order, agent = read_by_agent(owner, file, parts=("identity", "consultations"))
    client = agent_client(agent)
    listed = client.get(reverse("authority:order", args=[order.pk])).content.decode()
    identity = client.get(reverse("authority:part", args=[order.pk, file.pk, "identity"])).content.decode()
    texts = client.get(reverse("authority:part", args=[order.pk, file.pk, "consultations"])).content.decode()
    assert ("LEFÈVRE" in listed, "PV 2026/4711" in listed, "1984" in identity) == (True, True, True)
    assert ("Rougeurs" in texts, "Brouillon" in texts, "Asthme" in identity + texts) == (True, False, False)
    for part in ("medical", "measures", "documents", "everything"):
        assert client.get(reverse("authority:part", args=[order.pk, file.pk, part])).status_code == 404
    seen = AccessEntry.objects.filter(actor_role="authority", subject_id=file.pk).order_by("pk")
    assert [(row.part, row.action, row.purpose) for row in seen] == [
        ("list", "list", "legal"), ("identity", "open", "legal"), ("consultations", "open", "legal"),
    ]  # fmt: skip
    assert {row.request_id.startswith(f"order:{order.pk}:") for row in seen} == {True}


def test_agent_sees_documents_as_pictures_and_takes_nothing_along(owner: User) -> None:
    file = make_file(owner)
    paper = make_document(file, owner)
    order, agent = read_by_agent(owner, file, parts=("documents",))
    client = agent_client(agent)
    place = {"order_id": order.pk, "file_id": file.pk, "document_id": paper.pk}
    listed = client.get(reverse("authority:part", args=[order.pk, file.pk, "documents"])).content.decode()
    page = client.get(reverse("authority:document", kwargs=place)).content.decode()
    picture = client.get(reverse("authority:document_page", kwargs={**place, "number": 1}))
    assert ("Analyse de sang" in listed, "LEFÈVRE" in listed + page, picture["Content-Type"]) == (
        True,
        False,
        "image/png",
    )
    assert client.get(reverse("authority:document_page", kwargs={**place, "number": 2})).status_code == 404
    assert client.get(reverse("records:document_download", args=[file.pk, paper.pk])).status_code == 404
    assert {client.post(reverse("authority:document", kwargs=place)).status_code} == {405}


def test_nobody_gives_access_alone(owner: User) -> None:
    file, now = make_file(owner), timezone.now()
    owner.is_staff = True
    owner.save(update_fields=["is_staff"])
    row = enter(owner, file, officer=owner)
    with scope(ALL), pytest.raises(Refused) as refused:
        actions.confirm(order_id=row.pk, by=as_owner(owner), now=now)
    assert refused.value.refusal.code == "same_person"
    with scope(ALL), pytest.raises(IntegrityError), transaction.atomic():
        AuthorityOrder.objects.filter(pk=row.pk).update(confirmed_at=now, confirmed_by=owner)
    other = make_practitioner("other@example.org")
    with scope(ALL), pytest.raises(Refused) as refused:
        actions.confirm(order_id=row.pk, by=as_owner(other), now=now)
    assert refused.value.refusal.code == "not_owner"
    with scope(ALL), pytest.raises(Refused) as refused:
        actions.send_link(order_id=row.pk, by=officer_of(owner), now=now)
    assert refused.value.refusal.code == "not_running"


@pytest.mark.parametrize(
    "change", ["parts = '{identity,medical}'", "until_at = until_at + interval '1 day'", "account_id = null"]
)
def test_what_an_order_opens_never_widens(change: str, owner: User) -> None:
    order, _agent = read_by_agent(owner, make_file(owner), parts=("identity",))
    with (
        scope(ALL),
        pytest.raises((InternalError, IntegrityError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"update records_authorityorder set {change} where id = %s", [order.pk])


def test_no_file_is_added_once_it_is_confirmed(owner: User) -> None:
    order, other = confirmed(owner, make_file(owner)), make_file(owner, surname="Morvan")
    now = timezone.now()
    with scope(ALL), pytest.raises(Refused) as refused:
        actions.name_file(order_id=order.pk, surname="Morvan", birth_date="1984-02-29", by=as_owner(owner), now=now)
    assert refused.value.refusal.code == "not_open"
    with scope(ALL), pytest.raises((InternalError, IntegrityError)), transaction.atomic():
        OrderedFile.objects.create(order=order, practice_id=order.practice_id, file=other, named_at=now, named_by=owner)


@pytest.mark.parametrize(("days", "code"), [(-1, "until_on"), (30, "until_on"), (400, "until_on")])
def test_an_order_ends_within_thirty_days(days: int, code: str, owner: User) -> None:
    now = timezone.now()
    with pytest.raises(Refused) as refused:
        enter(owner, now=now, until_on=legal_day(now) + timedelta(days=days))
    assert refused.value.refusal.code == code
    assert default_storage.exists("orders") is False or default_storage.listdir("orders")[1] == []


def test_silence_needs_a_ground_and_a_day(owner: User) -> None:
    today = legal_day(timezone.now())
    for typed, code in (
        ({"silent_until": today}, "silent_why"),
        ({"silent_until": today - timedelta(days=1), "silent_why": "x"}, "silent_until"),
    ):
        with pytest.raises(Refused) as refused:
            enter(owner, **typed)
        assert refused.value.refusal.code == code


def test_access_ends_by_the_clock_and_at_once(owner: User) -> None:
    file, now = make_file(owner), timezone.now()
    past, agent = read_by_agent(owner, file, now=now - timedelta(days=12))
    client = agent_client(agent)
    assert client.get(reverse("authority:order", args=[past.pk])).status_code == 404
    assert "No order is open to you" in client.get(reverse("authority:home")).content.decode()
    order, second = read_by_agent(owner, file)
    client = agent_client(second)
    assert client.get(reverse("authority:order", args=[order.pk])).status_code == 200
    with scope(ALL):
        actions.end(order_id=order.pk, why="Lifted by the court", by=as_owner(owner), now=timezone.now())
    assert client.get(reverse("authority:order", args=[order.pk])).status_code == 302  # the session ended too
    assert agent_client(second).get(reverse("authority:order", args=[order.pk])).status_code == 404


def test_a_file_taken_out_is_closed_at_once(owner: User) -> None:
    file, kept = make_file(owner), make_file(owner, surname="Morvan")
    order, agent = read_by_agent(owner, file, kept)
    with scope(ALL):
        row = OrderedFile.objects.get(order=order, file=file)
        assert actions.take_out(ordered_id=row.pk, by=as_owner(owner), now=timezone.now()) is True
        assert actions.take_out(ordered_id=row.pk, by=as_owner(owner), now=timezone.now()) is False
    client = agent_client(agent)
    answers = [
        client.get(reverse("authority:part", args=[order.pk, one.pk, "identity"])).status_code for one in (file, kept)
    ]
    assert answers == [404, 200]


def test_restricted_and_archived_files_are_read_for_a_legal_claim(owner: User) -> None:
    """Art. 18(2): a restriction doesn't keep out a court; the journal says that it was read in spite of it."""
    file = make_file(owner, medical_history="Asthme")
    order, agent = read_by_agent(owner, file)
    restrict(file, now=timezone.now())
    assert (
        "Asthme"
        in agent_client(agent).get(reverse("authority:part", args=[order.pk, file.pk, "medical"])).content.decode()
    )
    assert AccessEntry.objects.get(actor_role="authority", part="medical").action == "open_restricted"


def test_a_file_past_its_term_is_closed_to_authorities_too(owner: User) -> None:
    file = make_file(owner)
    order, agent = read_by_agent(owner, file)
    with scope(ALL):
        type(file).objects.filter(pk=file.pk).update(retain_until=legal_day(timezone.now()) - timedelta(days=1))
    assert agent_client(agent).get(reverse("authority:part", args=[order.pk, file.pk, "medical"])).status_code == 404


def test_a_delivered_code_is_not_enough(owner: User) -> None:
    order, agent = read_by_agent(owner, make_file(owner))
    answer = verified_client(agent).get(reverse("authority:order", args=[order.pk]))
    assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:protect"))


def test_link_and_code_let_the_named_person_in_once(owner: User) -> None:
    order = confirmed(owner, make_file(owner))
    token, code = link_of(order)
    wrong = "0" * 8 if code != "0" * 8 else "1" * 8
    place, typed = reverse("authority:join", args=[token]), {"password": PASSWORD}
    browser = WebClient()
    assert "This isn" in browser.post(place, {**typed, "code": wrong}).content.decode()
    assert again(order).tries == 1
    assert browser.post(place, {**typed, "code": f"{code[:4]} {code[4:]}"})["Location"] == reverse("authority:home")
    joined = again(order)
    assert (joined.email, joined.token_hash, joined.account is not None) == ("", None, True)
    assert browser.post(place, {**typed, "code": code}).status_code == 410


def test_five_wrong_codes_and_a_new_link_end_the_old_one(owner: User) -> None:
    order = confirmed(owner, make_file(owner))
    token, code = link_of(order)
    now = timezone.now()
    for _ in range(5):
        assert (
            actions.join(token=token, code="x", user=None, password=PASSWORD, language="en", by=NOBODY, now=now) is None
        )
    with pytest.raises(Refused):
        actions.join(token=token, code=code, user=None, password=PASSWORD, language="en", by=NOBODY, now=now)
    newer, _code = link_of(order)
    assert [WebClient().get(reverse("authority:join", args=[one])).status_code for one in (token, newer)] == [410, 200]


def test_who_entered_or_confirmed_does_not_read(owner: User) -> None:
    order = confirmed(owner, make_file(owner), email=owner.email)
    token, code = link_of(order)
    with pytest.raises(Refused) as refused:
        actions.join(token=token, code=code, user=owner, password="", language="en", by=NOBODY, now=timezone.now())
    assert refused.value.refusal.code == "same_person"


def test_patient_is_told_and_sees_each_reading(owner: User, django_capture_on_commit_callbacks: object) -> None:
    file, patient, now = make_file(owner), make_patient("patient@example.org"), timezone.now()
    link(file, patient)
    mail.outbox.clear()
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        order, agent = read_by_agent(owner, file)
    told = [one for one in mail.outbox if one.to == [patient.email]]
    assert ([one.subject for one in told], "PV 2026" in told[0].body, "Lefèvre" in told[0].body) == (
        ["An authority may read parts of your file"], False, False,
    )  # fmt: skip
    assert agent_client(agent).get(reverse("authority:part", args=[order.pk, file.pk, "medical"])).status_code == 200
    shown = verified_client(patient).get(reverse("patient_privacy:journal")).content.decode()
    assert "ourt or authority" in shown, shown[shown.index("journal__who") :][:900]
    with scope(ALL):
        assert OrderedFile.objects.get().told_how == "mail"
        assert actions.tell_patients(by=HOUSE, now=now) == 0


def test_an_order_may_forbid_telling_until_its_day(owner: User) -> None:
    file, patient, now = make_file(owner), make_patient("patient@example.org"), timezone.now()
    link(file, patient)
    today = legal_day(now)
    order, agent = read_by_agent(owner, file, silent_until=today + timedelta(days=3), silent_why="Art. 11 CPP")
    agent_client(agent).get(reverse("authority:part", args=[order.pk, file.pk, "medical"]))
    later = now + timedelta(days=4)
    with scope(ALL):
        files = watched(patient.pk, now)
        roles = [
            set(journal_of(patient.pk, files, now=moment).values_list("actor_role", flat=True)) & {"authority"}
            for moment in (now, now + timedelta(days=2), later)
        ]
    assert roles == [set(), set(), {"authority"}]
    assert (expiring.tell(by=HOUSE, now=now, dry_run=False)[expiring.TELLING].done) == 0
    assert (expiring.tell(by=HOUSE, now=later, dry_run=True)[expiring.TELLING].due) == 1
    assert (expiring.tell(by=HOUSE, now=later, dry_run=False)[expiring.TELLING].done) == 1
    assert (expiring.tell(by=HOUSE, now=later, dry_run=False)[expiring.TELLING].due) == 0


def test_owner_names_the_file_confirms_notes_and_ends(owner: User) -> None:
    make_file(owner, surname="Lefèvre")
    order = enter(owner)
    client = held_client(owner)
    place = reverse("records:order", args=[order.pk])
    assert "confirm" in client.get(place)["Location"]
    prove(client, owner)
    shown = client.get(place).content.decode()
    assert ("PV 2026/4711" in shown, "Brigadier Martin" in shown, "Lefèvre" in shown) == (
        True,
        True,
        True,
    )  # whom it is about
    assert "Name the file first" in client.post(place, {"act": "confirm", "read": "on"}).content.decode()
    assert (
        "No file of the practice fits"
        in client.post(place, {"act": "name", "surname": "Morvan", "birth_date": "29/02/1984"}).content.decode()
    )
    assert client.post(place, {"act": "name", "surname": "Lefevre", "birth_date": "29/02/1984"}).status_code == 302
    assert "Tick the box" in client.post(place, {"act": "confirm"}).content.decode()
    assert client.post(place, {"act": "confirm", "read": "on"}).status_code == 302
    with scope(ALL):
        named = OrderedFile.objects.get()
    assert client.post(place, {"act": "told", "ordered": str(named.pk), "how": "letter"}).status_code == 302
    paper = client.get(reverse("records:order_paper", args=[order.pk]))
    assert (paper["Content-Type"], paper["Content-Disposition"]) == ("image/png", 'attachment; filename="order.png"')
    assert client.post(place, {"act": "end", "why": " "}).status_code == 422
    assert client.post(place, {"act": "end", "why": "Lifted"}).status_code == 302
    done = again(order)
    with scope(ALL):
        told = OrderedFile.objects.get().told_how
    assert (done.confirmed_by_id, done.ended_role, told) == (owner.pk, "practitioner", "letter")
    verbs = EventEntry.objects.filter(object_id=str(order.pk)).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["records.order.entered", "records.order.confirmed", "records.order.ended"]


def test_list_of_orders_costs_the_same_for_one_and_three(owner: User) -> None:
    client, counts = held_client(owner), []
    for wanted in (1, 3):
        with scope(ALL):
            known = AuthorityOrder.objects.count()
        for _ in range(wanted - known):
            enter(owner)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("records:orders")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_words_and_document_of_an_order_are_forgotten_after_three_years(owner: User) -> None:
    order = enter(owner, make_file(owner))
    name, now = order.storage_name, timezone.now()
    soon, late = now + timedelta(days=365 * 3), now + timedelta(days=365 * 3 + 40)
    assert expiring.forget(by=HOUSE, now=soon, dry_run=False)[expiring.FORGETTING].done == 0
    months = [(one.kind, one.count) for one in orders_of_authorities(legal_day(now), legal_day(late))]
    assert months == [("records.AuthorityOrder", 1)]
    assert expiring.forget(by=HOUSE, now=late, dry_run=True)[expiring.FORGETTING].due == 1
    assert accesses_stay_three_years(late).figures["orders_past_their_term"] == 1
    assert expiring.forget(by=HOUSE, now=late, dry_run=False)[expiring.FORGETTING].done == 1
    assert (default_storage.exists(name), FileKey.objects.get(file_id=order.pk).destroyed_at) == (False, late)
    assert expiring.forget(by=HOUSE, now=late, dry_run=False)[expiring.FORGETTING].due == 0
    assert accesses_stay_three_years(late).figures["orders_past_their_term"] == 0
    client = held_client(owner)
    prove(client, owner)
    assert client.get(reverse("records:order", args=[order.pk])).status_code == 200


def test_document_without_an_order_is_removed_by_the_next_sweep(owner: User) -> None:
    kept = enter(owner)
    lost = default_storage.save("orders/lost", BytesIO(b"sealed"))  # type: ignore[arg-type]
    later = timezone.now() + timedelta(hours=2)
    expiring.forget(by=HOUSE, now=later, dry_run=False)
    assert (default_storage.exists(lost), default_storage.exists(kept.storage_name)) == (False, True)


def test_unreadable_document_is_refused_and_nothing_stays(owner: User) -> None:
    now, practice = timezone.now(), practice_of(owner)
    assert practice is not None
    with scope(ALL), pytest.raises(Refused):
        actions.enter(
            practice=practice,
            said=said(now),
            files=(),
            source=BytesIO(b"no document"),
            by=officer_of(make_staff()),
            now=now,
        )
    with scope(ALL):
        assert AuthorityOrder.objects.count() == 0
