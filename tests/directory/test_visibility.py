"""A practitioner is in the directory exactly while the ledger says so (PC-23)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from audit.models import EventEntry
from care.models import Membership
from consents.grants import NoGrant, grant_for, grants_for
from consents.hooks import on_decision
from consents.queries import is_live, live_among, subjects_on
from consents.rules import UnknownKey
from directory import queries
from directory.actions import choose_phone, give_address
from directory.cards import LISTING, publish
from directory.models import Listing
from privacy.ids import new_id
from tests.accounts.factories import make_account, make_practitioner
from tests.consents.factories import choose, person
from tests.directory.factories import address_of, choose_listing, make_listed

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
OTHERS = ("marketing_emails", "third_party_integrations", "analytics_product")


def names(client: Client, **wanted: str) -> list[str]:
    return [one.card.name for one in client.get("/directory/", wanted).context["shown"]]


def ids(now: datetime) -> set[Any]:
    return {one.listing_id for one in queries.page_of(queries.Wanted(), None, now=now)[1]}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from((LISTING, LISTING, *OTHERS)), st.booleans()),
        min_size=1,
        max_size=12,
    )
)
def test_visibility_follows_the_ledger_at_each_entry(moves: list[tuple[int, str, bool]]) -> None:
    """Whoever moves whichever switch: at each moment, before and after, list, address and grants agree with the fold."""
    with transaction.atomic():  # of each example its own, or those listed before it fill the first page
        people = [make_practitioner(now=START) for _ in range(3)]
        expected: dict[User, list[tuple[datetime, bool]]] = {user: [(START, False)] for user in people}
        for number, (who, key, on) in enumerate(moves, start=1):
            at = START + timedelta(minutes=number)
            choose(person(people[who].pk), key, on, now=at)
            if key == LISTING:
                expected[people[who]].append((at, on))
        for number in range(len(moves) + 1):
            at = START + timedelta(minutes=number, seconds=30)
            on = {user.pk for user in people if [said for when, said in expected[user] if when <= at][-1]}
            everybody = [user.pk for user in people]
            pages = dict(Listing.objects.filter(user__in=people).values_list("pk", "user_id"))
            assert live_among(everybody, LISTING, now=at) == on
            assert {user.pk for user in people if is_live(user.pk, LISTING, now=at)} == on
            assert set(subjects_on(LISTING, now=at)) & set(everybody) == on
            assert {pages[page] for page in ids(at) & pages.keys()} == on
            assert {user for page, user in pages.items() if queries.page_at(page, now=at)} == on
        transaction.set_rollback(True)


def test_withdrawal_removes_page_and_entry_with_the_next_request(client: Client) -> None:
    user = make_listed()
    page = address_of(user)
    assert (client.get(page).status_code, names(client)) == (200, ["Camille Roux"])
    choose_listing(user, False)
    assert (client.get(page).status_code, names(client)) == (404, [])
    choose_listing(user, True)
    assert (client.get(page).status_code, names(client)) == (200, ["Camille Roux"])
    assert address_of(user) == page


@pytest.mark.parametrize("on", [True, False])
def test_directory_forbids_everybody_to_keep_an_answer(client: Client, on: bool) -> None:
    user = make_listed()
    choose_listing(user, on)
    answers = [client.get("/directory/"), client.get(address_of(user))]
    assert [answer.headers["Cache-Control"] for answer in answers] == ["no-store", "no-store"]


def test_nobody_gets_a_page_without_asking(client: Client) -> None:
    user = make_practitioner()
    choose(person(user.pk), "marketing_emails", now=timezone.now())
    choose_listing(user, False)
    assert (Listing.objects.count(), names(client)) == (0, [])


def test_a_yes_at_sign_up_is_enough() -> None:
    """The hook that the directory registered below gives the address; the journal says so once."""
    assert on_decision[LISTING] == [give_address]
    user = make_listed()
    choose_listing(user, False)
    choose_listing(user, True)
    listing = Listing.objects.get(user=user)
    lines = EventEntry.objects.filter(object_id=str(listing.pk)).values_list("verb", "subject_id")
    assert list(lines) == [("directory.address.given", user.pk)]


def test_somebody_who_is_no_practitioner_has_no_page() -> None:
    user = make_account()
    choose_listing(user, True)
    assert Listing.objects.count() == 0


def test_a_closed_account_is_absent(client: Client) -> None:
    user = make_listed()
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert (client.get(address_of(user)).status_code, names(client)) == (404, [])
    page = address_of(user)
    Membership.objects.filter(user=user).delete()
    user.delete()
    assert (client.get(page).status_code, names(client)) == (404, [])


def test_nobody_is_listed_under_an_address_that_was_never_proven(client: Client) -> None:
    user = make_listed()
    user.emailaddress_set.update(verified=False)
    assert (client.get(address_of(user)).status_code, names(client)) == (404, [])


def test_an_address_never_given_answers_as_one_withdrawn(client: Client) -> None:
    user = make_listed()
    choose_listing(user, False)
    answers = [client.get(address) for address in (address_of(user), f"/directory/{uuid4()}/")]
    assert [answer.status_code for answer in answers] == [404, 404]
    told = [
        re.sub(r"[0-9a-f-]{36}|[A-Za-z0-9]{64}", "", answer.content.decode())  # the address asked, the form's token
        for answer in answers
    ]
    assert told[0] == told[1]


def test_publishing_takes_the_practitioner_s_own_grant(now: datetime) -> None:
    one, other = make_practitioner(), make_practitioner()
    by = person(other.pk)
    for key in (LISTING, "marketing_emails"):
        choose(by, key, now=now)
    foreign = [grant_for(other.pk, LISTING, now=now), grant_for(other.pk, "marketing_emails", now=now)]
    for profile, grant in zip((one.practitioner, other.practitioner), foreign, strict=True):
        with pytest.raises(ValueError, match="own practitioner's grant"):
            publish(uuid4(), profile, grant, shows_phone=False)
    assert publish(uuid4(), other.practitioner, foreign[0], shows_phone=False).card.name == "Camille Roux"


def test_grants_of_many_are_the_grants_of_each(now: datetime) -> None:
    people = [new_id() for _ in range(4)]
    for subject_id, on in zip(people, (True, False, True, True), strict=True):
        choose(person(subject_id), LISTING, on, now=now)
    choose(person(people[2]), LISTING, False, now=now)
    made = grants_for([*people, new_id()], LISTING, now=now)
    assert set(made) == {people[0], people[3]}
    assert [(grant.subject_id, grant.key, grant.child, grant.minted_at) for grant in made.values()] == [
        (subject_id, LISTING, None, now) for subject_id in made
    ]
    made[people[0]].check(now)
    later = now + timedelta(minutes=1)
    choose(person(people[0]), LISTING, False, now=later)
    with pytest.raises(NoGrant):
        made[people[0]].check(later)


def test_grants_of_many_for_an_unknown_key_are_a_mistake(now: datetime) -> None:
    for ask in (lambda: grants_for([], "newsletter", now=now), lambda: subjects_on("newsletter", now=now)):
        with pytest.raises(UnknownKey):
            ask()


def test_the_telephone_is_a_choice_of_its_own(client: Client, now: datetime) -> None:
    user = make_listed(phone="+33298990142")
    by = person(user.pk)
    told = []
    for shown in (True, True, False):
        changed = choose_phone(user=user, shown=shown, by=by, now=now)
        told.append((changed, "+33 2 98 99 01 42" in client.get(address_of(user)).content.decode()))
    assert told == [(True, True), (False, True), (True, False)]
