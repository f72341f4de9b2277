"""Values sealed at rest: they open where they belong and nowhere else, can be found where they must, and never in clear."""

from datetime import datetime
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import FieldError
from django.core.management import call_command
from django.db import connection, connections, transaction
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import PractitionerProfile, User
from care.models import Practice
from praticonnect.database import as_owner
from tests.accounts.factories import make_account, make_practitioner
from vault import master, rest, rest_fields
from vault.errors import KeyUnreadable, SealBroken
from vault.models import SystemKey
from vault.operations import SealColumns
from vault.rest import open_value, seal_value

pytestmark = [pytest.mark.django_db(databases=["default", "keys"]), pytest.mark.database]
PLACE = "some_table|some_column"
COLUMNS = "id, name, wrapped, master_id, created_at"
NEW = ("k2", bytes(range(32)))


def raw(table: str, column: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f'select "{column}" from "{table}" order by 1')
        return [value for (value,) in cursor.fetchall()]


def run_sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))


@given(st.text(st.characters(exclude_categories=["Cs"])), st.booleans())
def test_a_value_opens_to_what_was_sealed(text: str, compared: bool) -> None:
    sealed = seal_value(PLACE, text, compared=compared)
    assert open_value(PLACE, sealed, compared=compared) == text
    assert (sealed == "") == (text == "")
    assert seal_value(PLACE, text, compared=True) == seal_value(PLACE, text, compared=True)
    assert not text or seal_value(PLACE, text, compared=False) != seal_value(PLACE, text, compared=False)


@given(st.text(max_size=31), st.text(max_size=31))
def test_short_values_look_equally_long(one: str, other: str) -> None:
    short = [text for text in (one, other) if 0 < len(text.encode()) < rest.BLOCK]
    assert len({len(seal_value(PLACE, text, compared=False)) for text in short}) <= 1


@pytest.mark.parametrize("compared", [True, False])
@pytest.mark.parametrize(
    "broken",
    [
        lambda sealed: sealed[:-8] + ("A" if sealed[-8] != "A" else "B") + sealed[-7:],
        lambda sealed: sealed[:-4],
        lambda _sealed: "Kerbrat",
        lambda _sealed: "sealed1.",
        lambda _sealed: "sealed1.é",
        lambda sealed: sealed.replace("sealed1", "sealed2"),
    ],
)
def test_a_changed_or_clear_value_is_refused(broken: Any, compared: bool) -> None:
    with pytest.raises(SealBroken, match=r"restore the row"):
        open_value(PLACE, broken(seal_value(PLACE, "Kerbrat", compared=compared)), compared=compared)


def test_a_value_opens_in_no_other_column_and_in_no_other_way() -> None:
    sealed = seal_value(PLACE, "Kerbrat", compared=True)
    with pytest.raises(SealBroken):
        open_value("some_table|other_column", sealed, compared=True)
    with pytest.raises(SealBroken):
        open_value(PLACE, sealed, compared=False)


def test_accounts_are_found_by_address_however_it_is_typed() -> None:
    user = make_practitioner("camille@example.org", rpps="10003456786")
    assert raw("accounts_user", "email")[0].startswith("sealed1.")
    assert raw("account_emailaddress", "email") != raw("accounts_user", "email")  # each column has its own
    for look_up in ({"email": "Camille@Example.org"}, {"email__iexact": "CAMILLE@example.org"}):
        assert User.objects.get(**look_up) == user
        assert EmailAddress.objects.get(**look_up).user == user
    assert User.objects.filter(email__in=["camille@example.org", "x@example.org"]).count() == 1
    assert User.objects.get_by_natural_key("CAMILLE@example.org") == user
    assert EmailAddress.objects.is_verified("Camille@example.org")
    assert PractitionerProfile.objects.get(rpps="10003456786").pk == user.pk
    assert PractitionerProfile.objects.filter(adeli__isnull=True).count() == 1
    assert list(User.objects.values_list("email", flat=True)) == ["camille@example.org"]


@pytest.mark.parametrize(
    "asked",
    [
        lambda: User.objects.filter(email__icontains="camille"),
        lambda: EmailAddress.objects.filter(email__startswith="camille"),
        lambda: PractitionerProfile.objects.filter(surname="Roux"),
        lambda: PractitionerProfile.objects.filter(rpps__gt="1"),
        lambda: User.objects.filter(practitioner__city__iexact="Paris"),
        lambda: Practice.objects.filter(name__lower__contains="roux"),
    ],
)
def test_what_sealed_values_can_t_answer_is_an_error_and_not_an_empty_list(asked: Any) -> None:
    with pytest.raises(FieldError, match=r"is sealed at rest, so \w+ finds nothing"):
        list(asked())


def test_reading_a_hundred_names_asks_the_keys_database_nothing(django_assert_num_queries: Any) -> None:
    for _ in range(3):
        make_practitioner()
    with (
        django_assert_num_queries(0, connection=connections["keys"]),
        django_assert_num_queries(1),
    ):
        assert {str(one) for one in PractitionerProfile.objects.all()} == {"Camille Roux"}


def test_values_in_bulk_and_in_updates_are_sealed() -> None:
    users = [make_practitioner(), make_practitioner()]
    PractitionerProfile.objects.update(city="Le Faou")
    for one in (profiles := list(PractitionerProfile.objects.all())):
        one.surname = "Kerbrat"
    PractitionerProfile.objects.bulk_update(profiles, ["surname"])
    assert [(one.surname, one.city) for one in PractitionerProfile.objects.all()] == [("Kerbrat", "Le Faou")] * len(
        users
    )
    for column in ("surname", "city"):
        assert all(value.startswith("sealed1.") for value in raw("accounts_practitionerprofile", column))


def test_the_key_is_committed_whatever_becomes_of_the_caller_s_transaction() -> None:
    """Else what it sealed could be committed here, and the key rolled back there."""
    with transaction.atomic(using="keys"):
        rest.forget_key()
        sealed = seal_value(PLACE, "Kerbrat", compared=False)
        transaction.set_rollback(True, using="keys")
    rest.forget_key()
    assert open_value(PLACE, sealed, compared=False) == "Kerbrat"
    assert SystemKey.objects.filter(name=rest.KEY_NAME).count() == 1


def in_another_session(statement: str, *values: object) -> list[Any]:
    """Run on the keys database and commit. Returns the rows it touched."""
    keys = connections["keys"]
    with keys.Database.connect(**keys.get_connection_params(), autocommit=True) as others:
        return list(others.execute(f"{statement} returning {COLUMNS}", values))


def lose_the_key() -> list[Any]:
    """The key leaves the keys database and this process's memory. Returns its row."""
    [row] = in_another_session("delete from vault_systemkey where name = %s", rest.KEY_NAME)
    rest.forget_key()
    return list(row)


def put_back(row: list[Any]) -> None:
    in_another_session(f"insert into vault_systemkey ({COLUMNS}) values (%s, %s, %s, %s, %s)", *row)


def test_who_comes_second_takes_the_first_s_key(monkeypatch: pytest.MonkeyPatch) -> None:
    lose_the_key()
    make, of_the_first = master.new_key, []

    def overtaken(row: SystemKey) -> None:
        monkeypatch.undo()
        of_the_first.append(seal_value(PLACE, "Kerbrat", compared=True))
        rest.forget_key()
        make(row)

    monkeypatch.setattr(master, "new_key", overtaken)
    assert [seal_value(PLACE, "Kerbrat", compared=True)] == of_the_first
    assert SystemKey.objects.filter(name=rest.KEY_NAME).count() == 1


def test_a_lost_key_is_never_replaced_while_it_is_needed() -> None:
    """Else an address could be taken twice, and a restored keys database would leave what was sealed since unreadable."""
    make_account("camille@example.org")
    row = lose_the_key()
    for use in (lambda: User.objects.get(), lambda: make_account("dominique@example.org")):
        with pytest.raises(KeyUnreadable, match="restore the keys database"), transaction.atomic():
            use()
    assert not SystemKey.objects.filter(name=rest.KEY_NAME).exists()
    put_back(row)
    assert User.objects.get().email == "camille@example.org"


def test_a_key_that_another_process_makes_while_we_look_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    make_account("camille@example.org")
    row = lose_the_key()
    monkeypatch.setattr(rest_fields, "any_sealed", lambda: put_back(row) or True)
    assert User.objects.get().email == "camille@example.org"


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_a_new_master_key_leaves_what_is_sealed_readable(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    old = settings.MASTER_KEYS
    make_account("camille@example.org")
    try:
        settings.MASTER_KEYS = [NEW, *old]
        call_command("keys", "rotate")
        settings.MASTER_KEYS = [NEW]
        rest.forget_key()
        assert User.objects.get(email="camille@example.org").email == "camille@example.org"
        assert set(SystemKey.objects.values_list("master_id", flat=True)) == {"k2"}
        settings.MASTER_KEYS = old
        rest.forget_key()
        with pytest.raises(KeyUnreadable, match="k2"):
            User.objects.get(email="camille@example.org")
    finally:
        settings.MASTER_KEYS = [*old, NEW]
        rest.forget_key()
        call_command("keys", "rotate")


def test_rows_of_before_are_sealed_once_and_opened_again_backwards(now: datetime) -> None:
    user = make_practitioner("camille@example.org", surname="Lebœuf", phone="")
    run_sql("update accounts_practitionerprofile set surname = 'Lebœuf', rpps = '10003456786', phone = ''")
    seal = SealColumns("accounts_practitionerprofile", {"surname": False, "rpps": True, "phone": False}, key="user_id")
    with as_owner(), connection.schema_editor() as editor:
        seal.database_forwards("accounts", editor, None, None)  # type: ignore[arg-type]
        once = raw("accounts_practitionerprofile", "surname")
        seal.database_forwards("accounts", editor, None, None)  # type: ignore[arg-type]
    assert raw("accounts_practitionerprofile", "surname") == once
    profile = PractitionerProfile.objects.get(rpps="10003456786")
    assert (profile.pk, profile.surname, profile.phone) == (user.pk, "Lebœuf", "")
    with as_owner(), connection.schema_editor() as editor:
        seal.database_backwards("accounts", editor, None, None)  # type: ignore[arg-type]
        editor.execute(
            "alter table accounts_practitionerprofile alter column surname type varchar(100)"
        )  # as Django then does
    assert (raw("accounts_practitionerprofile", "surname"), raw("accounts_practitionerprofile", "rpps")) == (
        ["Lebœuf"],
        ["10003456786"],
    )


def test_migrations_of_allauth_see_no_change(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("makemigrations", check=True, dry_run=True)
    assert capsys.readouterr().out == "No changes detected\n"
