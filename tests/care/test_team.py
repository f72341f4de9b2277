"""The team: invited, bound to secrecy, let in by the patient, shown out (MD-40 to MD-42)."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from audit.models import AccessEntry, EventEntry
from audit.verification import verify
from care import agreement
from care.models import AgreementSignature, AgreementText, Membership, StaffConsent, StaffInvitation
from care.queries import practice_of
from care.roles import RECIPIENTS, RIGHTS, TEAM, Right
from care.team import actions, queries
from care.team.rules import INVITED_FOR
from care.tenancy import ALL, scope
from praticonnect.database import as_owner
from privacy.refusals import Refused
from records.team import agenda_files
from tests.accounts.factories import PASSWORD, WebClient, make_practitioner, prove, verified_client
from tests.care.factories import as_owner as actor_of_owner
from tests.care.factories import held_client, let_in, make_member, sign
from tests.records.factories import make_consultation, make_file
from tests.records.restriction.helpers import restrict

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def owner() -> User:
    return make_practitioner("chief@example.org")


@pytest.fixture
def client_of_owner(owner: User) -> WebClient:
    client = verified_client(owner)
    prove(client, owner)
    return client


def invite_by_page(client: WebClient, email: str = "new@example.org", role: str = "assistant") -> str:
    """The link as it stands in the mail."""
    mail.outbox.clear()
    answer = client.post(reverse("care:invite"), {"email": email, "role": role})
    assert answer.status_code == 302, answer.content.decode()
    (message,) = mail.outbox
    return re.search(r"(/team/join/\S+/)", message.body)[1]


def test_invited_person_joins_signs_and_sees_patients(owner: User, client_of_owner: WebClient) -> None:
    make_file(owner, now=timezone.now())
    link = invite_by_page(client_of_owner)
    nobody = WebClient()
    assert nobody.get(link).status_code == 200
    answer = nobody.post(link, {"name": "Anne Petit", "password": PASSWORD})
    assert answer["Location"] == reverse("care:agreement")
    member = User.objects.get(email="new@example.org")
    client = held_client(member)
    assert client.get(reverse("records:patients"))["Location"] == reverse("care:agreement")
    page = client.get(reverse("care:agreement"))
    assert agreement.in_force(timezone.localdate()).address in page.content.decode()
    assert client.post(reverse("care:agreement"), {"number": 1}).status_code == 422
    assert client.post(reverse("care:agreement"), {"number": 1, "agreed": "on"}).status_code == 302
    assert "Lefèvre".upper() in client.get(reverse("records:patients")).content.decode()
    team = client_of_owner.get(reverse("care:team")).content.decode()
    assert ("Anne Petit" in team, "version 1 signed" in team) == (True, True)


def test_link_is_kept_as_a_hash_and_works_once(client_of_owner: WebClient) -> None:
    link = invite_by_page(client_of_owner)
    token = link.rstrip("/").rsplit("/", 1)[-1]
    with scope(ALL):
        row = StaffInvitation.objects.get()
    assert (row.token_hash, token in str(vars(row))) == (queries.hashed(token), False)
    assert WebClient().post(link, {"name": "Anne", "password": PASSWORD}).status_code == 302
    assert WebClient().post(link, {"name": "Anne", "password": PASSWORD}).status_code == 410
    with scope(ALL):
        assert (StaffInvitation.objects.get().email, Membership.objects.filter(role="assistant").count()) == ("", 1)


def test_link_ends_by_the_clock_and_when_taken_back(owner: User, client_of_owner: WebClient) -> None:
    link = invite_by_page(client_of_owner)
    with scope(ALL):
        row = StaffInvitation.objects.get()
        assert actions.why_not_join(row, works_elsewhere=False, now=row.expires_at - timedelta(seconds=1)) is None
        assert actions.why_not_join(row, works_elsewhere=False, now=row.invited_at + INVITED_FOR).code == "link_over"
    assert client_of_owner.post(reverse("care:revoke", args=[row.pk])).status_code == 302
    assert Client().get(link).status_code == 410


def test_second_invitation_takes_the_first_back(client_of_owner: WebClient) -> None:
    first = invite_by_page(client_of_owner)
    second = invite_by_page(client_of_owner, role="staff")
    assert (Client().get(first).status_code, Client().get(second).status_code) == (410, 200)


def test_invitation_needs_a_fresh_factor_and_an_owner(owner: User) -> None:
    stale = verified_client(owner)
    assert "confirm" in stale.get(reverse("care:invite"))["Location"]
    other = make_practitioner()
    with scope(ALL), pytest.raises(Refused, match="Only the owner"):
        actions.invite(
            practice=practice_of(owner),
            email="x@example.org",
            role="staff",
            by=actor_of_owner(other),
            now=timezone.now(),
        )


def test_link_for_an_address_with_an_account_asks_to_sign_in(client_of_owner: WebClient) -> None:
    make_practitioner("has@example.org")
    link = invite_by_page(client_of_owner, "has@example.org")
    page = Client().post(link, {"name": "Anne", "password": PASSWORD})
    assert "Sign in" in page.content.decode()
    with scope(ALL):
        assert StaffInvitation.objects.get().used_at is None


def test_account_that_practises_elsewhere_is_refused(client_of_owner: WebClient) -> None:
    other = make_practitioner("has@example.org")
    link = invite_by_page(client_of_owner, "has@example.org")
    answer = verified_client(other).post(link, {"name": "Anne"})
    assert (answer.status_code, "works in a practice already" in answer.content.decode()) == (422, True)


def test_delivered_code_is_not_enough_for_the_team(owner: User) -> None:
    member = make_member(owner)
    assert verified_client(member).get(reverse("records:patients"))["Location"] == reverse("accounts:protect")
    assert held_client(member).get(reverse("records:patients")).status_code == 200


def test_new_version_asks_again_before_the_next_page(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = held_client(make_member(owner))
    assert client.get(reverse("records:patients")).status_code == 200
    text = agreement.in_force(timezone.localdate())
    newer = agreement.Wording("en", 2, text.effective_on, text.content.replace("secret", "strictly secret"))
    monkeypatch.setattr("care.agreement.wordings", lambda: (text, newer))
    monkeypatch.setattr("care.team.actions.wordings", lambda: (text, newer))
    actions.publish_agreements(by=actor_of_owner(owner), now=timezone.now())
    assert client.get(reverse("records:patients"))["Location"] == reverse("care:agreement")
    stale = client.post(reverse("care:agreement"), {"number": 1, "agreed": "on"})
    assert (stale.status_code, "The text has changed meanwhile" in stale.content.decode()) == (422, True)
    client.post(reverse("care:agreement"), {"number": 2, "agreed": "on"})
    assert client.get(reverse("records:patients")).status_code == 200
    assert list(AgreementSignature.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_signature_is_evidence(owner: User) -> None:
    make_member(owner)
    for sql in ("update care_agreementsignature set number = 9", "delete from care_agreementsignature"):
        with pytest.raises(ProgrammingError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert verify().findings == []
    assert AgreementText.objects.filter(language="fr").get().content.startswith("title: Engagement")


def test_signing_twice_at_once_leaves_one_row(owner: User) -> None:
    member = make_member(owner)
    with pytest.raises(Refused, match="already"):
        sign(member)
    assert AgreementSignature.objects.count() == 1


def test_published_wording_cannot_be_edited(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    assert agreement.tampered() == []
    text = agreement.in_force(timezone.localdate())
    edited = agreement.Wording("en", 1, text.effective_on, text.content + "And more.")
    monkeypatch.setattr("care.team.actions.wordings", lambda: (edited,))
    with pytest.raises(ValueError, match="was changed after its publication"):
        actions.publish_agreements(by=actor_of_owner(owner), now=timezone.now())


def test_ended_access_is_cut_at_the_next_request(owner: User, client_of_owner: WebClient) -> None:
    member = make_member(owner)
    client = held_client(member)
    assert client.get(reverse("records:patients")).status_code == 200
    row = Membership.objects.live().get(user=member)
    assert client_of_owner.post(reverse("care:end", args=[row.pk])).status_code == 302
    assert client.get(reverse("records:patients"))["Location"].startswith("/accounts/login/")
    assert held_client(member).get(reverse("records:patients")).status_code == 404


def test_owner_of_another_practice_ends_nobody(owner: User) -> None:
    row = Membership.objects.get(user=make_member(owner))
    other = make_practitioner()
    client = verified_client(other)
    prove(client, other)
    assert client.post(reverse("care:end", args=[row.pk])).status_code == 404
    row.refresh_from_db()
    assert row.until_at is None


@pytest.mark.parametrize("role", ["assistant", "staff"])
def test_team_sees_identity_until_the_patient_agrees(owner: User, role: str) -> None:
    file = make_file(owner, now=timezone.now(), phone="0612345678", medical_history="Zyklamen")
    make_consultation(file, owner, at=timezone.now(), signed=True, reason="Akelei")
    client = held_client(make_member(owner, role))
    page = client.get(reverse("records:file", args=[file.pk]))
    shown = page.content.decode()
    assert (page.status_code, "0612345678" in shown, "Zyklamen" in shown, "hasn't agreed" in shown) == (
        200, True, False, True,
    )  # fmt: skip
    assert ("29 February 1984" in shown, reverse("records:medical", args=[file.pk]) in shown) == (True, False)
    closed = client.get(reverse("records:consultations", args=[file.pk]))
    assert (closed.status_code, "Akelei" in closed.content.decode()) == (403, False)
    let_in(owner, file.pk)
    opened = client.get(reverse("records:file", args=[file.pk])).content.decode()
    edits = [reverse(f"records:{name}", args=[file.pk]) in opened for name in ("medical", "identity")]
    assert ("Zyklamen" in opened, edits) == (True, [role == "staff"] * 2)
    assert "Akelei" in client.get(reverse("records:consultations", args=[file.pk])).content.decode()
    with scope([file.practice_id]):
        actions.keep_team_out(
            practice_id=file.practice_id, file_id=file.pk, by=actor_of_owner(owner), now=timezone.now()
        )
    assert client.get(reverse("records:consultations", args=[file.pk])).status_code == 403
    lines = (
        AccessEntry.objects.filter(actor_role=role, subject_id=file.pk).order_by("pk").values_list("part", flat=True)
    )
    assert list(lines) == ["identity", "file", "consultations"]


def test_restricted_file_is_in_no_list_of_the_team(owner: User) -> None:
    """PC-63: with the patient's consent too; another one of the practice stays."""
    now = timezone.now()
    shut, other = make_file(owner, now=now, surname="Akelei"), make_file(owner, now=now, surname="Bleibt")
    let_in(owner, shut.pk)
    member = make_member(owner, "staff")
    client = held_client(member)
    page = reverse("records:file", args=[shut.pk])
    assert client.get(page).status_code == 200
    restrict(shut, now=now)
    with scope([shut.practice_id]):
        assert list(agenda_files(member, now)) == [other]
    shown = client.get(reverse("records:patients")).content.decode().upper()
    assert ("AKELEI" in shown, "BLEIBT" in shown, client.get(page).status_code) == (False, True, 404)


def test_team_is_shown_no_page_of_the_file_that_is_not_its_own(owner: User) -> None:
    """No tab and no button that its role's class doesn't open."""
    file = make_file(owner, now=timezone.now())
    row = make_consultation(file, owner, at=timezone.now(), signed=True)
    let_in(owner, file.pk)
    place = reverse("records:consultation", args=[file.pk, row.pk])
    portal, share = (reverse(f"records:{name}", args=[file.pk]) for name in ("portal", "share"))
    for client, sees in ((held_client(make_member(owner, "staff")), False), (verified_client(owner), True)):
        shown = client.get(place).content.decode()
        assert (portal in shown, share in shown) == (sees, sees)


def test_staff_write_drafts_and_never_sign(owner: User) -> None:
    file = make_file(owner, now=timezone.now())
    let_in(owner, file.pk)
    staff, assistant = held_client(make_member(owner, "staff")), held_client(make_member(owner))
    begin = reverse("records:consultation_new", args=[file.pk])
    assert assistant.post(begin).status_code == 403
    draft = staff.post(begin)["Location"]
    answer = staff.post(
        draft, {"started_at": "2026-01-05T10:00", "kind": "first", "note": "x", "revision": 1, "sign": "1"}
    )
    assert "a practitioner signs" in answer.content.decode()
    assert assistant.post(reverse("records:measures", args=[file.pk]), {"vital": "weight"}).status_code == 403


def test_practitioner_records_the_consent_on_its_page(owner: User, client_of_owner: WebClient) -> None:
    file = make_file(owner, now=timezone.now())
    place = reverse("records:team_access", args=[file.pk])
    assert client_of_owner.post(place, {"allow": "1"}).status_code == 422
    assert client_of_owner.post(place, {"allow": "1", "how": "written"}).status_code == 302
    assert client_of_owner.post(place, {"allow": "1", "how": "written"}).status_code == 302
    with scope(ALL):
        row = StaffConsent.objects.get()
    assert (row.how, row.given_by_id, row.ended_at) == ("written", owner.pk, None)
    assert "The patient agreed" in client_of_owner.get(place).content.decode()
    client_of_owner.post(place, {"withdraw": "1"})
    with scope(ALL):
        row.refresh_from_db()
    assert (row.ended_role, row.ended_at is None) == ("practitioner", False)
    verbs = EventEntry.objects.filter(verb__startswith="care.staff_consent").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == ["care.staff_consent.given", "care.staff_consent.withdrawn"]


def test_consent_is_not_the_team_s_to_give(owner: User) -> None:
    from audit.actors import Actor

    file, member = make_file(owner), make_member(owner)
    with scope(ALL), pytest.raises(Refused, match="Only the patient"):
        actions.let_team_in(
            practice_id=file.practice_id,
            file_id=file.pk,
            how="spoken",
            by=Actor(member.pk, "assistant"),
            now=timezone.now(),
        )


def test_team_s_door_closes_with_the_owner_s_contract(owner: User) -> None:
    client = held_client(make_member(owner))
    from audit.actors import Actor
    from lifecycle.actions import end_subscription

    long_after = timezone.now() + timedelta(days=400)
    assert queries.answering_for(Membership.objects.get(role="assistant").user_id, "assistant") == owner.pk
    end_subscription(user=owner, by=Actor.operations("tests"), now=timezone.now())
    from accounts.access import Act
    from accounts.closing import why_closed

    assert why_closed(owner.pk, Act.CARE, now=long_after) is not None
    assert client.get(reverse("records:patients")).status_code == 200


def test_technical_provider_sees_no_patient(owner: User) -> None:
    file = make_file(owner, now=timezone.now())
    let_in(owner, file.pk)
    client = held_client(make_member(owner, "technician"))
    assert [client.get(reverse(name)).status_code for name in ("records:patients", "records:today")] == [403, 403]
    assert client.get(reverse("records:file", args=[file.pk])).status_code == 403
    assert AccessEntry.objects.filter(actor_role="technician").count() == 0


def test_page_of_recipients_says_what_the_classes_say() -> None:
    page = Client().get(reverse("care:recipients")).content.decode()
    from django.utils.html import escape

    for role in RECIPIENTS.values():
        part = page.split(f'id="role-{role.key}"')[1].split("</section>")[0]
        may, may_not = part.split("<h3>May not</h3>") if role.may_not_say() else (part, "")
        assert [escape(str(RIGHTS[r])) in may for r in Right] == [role.may(r) for r in Right]
        assert [escape(str(RIGHTS[r])) in may_not for r in Right] == [not role.may(r) for r in Right]


def test_invited_roles_are_those_whose_class_signs() -> None:
    from care.models import Role, TeamRole

    assert set(TEAM) == set(TeamRole.values)
    assert set(Role.values) == {role.key for role in RECIPIENTS.values() if role.in_practice}


def test_stale_invitations_forget_their_address(owner: User) -> None:
    with scope(ALL):
        row = actions.invite(
            practice=practice_of(owner),
            email="never@example.org",
            role="staff",
            by=actor_of_owner(owner),
            now=timezone.now(),
        )
    later = row.expires_at + timedelta(days=1)
    assert actions.forget_invitations(before=row.expires_at, by=actor_of_owner(owner), now=later) == 0
    assert actions.forget_invitations(before=later, by=actor_of_owner(owner), now=later) == 1
    with scope(ALL):
        row.refresh_from_db()
    assert row.email == ""


def test_team_table_is_guarded_by_row_security(owner: User) -> None:
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relforcerowsecurity and relname like 'care_staff%' order by 1"
        )
        assert [name for (name,) in cursor.fetchall()] == ["care_staffconsent", "care_staffinvitation"]
