"""Who gets into the portal of a file: invitations, the check of identity, links and their ends."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from audit.models import AccessEntry
from care.models import Invitation, PortalLink
from care.portal.actions import hash_of
from care.portal.ages import has_own_say, is_of_age, turns
from care.queries import links_of, practices_linked
from care.tenancy import ALL, scope
from records import actions as files
from records.models import PatientFile
from records.portal.matching import folded, names_patient
from tests.accounts.factories import WebClient, make_patient, make_practitioner, verified_client
from tests.records.factories import link, make_file, working

pytestmark = pytest.mark.django_db(databases="__all__")
WHO = {"given_names": "eloise", "surname": "LEFEVRE", "birth_date": "29/02/1984"}
ACCEPT = reverse("patient:accept")


def invited(user: User, file: PatientFile, **said: object) -> str:
    """By the page; returns the path of the mail's link."""
    form = {"capacity": "self", "email": "eloise@example.org", **said}
    assert verified_client(user).post(reverse("records:portal", args=[file.pk]), form).status_code == 302
    found = re.search(r"https?://[^/]+(/patient/join/\S+)", mail.outbox[-1].body)
    assert found, mail.outbox[-1].body
    return found[1]


def arrived(path: str, account: User) -> WebClient:
    """The account opens the link."""
    client = verified_client(account)
    assert client.get(path)["Location"] == ACCEPT
    return client


def the_invitation() -> Invitation:
    with scope(ALL):
        return Invitation.objects.latest("created_at")


def links(account: User) -> list[tuple[object, str]]:
    with scope(ALL):
        return list(links_of(account.pk, timezone.now()).values_list("patient_id", "capacity"))


def test_invited_patient_is_linked_once_identity_matches() -> None:
    user, patient = make_practitioner(), make_patient()
    file = make_file(user)
    path = invited(user, file)
    client = arrived(path, patient)
    assert client.post(ACCEPT, WHO)["Location"] == reverse("patient:home")
    assert links(patient) == [(file.pk, "self")]
    assert practices_linked(patient.pk, timezone.now()) == (file.practice_id,)
    row = the_invitation()
    assert (row.accepted_by_id, row.email) == (patient.pk, None)
    assert verified_client(make_patient()).get(path).status_code == 404


def test_mail_names_no_patient_and_no_specialty() -> None:
    user = make_practitioner()
    path = invited(user, make_file(user))
    text = mail.outbox[-1].subject + mail.outbox[-1].body
    assert [word for word in ("Lefèvre", "Éloïse", "Roux", "Camille", "1984") if word in text] == []
    assert bytes(the_invitation().token_hash) == hash_of(path.split("/")[3])


def test_stranger_needs_an_account_and_the_session_never_holds_the_secret() -> None:
    user = make_practitioner()
    path = invited(user, make_file(user))
    client = WebClient()
    page = client.get(path)
    assert "/accounts/patient/signup/?next=%2Fpatient%2Faccept%2F" in page.content.decode()
    assert path.split("/")[3] not in str(dict(client.session))


@pytest.mark.parametrize(
    "wrong", [{"birth_date": "28/02/1984"}, {"surname": "Lefort"}, {"given_names": "Marie"}, {"surname": "-"}]
)
def test_wrong_answers_are_the_same_and_end_the_invitation(wrong: dict[str, str]) -> None:
    user, patient = make_practitioner(), make_patient()
    client = arrived(invited(user, make_file(user)), patient)
    said = {str(client.post(ACCEPT, {**WHO, **wrong}).context["form"].non_field_errors()) for _ in range(5)}
    assert len(said) == 1
    assert (the_invitation().tries, links(patient)) == (5, [])
    assert client.post(ACCEPT, WHO).status_code == 422


def test_account_that_tries_ten_times_a_day_is_stopped_everywhere() -> None:
    user, patient = make_practitioner(), make_patient()
    client = verified_client(patient)
    for _ in range(10):
        client.post(reverse("patient:code"), {**WHO, "code": "AAAAAAAAAA"})
    client.get(invited(user, make_file(user)))
    assert "tomorrow" in str(client.post(ACCEPT, WHO).context["form"].non_field_errors())
    assert links(patient) == []


def test_check_of_identity_is_in_the_files_access_journal() -> None:
    user, patient = make_practitioner(), make_patient()
    file = make_file(user)
    arrived(invited(user, file), patient).post(ACCEPT, {**WHO, "surname": "Lefort"})
    row = AccessEntry.objects.filter(subject_id=file.pk).latest("pk")
    assert (row.actor_id, row.part, row.action) == (patient.pk, "portal", "verify")


def test_code_at_the_desk_links_too() -> None:
    user, patient = make_practitioner(), make_patient()
    file = make_file(user)
    page = verified_client(user).post(reverse("records:portal", args=[file.pk]), {"capacity": "self"})
    code = page.context["code"]
    answer = verified_client(patient).post(reverse("patient:code"), {**WHO, "code": f"{code[:5].lower()} {code[5:]}"})
    assert (answer["Location"], links(patient)) == (reverse("patient:home"), [(file.pk, "self")])


@pytest.mark.parametrize("after", [timedelta(days=14), timedelta(days=14, seconds=-5)])
def test_link_of_a_mail_works_for_fourteen_days(after: timedelta) -> None:
    user = make_practitioner()
    path = invited(user, make_file(user))
    with scope(ALL):
        Invitation.objects.update(created_at=timezone.now() - after, expires_at=timezone.now() - after + timedelta(14))
    assert WebClient().get(path).status_code == (404 if after == timedelta(days=14) else 200)


def test_taken_back_or_sent_again_the_first_link_opens_nothing() -> None:
    user = make_practitioner()
    file = make_file(user)
    first = invited(user, file)
    client, url = verified_client(user), reverse("records:portal", args=[file.pk])
    client.post(url, {"resend": the_invitation().pk})
    assert WebClient().get(first).status_code == 404
    client.post(url, {"revoke": the_invitation().pk})
    assert the_invitation().email is None
    assert client.post(url, {"revoke": "nonsense"}).status_code == 404


def test_sixth_waiting_invitation_is_refused() -> None:
    user = make_practitioner()
    file = make_file(user)
    for _ in range(5):
        invited(user, file)
    form = {"capacity": "self", "email": "eloise@example.org"}
    page = verified_client(user).post(reverse("records:portal", args=[file.pk]), form)
    assert (page.status_code, len(mail.outbox)) == (422, 5)


def test_file_without_a_whole_birth_date_invites_nobody() -> None:
    user = make_practitioner()
    file = make_file(user, birth_date="1984")
    page = verified_client(user).post(reverse("records:portal", args=[file.pk]), {"capacity": "self"})
    assert (page.status_code, page.context["code"]) == (422, None)


def test_ended_link_is_gone_with_the_next_request() -> None:
    user, patient = make_practitioner(), make_patient()
    file = make_file(user)
    row = link(file, patient)
    client = verified_client(patient)
    assert client.get(reverse("patient:practice", args=[row.pk])).status_code == 200
    verified_client(user).post(reverse("records:portal", args=[file.pk]), {"end": row.pk})
    assert client.get(reverse("patient:practice", args=[row.pk])).status_code == 404


def test_guardian_is_linked_until_the_eighteenth_birthday_and_a_correction_moves_it() -> None:
    user, parent = make_practitioner(), make_patient()
    file = make_file(user, birth_date="2012-03-01")
    path = invited(user, file, capacity="guardian", parts=["documents"])
    arrived(path, parent).post(ACCEPT, {**WHO, "birth_date": "01/03/2012"})
    with scope(ALL):
        row = PortalLink.objects.get()
        assert (row.until_at, row.scope) == (datetime(2030, 2, 28, 23, tzinfo=UTC), ["documents"])
        assert list(links_of(parent.pk, datetime(2030, 2, 28, 22, 59, tzinfo=UTC))) == [row]
        assert list(links_of(parent.pk, datetime(2030, 2, 28, 23, tzinfo=UTC))) == []
    with working(user) as actor:
        files.change_file(file=file, changes={"birth_date": "2011-03-01"}, by=actor, now=timezone.now())
        assert PortalLink.objects.get().until_at == datetime(2029, 2, 28, 23, tzinfo=UTC)


def test_guardian_of_somebody_of_age_is_refused() -> None:
    user = make_practitioner()
    file = make_file(user)
    form = {"capacity": "guardian", "parts": ["documents"]}
    assert verified_client(user).post(reverse("records:portal", args=[file.pk]), form).status_code == 422


def test_proxy_without_an_end_is_refused() -> None:
    user = make_practitioner()
    file = make_file(user)
    page = verified_client(user).post(reverse("records:portal", args=[file.pk]), {"capacity": "proxy"})
    assert sorted(page.context["form"].errors) == ["parts", "until"]


def test_erased_file_takes_links_and_invitations_along() -> None:
    from lifecycle.retention import door
    from tests.lifecycle.erasure_world import BY, old_file

    user, patient = make_practitioner(), make_patient()
    file = old_file(user)
    with working(user) as actor:
        files_portal_invite(file, actor)
    link(file, patient)
    assert door.destroy([file.pk], reason=door.Reason.ERASURE, by=BY, now=timezone.now()) == [file.pk]
    with scope(ALL):
        assert (PortalLink.objects.count(), Invitation.objects.count()) == (0, 0)


def files_portal_invite(file: PatientFile, actor: object) -> None:
    from records.portal.actions import invite

    invite(file=file, email="a@example.org", language="en", by=actor, now=timezone.now())  # type: ignore[arg-type]


@given(st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.dates(date(1900, 1, 1), date(2060, 1, 1)))
def test_ages_turn_on_the_birthday_and_never_back(born: date, today: date) -> None:
    assert is_of_age(born, today) == (today >= turns(18, born))
    assert has_own_say(born, today) or not is_of_age(born, today)
    assert turns(18, born) > turns(15, born)


def test_leap_day_turns_on_the_first_of_march() -> None:
    assert (turns(15, date(2004, 2, 29)), turns(16, date(2004, 2, 29))) == (date(2019, 3, 1), date(2020, 2, 29))


@pytest.mark.parametrize(
    ("typed", "same"), [("Le Fèvre-d’Arc", True), ("LE FEVRE D'ARC", True), ("Lefevre d Arc", False)]
)
def test_names_match_without_accents_and_hyphens(typed: str, same: bool) -> None:
    assert (folded(typed) == folded("Le Fèvre d'Arc")) is same


def test_name_at_birth_counts_and_blank_never_does() -> None:
    held = {"surname": "", "birth_name": "Petit", "given_names": "Anne Marie", "birth_date": "1990-01-02"}
    day = date(1990, 1, 2)
    assert names_patient(held, surname="petit", given_names="Anne", birth_date=day)
    assert not names_patient(held, surname="", given_names="Anne", birth_date=day)
    assert not names_patient(held | {"given_names": ""}, surname="petit", given_names="", birth_date=day)
