"""What a patient decides about their file: in the ledger, by the right person, and worth something only beside the practice's own yes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from accounts.models import User
from adapters.boxes.refs import GroundRef, minted
from audit.actors import Actor
from care.models import PortalLink
from care.portal.actions import end_link, narrow_link
from care.tenancy import ALL, current, scope
from consents import patients
from consents.actions import Control, Decision, decide
from consents.grants import Grant, NoGrant, PatientGrant, grant_for, grants_for, patient_grant_for
from consents.models import ConsentEvent
from consents.proofs import due
from consents.receipts import is_genuine, receipt
from consents.rules import Authority, UnknownKey
from consents.states import Action
from lifecycle.deletion.actions import request_deletion
from lifecycle.erasure.plan import plan_for_account
from lifecycle.expiring.facts import closings
from privacy.consent_keys import KEYS
from privacy.ids import new_id
from privacy.patient_keys import AI_TRAINING, GOES_WITH, PATIENT_KEYS, TELECONSULTATION, needs_patient
from privacy.refusals import Refused
from records.models import PatientFile
from records.restriction.actions import restrict
from tests.accounts.factories import make_patient, make_practitioner
from tests.consents.factories import choose, person
from tests.records.factories import NOW, link, make_file

pytestmark = pytest.mark.django_db(databases="__all__")
LATER = NOW + timedelta(minutes=1)
LIVEKIT = "third_party_integrations.livekit"
BUTTON = Control("button", "none", "Validate")


@pytest.fixture(autouse=True)
def everywhere() -> Iterator[None]:
    """As a worker of the house that sees the practice."""
    with scope(ALL):
        yield


@pytest.fixture
def practitioner() -> User:
    return make_practitioner()


@pytest.fixture
def patient() -> User:
    return make_patient()


@pytest.fixture
def own(practitioner: User, patient: User) -> PortalLink:
    """The patient's own link to their file."""
    return link(make_file(practitioner), patient)


def wish(row: PortalLink, key: str = TELECONSULTATION, on: bool = True, *, by: User | None = None, at=NOW) -> Decision:  # type: ignore[no-untyped-def]
    """An act of whoever the link belongs to, or of ``by``."""
    actor = Actor(account_id=by.pk if by else row.account_id, role="patient", ip="192.0.2.7")
    return patients.decide_by_link(link=row, key=key, on=on, by=actor, language="en", now=at, control=BUTTON)


def turn_on_livekit(user: User) -> None:
    by = person(user.pk)
    choose(by, "third_party_integrations", now=NOW)
    choose(by, "third_party_integrations", child="livekit", now=NOW)


def test_each_switch_that_needs_the_patient_has_its_wish() -> None:
    switches = {f"{key.key}.{child.key}" for key in KEYS.values() for child in key.children} | set(KEYS)
    needing = {slot for slot in switches if needs_patient(*slot.split("."))}
    assert needing == {slot for beside in GOES_WITH.values() for slot in beside}
    assert list(GOES_WITH) == list(PATIENT_KEYS)


def test_nothing_is_on_before_an_act(own: PortalLink) -> None:
    assert [one.counts for one in patients.wishes([own.patient_id], NOW)[own.patient_id].values()] == [False] * 4


def test_a_yes_is_in_the_ledger_with_file_practice_person_and_receipt(own: PortalLink) -> None:
    entry = ConsentEvent.objects.get(pk=wish(own).event_id)
    said = (entry.subject_id, entry.controller_id, entry.actor_id, entry.actor_role, entry.authority, entry.action)
    assert said == (own.patient_id, own.practice_id, own.account_id, "patient", "self", "given")
    made = receipt(entry, now=NOW)
    record = made["dpv:hasRecordOfActivity"]
    assert is_genuine(made)
    assert (record["dpv:hasDataController"]["id"], record["dpv:hasLegalBasis"]) == (
        own.practice_id.urn,
        "eu-gdpr:A9-2-a",
    )
    assert record["dpv:hasConsentControl"]["dpv:isExercisedAt"].endswith("/patient/privacy/consents/")
    assert record["dpv:hasNotice"]["schema:text"] == entry.text.content


def test_a_guardian_decides_for_a_child_under_their_own_name(own: PortalLink, practitioner: User) -> None:
    parent = make_patient()
    child = link(PatientFile.objects.get(pk=own.patient_id), parent, capacity="guardian", until=NOW + timedelta(days=9))
    entry = ConsentEvent.objects.get(pk=wish(child).event_id)
    assert (entry.actor_id, entry.actor_role, entry.authority_reference) == (parent.pk, "guardian", str(child.pk))


def test_a_person_of_trust_decides_nothing(own: PortalLink, practitioner: User) -> None:
    trusted = link(make_file(practitioner), make_patient(), capacity="proxy", until=NOW + timedelta(days=9))
    with pytest.raises(Refused) as refused:
        wish(trusted)
    assert refused.value.refusal.code == "no_link"


@pytest.mark.parametrize("key", ["tos_privacy", "marketing_emails", "third_party_integrations"])
def test_nobody_decides_a_practitioners_key_by_a_link(own: PortalLink, key: str) -> None:
    with pytest.raises(Refused):
        wish(own, key)


def test_a_link_of_somebody_else_or_one_that_ended_decides_nothing(own: PortalLink) -> None:
    with pytest.raises(Refused):
        wish(own, by=make_patient())
    end_link(link=own, by=Actor.operations("test"), now=NOW)
    with pytest.raises(Refused):
        wish(own, at=LATER)
    assert not ConsentEvent.objects.filter(subject_id=own.patient_id).exists()


@pytest.mark.parametrize(
    ("role", "stated", "practice"),
    [("practitioner", True, True), ("operations", True, True), ("patient", False, True), ("patient", True, False), ("system", True, True)],
)  # fmt: skip
def test_the_ledger_itself_takes_a_patients_key_from_nobody_else(
    own: PortalLink, role: str, stated: bool, practice: bool
) -> None:
    authority = Authority("self", str(own.pk)) if stated else None
    with pytest.raises(Refused) as refused:
        decide(
            subject_id=own.patient_id, key=TELECONSULTATION, on=True, by=Actor(account_id=own.account_id, role=role),
            language="en", channel="web", now=NOW, authority=authority,
            controller_id=own.practice_id if practice else None,
        )  # fmt: skip
    assert refused.value.refusal.code == "patients_own"


def test_withdrawing_is_one_act_and_is_kept_beside_the_yes(own: PortalLink) -> None:
    wish(own)
    wish(own, on=False, at=LATER)
    acts = ConsentEvent.objects.filter(subject_id=own.patient_id).order_by("number").values_list("action", flat=True)
    assert list(acts) == ["given", "withdrawn"]
    assert patients.agreed(own.patient_id, TELECONSULTATION, now=NOW)
    assert not patients.agreed(own.patient_id, TELECONSULTATION, now=LATER)


def test_the_same_press_twice_is_written_once(own: PortalLink) -> None:
    assert [wish(own).changed, wish(own, at=LATER).changed] == [True, False]


def test_a_guardians_yes_ends_with_the_link_and_the_patient_decides_anew(own: PortalLink) -> None:
    parent, file = make_patient(), PatientFile.objects.get(pk=own.patient_id)
    child = link(file, parent, capacity="guardian", until=NOW + timedelta(days=1))
    wish(child)
    grown = NOW + timedelta(days=1)
    held = patients.wishes([file.pk], grown)[file.pk][TELECONSULTATION]
    assert (held.state.on, held.counts, held.lapsed) == (True, False, True)
    entry = ConsentEvent.objects.get(pk=wish(own, at=grown).event_id)
    assert (entry.action, entry.actor_role) == (Action.RENEWED.value, "patient")
    assert patients.agreed(file.pk, TELECONSULTATION, now=grown)


def test_a_guardian_who_loses_the_part_loses_the_say(own: PortalLink) -> None:
    child = link(
        PatientFile.objects.get(pk=own.patient_id), make_patient(), capacity="guardian", until=NOW + timedelta(9)
    )
    wish(child)
    narrow_link(link=child, scope=["documents"], by=Actor.operations("test"), now=LATER)
    assert not patients.agreed(own.patient_id, TELECONSULTATION, now=LATER)
    child.refresh_from_db()
    with pytest.raises(Refused):
        wish(child, on=False, at=LATER)


def test_somebody_whose_account_is_to_be_deleted_allows_nothing_new_and_takes_back(own: PortalLink) -> None:
    wish(own)
    user = User.objects.get(pk=own.account_id)
    plan = plan_for_account(user.pk, NOW).sha256
    request_deletion(user=user, plan_sha256=plan, by=Actor(account_id=user.pk, role="patient"), now=LATER)
    assert not patients.agreed(own.patient_id, TELECONSULTATION, now=LATER)
    with pytest.raises(Refused) as refused:
        wish(own, AI_TRAINING, at=LATER)
    assert (refused.value.refusal.code, wish(own, on=False, at=LATER).changed) == ("leaving", True)


def ask(own: PortalLink, practitioner: User, at=LATER) -> PatientGrant:  # type: ignore[no-untyped-def]
    return patient_grant_for(own.patient_id, TELECONSULTATION, subject_id=practitioner.pk, slot=LIVEKIT, now=at)


def refused_because(own: PortalLink, practitioner: User) -> str:
    with pytest.raises(NoGrant) as refused:
        ask(own, practitioner)
    return refused.value.refusal.code


def test_a_grant_about_a_file_needs_both(own: PortalLink, practitioner: User) -> None:
    assert refused_because(own, practitioner) == "no_grant"
    wish(own)
    assert refused_because(own, practitioner) == "no_grant"
    turn_on_livekit(practitioner)
    grant = ask(own, practitioner)
    assert (grant.file_id, grant.wish, grant.subject_id, grant.slot) == (
        own.patient_id, TELECONSULTATION, practitioner.pk, LIVEKIT,
    )  # fmt: skip
    wish(own, on=False, at=LATER)
    with pytest.raises(NoGrant, match="patient hasn't agreed"):
        grant.check(LATER)


def test_a_grant_dies_when_the_practitioner_withdraws_in_between(own: PortalLink, practitioner: User) -> None:
    wish(own)
    turn_on_livekit(practitioner)
    grant = ask(own, practitioner, NOW)
    choose(person(practitioner.pk), "third_party_integrations", False, now=LATER)
    with pytest.raises(NoGrant, match="hasn't agreed to it"):
        grant.check(LATER)


def test_a_practitioner_who_does_not_treat_the_patient_gets_none(own: PortalLink) -> None:
    other = make_practitioner()
    turn_on_livekit(other)
    wish(own)
    assert refused_because(own, other) == "not_treated"


def test_a_restricted_file_is_left_alone(own: PortalLink, practitioner: User) -> None:
    wish(own)
    turn_on_livekit(practitioner)
    restrict(
        file_id=own.patient_id, ground="accuracy", by=Actor(account_id=practitioner.pk, role="practitioner"), now=NOW
    )
    assert refused_because(own, practitioner) == "left_alone"


def test_outside_the_practices_scope_there_is_no_grant(own: PortalLink, practitioner: User) -> None:
    wish(own)
    turn_on_livekit(practitioner)
    with scope([]), pytest.raises(NoGrant):
        ask(own, practitioner)


def test_a_worker_holds_the_grant_of_both_without_a_transaction(own: PortalLink, practitioner: User) -> None:
    """Nothing is sent with one open; the grant asks again by itself, in a scope of its own."""
    wish(own)
    turn_on_livekit(practitioner)
    ref = GroundRef.patient(own.patient_id, TELECONSULTATION, subject_id=practitioner.pk, slot=LIVEKIT)
    with scope([]):
        depth = len(connection.savepoint_ids)
        with minted(ref, LATER) as grant:
            assert (len(connection.savepoint_ids), current()) == (depth, "")
            grant.check(LATER)
            assert (grant.name, current()) == (f"{TELECONSULTATION}+{LIVEKIT}", "")
            with scope(ALL):
                wish(own, on=False, at=LATER)
            with pytest.raises(NoGrant):
                grant.check(LATER)


def test_a_grant_of_the_practitioner_alone_is_none_where_the_patient_is_needed(practitioner: User) -> None:
    turn_on_livekit(practitioner)
    choose(person(practitioner.pk), "ai_training_optin", now=NOW)
    for key, child in (("third_party_integrations", "livekit"), ("ai_training_optin", None)):
        with pytest.raises(NoGrant) as refused:
            grant_for(practitioner.pk, key, child, now=NOW)
        assert refused.value.refusal.code == "needs_patient"
    assert grants_for([practitioner.pk], "ai_training_optin", now=NOW) == {}
    assert grants_for([practitioner.pk], AI_TRAINING, now=NOW) == {}
    assert isinstance(grant_for(practitioner.pk, "third_party_integrations", now=NOW), Grant)


def test_a_wish_beside_another_switch_is_a_mistake(own: PortalLink, practitioner: User) -> None:
    with pytest.raises(ValueError, match="goes with 'ai_training_optin'"):
        patient_grant_for(
            own.patient_id, TELECONSULTATION, subject_id=practitioner.pk, slot="ai_training_optin", now=NOW
        )
    with pytest.raises(UnknownKey):
        patient_grant_for(own.patient_id, "video", subject_id=practitioner.pk, slot=LIVEKIT, now=NOW)


def test_a_patients_grant_is_made_by_nobody_else() -> None:
    with pytest.raises(TypeError, match="can't be made by hand"):
        PatientGrant(object(), new_id(), TELECONSULTATION, new_id(), LIVEKIT, NOW)


def test_proof_of_a_living_file_stays_and_counts_from_the_files_end(own: PortalLink) -> None:
    far, before_end, end = (
        NOW + timedelta(days=366 * 40),
        NOW + timedelta(days=365 * 5 - 3),
        NOW + timedelta(days=366 * 5),
    )
    others = [set(due(at, closings(at)).rows) for at in (far, before_end, end)]
    wish(own)
    gone = {own.patient_id: NOW}
    left = [due(far, closings(far)), due(before_end, gone), due(end, gone)]
    assert [len(set(found.rows) - known) for found, known in zip(left, others, strict=True)] == [0, 0, 1]


class Deciding(RuleBasedStateMachine):
    """The patient, a parent and the practice act in any order; beside them a model that knows only who said yes last."""

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.practitioner = make_practitioner()
        self.file = make_file(self.practitioner)
        self.links = {
            "self": link(self.file, make_patient()),
            "guardian": link(self.file, make_patient(), capacity="guardian", until=NOW + timedelta(days=99)),
        }
        self.speaks = {"self": True, "guardian": True}
        self.by: str | None = None
        self.practice = False
        choose(person(self.practitioner.pk), "third_party_integrations", now=NOW)
        self.grant: PatientGrant | None = None

    def tick(self) -> None:
        self.now += timedelta(minutes=1)

    @rule(who=st.sampled_from(["self", "guardian"]), on=st.booleans())
    def decide(self, who: str, on: bool) -> None:
        self.tick()
        if not self.speaks[who]:
            with pytest.raises(Refused):
                wish(self.links[who], on=on, at=self.now)
            return
        wish(self.links[who], on=on, at=self.now)
        counted = self.by is not None and self.speaks[self.by]
        if not on:
            self.by = None
        elif not counted:
            self.by = who

    @rule(on=st.booleans())
    def practice_turns(self, on: bool) -> None:
        self.tick()
        choose(person(self.practitioner.pk), "third_party_integrations", on, child="livekit", now=self.now)
        self.practice = on

    @rule(who=st.sampled_from(["self", "guardian"]))
    def link_ends(self, who: str) -> None:
        self.tick()
        end_link(link=self.links[who], by=Actor.operations("test"), now=self.now)
        self.speaks[who] = False

    @rule(who=st.sampled_from(["self", "guardian"]))
    def link_begins_anew(self, who: str) -> None:
        self.tick()
        user = User.objects.get(pk=self.links[who].account_id)
        until = self.now + timedelta(days=99) if who == "guardian" else None
        self.links[who] = link(self.file, user, capacity=who, until=until, now=self.now)
        self.speaks[who] = True

    @invariant()
    def a_grant_is_there_only_with_both(self) -> None:
        wanted = self.practice and self.by is not None and self.speaks[self.by]
        try:
            made = patient_grant_for(
                self.file.pk, TELECONSULTATION, subject_id=self.practitioner.pk, slot=LIVEKIT, now=self.now
            )
        except NoGrant:
            made = None
        assert (made is not None) == wanted
        if self.grant is not None and not wanted:
            with pytest.raises(NoGrant):
                self.grant.check(self.now)
        self.grant = made or self.grant


def test_no_order_of_acts_leaves_a_grant_without_both() -> None:
    run_state_machine_as_test(Deciding, settings=settings(max_examples=12, stateful_step_count=12, deadline=None))
