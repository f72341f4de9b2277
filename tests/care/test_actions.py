"""Practices, members and care relationships: begun once, ended at a moment, each with its line in the journal."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts import hooks
from audit.models import EventEntry
from care import actions, queries
from care.actions import open_solo_practice
from care.models import CareRelationship, Membership, Practice
from care.tenancy import ALL, scope
from privacy.ids import new_id
from tests.accounts.factories import make_practitioner
from tests.care.factories import LONG_AGO, make_practice, make_user
from tests.records.factories import actor_of, working

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
LATER = LONG_AGO + timedelta(days=30)


@pytest.fixture
def practitioner():
    return make_practitioner(now=LONG_AGO)


def begin(practitioner, patient_id) -> CareRelationship:
    with working(practitioner) as actor:
        return actions.begin_care(
            practice_id=actor.practice_id, practitioner_id=practitioner.pk, patient_id=patient_id, by=actor, now=LATER
        )


def end(practitioner, patient_id) -> int:
    with working(practitioner) as actor:
        return actions.end_care(
            practice_id=actor.practice_id, practitioner_id=practitioner.pk, patient_id=patient_id, by=actor, now=LATER
        )


def verbs() -> list[str]:
    """Those of the practices; the agreements were published when the database was migrated."""
    lines = EventEntry.objects.filter(verb__startswith="care.").exclude(verb="care.agreement.published")
    return list(lines.order_by("pk").values_list("verb", flat=True))


def test_sign_up_hook_is_registered():
    assert open_solo_practice in hooks.on_practitioner_created


def test_sign_up_opens_one_practice_named_after_its_owner(practitioner):
    practice = Practice.objects.get()
    assert (practice.name, practice.jurisdiction, queries.practice_of(practitioner)) == (
        "Practice of Camille Roux", "FR", practice
    )  # fmt: skip
    assert verbs() == ["care.practice.opened", "care.membership.begun"]


def test_second_call_of_the_hook_opens_no_second_practice(practitioner):
    open_solo_practice(user=practitioner, profile=practitioner.practitioner, by=actor_of(practitioner), now=LATER)
    assert Practice.objects.count() == 1


def test_practice_in_israel_stands_under_its_own_calendar():
    assert queries.practice_of(make_practitioner(now=LONG_AGO, jurisdiction="IL")).jurisdiction == "IL"


def test_account_without_membership_has_no_practice():
    user = make_user()
    assert (queries.practice_of(user), list(queries.practices_of(user))) == (None, [])


def test_care_begins_once_however_often_it_is_begun(practitioner):
    patient = new_id()
    assert begin(practitioner, patient) == begin(practitioner, patient)
    assert verbs().count("care.relationship.begun") == 1


def test_ended_care_can_begin_again_as_another_relationship(practitioner):
    patient = new_id()
    first = begin(practitioner, patient)
    assert (end(practitioner, patient), end(practitioner, patient)) == (1, 0)
    with scope(ALL):
        assert queries.treats(practitioner, patient) is False
    assert begin(practitioner, patient).pk != first.pk
    with scope(ALL):
        assert queries.treats(practitioner, patient) is True


def test_member_is_in_a_practice_once_at_a_time(practitioner):
    practice = Practice.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(practice=practice, user=practitioner, role="practitioner", since_at=LATER)


def test_membership_cannot_end_before_it_began(practitioner):
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.update(until_at=LONG_AGO - timedelta(days=1))


def test_practice_of_an_unknown_jurisdiction_is_refused():
    with pytest.raises(IntegrityError), transaction.atomic():
        make_practice(jurisdiction="XX")
