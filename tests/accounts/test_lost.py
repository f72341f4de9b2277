"""Lost or stolen credentials: cut at once by mailbox, session or office; issued anew by the procedure (MD-51)."""

import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts import actions, factors, hooks
from accounts.actions import Overtaken
from accounts.credentials import cuts, issuing, links, lost_promises
from accounts.credentials.models import CredentialCut, CredentialLink
from accounts.models import DeliveredCodeDevice, LoginThrottle, User
from audit.actors import Actor
from audit.models import SecurityEntry
from privacy.refusals import Refused
from tests.accounts.factories import (
    PASSWORD,
    WebClient,
    give_passkey,
    make_account,
    make_patient,
    make_practitioner,
    make_staff,
    prove,
    verified_client,
)
from tests.accounts.helpers import CODE, LOGIN, code_in_mail, sign_in, type_password

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
NEW = "deux phares bleus en mer"
NOW = datetime(2026, 11, 18, 11, 0, tzinfo=UTC)
LOST, SENT, HERE, SECURITY = (
    "/accounts/lost/",
    "/accounts/lost/sent/",
    "/accounts/security/lost/",
    "/accounts/security/",
)
BY = Actor.system("test")


def with_app(email: str = "camille@example.org") -> User:
    user = make_practitioner(email)
    factors.enrol_app(user=user, by=BY, now=NOW)
    return user


def link_in_mail(place: int = -1) -> str:
    found = re.search(r"\S+(/accounts/(?:lost/link|new-credentials)/\S+)", mail.outbox[place].body)
    assert found, mail.outbox[place].body
    return found[1]


def cut(user: User, *lost: str, **more: Any) -> CredentialCut:
    return cuts.cut(user=user, lost=lost or ("all",), said="owner", by=BY, now=NOW, **more)


def officer(user: User) -> Actor:
    return Actor(account_id=user.pk, role="office")


# ── asking ──


@pytest.mark.parametrize("email", ["camille@example.org", "nobody@example.org"])
def test_page_answers_alike_and_only_the_mailbox_learns_more(email: str) -> None:
    make_practitioner("camille@example.org")
    answer = WebClient().post(LOST, {"email": email})
    assert (answer.status_code, answer["Location"], answer.content, len(mail.outbox)) == (302, SENT, b"", 1)
    assert mail.outbox[0].to == [email]


@pytest.mark.parametrize("email", ["camille@example.org", "nobody@example.org"])
def test_sixth_question_in_a_minute_is_refused_alike(email: str) -> None:
    make_practitioner("camille@example.org")
    answers = [WebClient().post(LOST, {"email": email}).status_code for _time in range(6)]
    assert answers == [302] * 5 + [429]
    cache.clear()


def test_asking_and_looking_change_nothing() -> None:
    user = with_app()
    client = verified_client(user)
    WebClient().post(LOST, {"email": user.email})
    page = WebClient().get(link_in_mail())
    assert "What is lost?" in page.content.decode()
    assert client.get(SECURITY).status_code == 200
    assert type_password(WebClient(), user.email).status_code == 302


def test_nothing_said_to_be_lost_is_said_at_the_field() -> None:
    user = with_app()
    WebClient().post(LOST, {"email": user.email})
    answer = WebClient().post(link_in_mail(), {})
    assert (answer.status_code, "choose everything" in answer.content.decode()) == (422, True)
    with pytest.raises(Refused, match="not sure"):
        cuts.cut(user=user, lost=[], said="owner", by=BY, now=NOW)


# ── cutting ──


def test_everything_lost_is_everything_cut_at_the_next_request() -> None:
    user = with_app()
    give_passkey(user)
    clients = [verified_client(user), verified_client(user)]
    waits = WebClient()
    type_password(waits, user.email)
    WebClient().post("/accounts/password/reset/", {"email": user.email})
    WebClient().post(LOST, {"email": user.email})
    answer = WebClient().post(link_in_mail(), {"lost": ["all"]})
    assert "Your account is locked" in answer.content.decode()
    assert [client.get(SECURITY)["Location"][: len(LOGIN)] for client in clients] == [LOGIN, LOGIN]
    assert waits.post("/accounts/2fa/authenticate/", {"code": "123456"}).status_code == 302
    assert "not right" in type_password(WebClient(), user.email).content.decode()
    assert Authenticator.objects.filter(user=user).count() == 0
    assert CredentialLink.objects.open().count() == 0
    row = CredentialCut.objects.get()
    assert (row.locked, row.sessions, row.factors, row.links, row.said) == (True, 2, 3, 1, "link")
    line = SecurityEntry.objects.get(kind="credentials.cut")
    assert (line.account_id, line.detail["lost"], line.detail["locked"]) == (user.pk, "all", 1)
    assert (mail.outbox[-1].to, "locked" in mail.outbox[-1].body) == ([user.email], True)


def test_link_works_once() -> None:
    user = with_app()
    WebClient().post(LOST, {"email": user.email})
    link = link_in_mail()
    assert WebClient().post(link, {"lost": ["codes"]}).status_code == 200
    assert WebClient().post(link, {"lost": ["all"]}).status_code == 404
    assert CredentialCut.objects.count() == 1


def test_lost_key_goes_and_the_app_that_remains_signs_in() -> None:
    user = with_app()
    give_passkey(user)
    client = verified_client(user)
    row = cut(user, "passkey")
    kinds = sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    assert (row.locked, kinds) == (False, ["recovery_codes", "totp"])
    assert client.get(SECURITY).status_code == 302
    assert type_password(WebClient(), user.email)["Location"] == "/accounts/2fa/authenticate/"


def test_lost_password_with_an_app_is_chosen_anew_behind_it() -> None:
    user = with_app()
    row = cut(user, "password")
    assert row.locked is False
    assert "not right" in type_password(WebClient(), user.email).content.decode()
    client = WebClient()
    client.post("/accounts/password/reset/", {"email": user.email})
    found = re.search(r"\S+(/accounts/password/reset/link/\S+)", mail.outbox[-1].body)
    assert found
    assert client.post(found[1])["Location"] == "/accounts/2fa/authenticate/"


def test_recovery_codes_alone_unlock_nothing() -> None:
    user = with_app()
    assert cut(user, "app").locked is True
    assert Authenticator.objects.filter(user=user).exists() is False
    user.refresh_from_db()
    assert user.has_usable_password() is False


def test_who_has_only_a_mailbox_is_locked() -> None:
    user = make_practitioner("camille@example.org")
    sign_in(user.email)
    row = cut(user, "app")
    assert (row.locked, row.sessions) == (True, 1)
    assert DeliveredCodeDevice.objects.filter(user=user).exists() is False


def test_session_that_waits_at_the_last_step_opens_nothing_after_a_cut() -> None:
    user = with_app()
    User.objects.filter(pk=user.pk).update(compromised_at=NOW)
    client = WebClient()
    type_password(client, user.email)
    code = Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes()[0]
    assert client.post("/accounts/2fa/authenticate/", {"code": code})["Location"] == "/accounts/new-password/"
    cut(user)
    assert client.post("/accounts/new-password/", {"password": NEW}).status_code == 403
    assert client.get("/practitioner/").status_code == 302
    user.refresh_from_db()
    assert user.has_usable_password() is False


def test_password_that_is_changed_while_the_account_is_cut_is_refused() -> None:
    user = with_app()
    give_passkey(user)
    in_flight = User.objects.get(pk=user.pk)
    assert cut(user, "password", "app").locked is False
    with pytest.raises(Overtaken):
        actions.set_password(user=in_flight, password=NEW, now=NOW)


def test_locked_account_signs_in_by_no_way_even_with_a_password() -> None:
    user = make_patient("pat@example.org")
    cut(user)
    user.set_password(PASSWORD)
    user.save()
    client = WebClient()
    assert type_password(client, user.email)["Location"] == CODE
    assert client.post(CODE, {"code": code_in_mail()})["Location"] == LOST
    assert client.get(SECURITY).status_code == 302


def test_address_being_added_and_known_networks_go_too() -> None:
    user = make_practitioner("camille@example.org")
    sign_in(user.email)
    EmailAddress.objects.create(user=user, email="thief@example.org", verified=False, primary=False)
    cut(user)
    assert list(EmailAddress.objects.filter(user=user).values_list("email", flat=True)) == [user.email]
    assert LoginThrottle.objects.exclude(succeeded_at=None).count() == 0


def test_signed_in_person_cuts_without_a_fresh_proof_and_is_signed_out() -> None:
    user = with_app()
    client = verified_client(user)
    assert "Every session ends" in client.get(HERE).content.decode()
    assert "It is cut" in client.post(HERE, {"lost": ["codes"]}).content.decode()
    assert client.get(SECURITY).status_code == 302
    assert CredentialCut.objects.get().said == "owner"


def test_invitations_and_exports_on_their_way_end() -> None:
    from care.models import Role, StaffInvitation
    from care.queries import practice_of
    from care.team.actions import invite
    from care.tenancy import ALL, scope
    from gdpr_requests.export.scopes import Scope
    from gdpr_requests.models.exports import Export, ExportState

    user, other = with_app(), make_practitioner("other@example.org")
    with scope(ALL):
        mine, theirs = practice_of(user), practice_of(other)
        assert mine is not None
        assert theirs is not None
        invite(practice=mine, email="a@example.org", role=Role.ASSISTANT, by=Actor(user.pk, "practitioner"), now=NOW)
        invite(practice=theirs, email=user.email, role=Role.ASSISTANT, by=Actor(other.pk, "practitioner"), now=NOW)
        invite(practice=theirs, email="b@example.org", role=Role.ASSISTANT, by=Actor(other.pk, "practitioner"), now=NOW)
    first = next(iter(Scope))
    Export.objects.create(account=user, scope=first, asked_at=NOW)
    ready = Export.objects.create(
        account=user,
        scope=first,
        asked_at=NOW,
        state=ExportState.READY,
        ready_at=NOW,
        expires_at=NOW + timedelta(days=7),
    )
    row = cut(user)
    with scope(ALL):
        assert StaffInvitation.objects.filter(revoked_at=None).count() == 1
    assert row.links == 4
    assert list(Export.objects.filter(account=user).values_list("pk", "expires_at")) == [(ready.pk, NOW)]


def test_hooks_hold_care_and_the_exports() -> None:
    called = sorted(callback.__module__.partition(".")[0] for callback in hooks.on_credentials_cut)
    assert called == ["care", "gdpr_requests"]
    before = list(hooks.on_credentials_cut), list(hooks.opens_others_data)
    hooks.when_credentials_are_cut(hooks.on_credentials_cut[0])
    hooks.opens_others_data_if(hooks.opens_others_data[0])
    assert (hooks.on_credentials_cut, hooks.opens_others_data) == before


# ── the office ──


def office_client(user: User) -> WebClient:
    client = verified_client(user)
    prove(client, user)
    return client


def test_office_cuts_with_a_reason_that_is_kept_sealed() -> None:
    user, client = with_app(), office_client(make_staff())
    page = reverse("admin:credentials")
    without = client.post(page, {"email": user.email, "lost": ["all"], "reason": " "})
    assert (without.status_code, CredentialCut.objects.count()) == (422, 0)
    unknown = client.post(page, {"email": "nobody@example.org", "lost": ["all"], "reason": "called"})
    assert "no account with this address" in unknown.content.decode()
    client.post(page, {"email": user.email, "lost": ["all"], "reason": "called at noon"})
    row = CredentialCut.objects.get()
    assert (row.reason, row.said, row.locked) == ("called at noon", "office", True)
    assert "called" not in str(SecurityEntry.objects.get(kind="credentials.cut").detail)


def test_command_cuts_everything_and_needs_a_reason() -> None:
    user = with_app()
    client, out = verified_client(user), StringIO()
    with pytest.raises(CommandError):
        call_command("credentials", "cut", user.email, stdout=out)
    with pytest.raises(CommandError, match="no account"):
        call_command("credentials", "cut", "nobody@example.org", "--reason", "called", stdout=out)
    call_command("credentials", "cut", user.email, "--reason", "called", stdout=out)
    assert client.get(SECURITY).status_code == 302
    assert CredentialCut.objects.get().said == "office"
    call_command("credentials", "list", "--json", stdout=out)
    assert '"state": "locked"' in out.getvalue()


def test_two_persons_issue_what_opens_others_data() -> None:
    user, first, second = with_app(), make_staff("a@example.org"), make_staff("b@example.org")
    row = cut(user)
    page = reverse("admin:credential", args=[row.pk])
    mine, other = office_client(first), office_client(second)
    assert "First note" in mine.post(page, {"act": "issue"}).content.decode()
    mine.post(page, {"act": "check", "proof": "passport", "seen": "desk"})
    assert "somebody else of the office issues" in mine.get(page).content.decode()
    assert mine.post(page, {"act": "issue"}).status_code == 422
    assert CredentialLink.objects.filter(kind="issue").count() == 0
    answer = other.post(page, {"act": "issue"})
    assert re.search(r">\d{10}<", answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]
    assert re.search(r">\d{10}<", other.get(page).content.decode()) is None


def test_patient_needs_one_person_and_nobody_issues_for_themselves() -> None:
    patient, staff = make_patient("pat@example.org"), make_staff()
    one = officer(staff)
    row = cut(patient)
    issuing.check_identity(cut_id=row.pk, proof="card", seen="video", by=one, now=NOW)
    assert len(issuing.issue(cut_id=row.pk, by=one, now=NOW)) == 10
    own = cut(staff)
    with pytest.raises(Refused, match="own account"):
        issuing.check_identity(cut_id=own.pk, proof="card", seen="video", by=one, now=NOW)


def test_command_line_names_two_persons_of_the_office() -> None:
    cut(with_app())
    one, two = make_staff("one@example.org"), make_staff("two@example.org")

    def run(verb: str, by: str, *more: str) -> None:
        call_command("credentials", verb, "camille@example.org", "--by", by, *more, stdout=StringIO())

    with pytest.raises(CommandError, match="--by names nobody of the office"):
        run("check", "camille@example.org", "--proof", "pro", "--seen", "video")
    run("check", one.email, "--proof", "pro", "--seen", "video")
    with pytest.raises(CommandError, match="somebody else issues"):
        run("issue", one.email)
    run("issue", two.email)
    row = CredentialCut.objects.get()
    assert (row.checked_by_id, row.issued_by_id) == (one.pk, two.pk)


def test_check_noted_again_ends_what_was_issued_before() -> None:
    patient, one = make_patient("pat@example.org"), officer(make_staff())
    row = cut(patient)
    issuing.check_identity(cut_id=row.pk, proof="card", seen="video", by=one, now=NOW)
    issuing.issue(cut_id=row.pk, by=one, now=NOW)
    issuing.check_identity(cut_id=row.pk, proof="passport", seen="desk", by=one, now=NOW)
    row.refresh_from_db()
    assert (row.issued_at, CredentialLink.objects.open().count()) == (None, 0)


# ── new credentials ──


def issued(user: User) -> tuple[CredentialCut, str, str]:
    """A case in which the office has issued: the case, the link, the code."""
    row = cuts.cut(user=user, lost=["all"], said="owner", by=BY, now=datetime.now(UTC))
    first, second = officer(make_staff()), officer(make_staff())
    issuing.check_identity(cut_id=row.pk, proof="passport", seen="desk", by=first, now=datetime.now(UTC))
    from django.test import TestCase

    with TestCase.captureOnCommitCallbacks(execute=True):
        code = issuing.issue(cut_id=row.pk, by=second, now=datetime.now(UTC))
    return row, link_in_mail(), code


def app_code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(datetime.now(UTC).timestamp()) // 30))


def test_link_code_password_and_app_together_open_the_account() -> None:
    user = with_app()
    row, link, code = issued(user)
    client = WebClient()
    secret = client.get(link).context["secret"]
    form = {"told": code, "password": NEW, "app_code": app_code(secret)}
    assert "at least 12" in client.post(link, form | {"password": "short"}).content.decode()
    assert "not right" in client.post(link, form | {"app_code": "000000"}).content.decode()
    assert "is required" in client.post(link, form | {"app_code": ""}).content.decode()
    assert client.post(link, form | {"app_code": app_code(secret)})["Location"] == LOGIN
    row.refresh_from_db()
    assert row.done_at is not None
    assert type_password(WebClient(), user.email, NEW)["Location"] == "/accounts/2fa/authenticate/"
    assert sorted(Authenticator.objects.filter(user=user).values_list("type", flat=True)) == ["recovery_codes", "totp"]
    assert WebClient().get(link).status_code == 404
    assert lost_promises.new_credentials_are_issued_by_the_procedure(datetime.now(UTC)).kept is True
    assert lost_promises.lost_credentials_are_cut_at_once(datetime.now(UTC)).kept is True


def test_fifth_wrong_code_ends_the_link_and_the_right_one_comes_too_late() -> None:
    user = with_app()
    _row, link, code = issued(user)
    client = WebClient()
    secret = client.get(link).context["secret"]
    wrong = "0000000000" if code != "0000000000" else "1111111111"
    form = {"told": wrong, "password": NEW}
    tries = [client.post(link, {**form, "app_code": app_code(secret)}).status_code for _try in range(6)]
    assert tries == [422] * 5 + [404]
    assert client.post(link, form | {"told": code}).status_code == 404
    user.refresh_from_db()
    assert user.has_usable_password() is False
    assert SecurityEntry.objects.filter(kind="credentials.code_failed", account_id=user.pk).count() == 5


def test_link_is_over_after_24_hours() -> None:
    user = make_patient("pat@example.org")
    row = cut(user)
    link, _token = links.make(user, links.Kind.ISSUE, NOW, cut=row, code="0123456789")
    late = NOW + timedelta(hours=24)
    assert issuing.weigh_code(link_id=link.pk, code="0123456789", by=BY, now=late) is False
    assert issuing.weigh_code(link_id=link.pk, code="0123456789", by=BY, now=late - timedelta(seconds=1)) is True


def test_patient_without_a_factor_may_go_on_with_codes_by_mail() -> None:
    user = make_patient("pat@example.org")
    _row, link, code = issued(user)
    client = WebClient()
    assert client.post(link, {"told": code, "password": NEW, "app_code": ""})["Location"] == LOGIN
    assert type_password(WebClient(), user.email, NEW)["Location"] == CODE


def test_action_refuses_an_account_without_its_app() -> None:
    user = with_app()
    row, _link, code = issued(user)
    link = CredentialLink.objects.open().get(cut=row)
    with pytest.raises(ValueError, match="without an app"):
        issuing.finish(link_id=link.pk, code=code, password=NEW, secret="", by=BY, now=datetime.now(UTC))


def test_later_cut_takes_the_place_of_one_that_waits_and_ends_its_link() -> None:
    user = with_app()
    row, link, _code = issued(user)
    again = cuts.cut(user=user, lost=["all"], said="owner", by=BY, now=datetime.now(UTC))
    row.refresh_from_db()
    assert (row.ended_at is None, again.locked, WebClient().get(link).status_code) == (False, True, 404)
    with pytest.raises(Refused, match="over"):
        issuing.issue(cut_id=row.pk, by=officer(make_staff()), now=datetime.now(UTC))


def test_cases_page_asks_as_much_for_three_as_for_one(django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, page = office_client(make_staff()), reverse("admin:credentials")
    counts = []
    for number in (1, 2):
        for _one in range(number):
            cut(make_account())
        client.get(page)
        with CaptureQueriesContext(connection) as captured:
            client.get(page)
        counts.append(len(captured))
    assert counts[0] == counts[1]


# ── the measure ──


def measure() -> Any:
    return lost_promises.lost_credentials_are_cut_at_once(datetime.now(UTC))


def test_session_that_outlives_a_cut_breaks_md_51() -> None:
    user = with_app()
    cuts.cut(user=user, lost=["codes"], said="owner", by=BY, now=datetime.now(UTC))
    assert measure().kept is True
    verified_client(user)
    UserSession.objects.update(created_at=NOW - timedelta(days=3000))
    assert (measure().kept, measure().figures["sessions_that_outlived_a_cut"]) == (False, 1)


def test_way_into_a_locked_account_breaks_md_51() -> None:
    user = with_app()
    cut(user)
    assert measure().kept is True
    user.set_password(PASSWORD)
    user.save()
    assert measure().figures["locked_accounts_with_a_way_in"] == 1


def test_factor_that_was_lost_and_stays_breaks_md_51() -> None:
    user = with_app()
    give_passkey(user)
    cut(user, "passkey")
    give_passkey(user)
    Authenticator.objects.filter(type="webauthn").update(created_at=NOW - timedelta(days=1))
    assert (measure().kept, measure().figures["lost_factors_still_there"]) == (False, 1)


def test_step_left_out_breaks_md_51() -> None:
    user, staff = with_app(), make_staff()
    row = cut(user)
    CredentialCut.objects.filter(pk=row.pk).update(
        proof="card",
        seen="desk",
        checked_at=NOW,
        checked_by_id=staff.pk,
        issued_at=NOW,
        issued_by_id=staff.pk,
        done_at=NOW,
    )
    found = lost_promises.new_credentials_are_issued_by_the_procedure(NOW)
    assert (found.kept, found.figures["steps_missing_in_the_journal"]) == (False, [str(row.pk)])
    assert found.figures["issued_by_who_checked"] == [str(row.pk)]
