"""An export from the click to its end: once, sealed, for seven days, for one person; and whatever fails on the way (PC-64)."""

from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from types import SimpleNamespace
from uuid import uuid4
from zipfile import ZipFile

import psycopg
import pytest
import time_machine
from django.core import mail
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.models import User
from audit.actors import Actor
from audit.models import AccessEntry, EventEntry
from gdpr_requests.export import actions, building, queries, tasks
from gdpr_requests.export.actions import name_of
from gdpr_requests.export.rules import MOST, Refused
from gdpr_requests.export.scopes import Scope
from gdpr_requests.models import Export
from lifecycle.deletion.actions import request_deletion
from lifecycle.erasure.deciding import decide_account
from lifecycle.erasure.finishing import finish
from lifecycle.erasure.plan import plan_for_account
from lifecycle.queries import phase_at
from lifecycle.states import Name
from records.models import PatientFile
from tests.accounts.factories import WebClient, make_practitioner, prove, verified_client
from tests.lifecycle.helpers import IN, SIGNED_UP, make_trial
from tests.records.factories import actor_of, make_file
from tests.records.restriction.helpers import restrict
from vault.files import MAGIC
from vault.models import FileKey

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = IN[Name.FREE_LISTING]
TAB = "gdpr:export"
SWEEP = Actor.system("sweep")


@pytest.fixture
def me() -> User:
    return make_trial("camille@example.org")


@pytest.fixture
def file(me: User) -> PatientFile:
    return make_file(me, now=SIGNED_UP, surname="Quemener")


def ask(user: User, how_far: Scope = Scope.FULL, now=NOW) -> Export:
    return actions.ask(user=user, scope=how_far, by=actor_of(user), now=now)


def ready(user: User, now=NOW) -> Export:
    export = ask(user, now=now)
    assert building.build(export.pk, now=now) is True
    return Export.objects.get(pk=export.pk)


def at_home(user: User, now=NOW) -> WebClient:
    client = verified_client(user, now=now)
    prove(client, user, at=now)
    return client


def living_keys(export: Export) -> int:
    return FileKey.objects.filter(file_id=export.pk, destroyed_at=None).count()


def verbs(user: User) -> list[str]:
    rows = EventEntry.objects.filter(subject_id=user.pk, verb__startswith="gdpr.export.").order_by("pk")
    return [verb.rsplit(".", 1)[-1] for verb in rows.values_list("verb", flat=True)]


def test_journey_in_free_listing_ask_wait_download_twice_delete(me: User, file: PatientFile) -> None:
    assert phase_at(me.pk, NOW).name is Name.FREE_LISTING
    with time_machine.travel(NOW, tick=False):
        client = at_home(me)
        assert client.post(reverse(TAB), {"scope": "full"}).status_code == 302
        assert b"Your export is being made" in client.get(reverse(TAB)).content
        export = Export.objects.get()
        assert building.build(export.pk, now=NOW) is True
        address = reverse("gdpr:export_download", args=[export.pk])
        assert address in client.get(reverse(TAB)).content.decode()
        first, second = (client.get(address).getvalue() for _ in range(2))
        export.refresh_from_db()
        assert first == second
        assert (sha256(first).hexdigest(), len(first)) == (export.sha256, export.size)
        assert f"files/{file.pk}/file.json" in ZipFile(BytesIO(first)).namelist()
        assert export.downloads == 2
        assert client.post(reverse("gdpr:export_delete", args=[export.pk])).status_code == 302
        assert client.get(address).status_code == 404
    assert verbs(me) == ["asked", "begun", "ready", "downloaded", "downloaded", "deleted"]
    assert AccessEntry.objects.filter(subject_id=export.pk, action="download").count() == 2
    assert (living_keys(export), default_storage.exists(name_of(export.pk))) == (0, False)


def test_archive_of_before_a_restriction_is_not_taken_along(me: User, file: PatientFile) -> None:
    """PC-63: what was packed before is content of a file that is only stored now; a new archive leaves it closed."""
    export = ready(me)
    restrict(file, now=NOW)
    with time_machine.travel(NOW, tick=False):
        client = at_home(me)
        refused = client.get(reverse("gdpr:export_download", args=[export.pk]))
        assert (refused.status_code, refused["Location"]) == (302, reverse(TAB))
        assert b"was restricted after this archive" in client.get(reverse(TAB)).content
        newer = ready(me, now=NOW + timedelta(seconds=1))
        packed = client.get(reverse("gdpr:export_download", args=[newer.pk])).getvalue()
    assert [name for name in ZipFile(BytesIO(packed)).namelist() if name.startswith("files/")] == []


def test_download_wants_a_fresh_factor(me: User) -> None:
    export = ready(me)
    with time_machine.travel(NOW, tick=False) as clock:
        client = at_home(me)
        clock.shift(timedelta(minutes=6))
        refused = client.get(reverse("gdpr:export_download", args=[export.pk]))
    assert (refused.status_code, "/accounts/" in refused["Location"]) == (302, True)


def test_strangers_get_404_as_for_no_export_at_all(me: User) -> None:
    export, other = ready(me), make_practitioner("other@example.org", now=SIGNED_UP)
    with time_machine.travel(NOW, tick=False):
        client = at_home(other)
        for ident in (export.pk, uuid4()):
            assert client.get(reverse("gdpr:export_download", args=[ident])).status_code == 404
            assert client.post(reverse("gdpr:export_delete", args=[ident])).status_code == 404
        assert str(export.pk) not in client.get(reverse(TAB)).content.decode()
    assert Export.objects.filter(pk=export.pk).count() == 1


def test_archive_lies_sealed(me: User, file: PatientFile) -> None:
    with default_storage.open(name_of(ready(me).pk), "rb") as stored:
        lying = stored.read()
    assert (lying[:4], b"PK\3\4" in lying, b"manifest.json" in lying) == (MAGIC, False, False)


def test_mail_says_that_it_is_ready_and_nothing_of_it(me: User, file: PatientFile) -> None:
    export = ready(me)
    (message,) = mail.outbox
    assert message.to == ["camille@example.org"]
    assert reverse(TAB) in message.body
    assert [word for word in ("Quemener", str(file.pk), str(export.pk)) if word in message.body] == []


def test_two_clicks_are_one_export(me: User) -> None:
    assert ask(me) == ask(me, Scope.ACCESS)
    with pytest.raises(IntegrityError), transaction.atomic():
        Export.objects.create(account=me, scope="full", asked_at=NOW)


def test_fourth_archive_is_refused_with_what_to_do(me: User) -> None:
    for _ in range(MOST):
        ready(me)
    with pytest.raises(Refused, match="delete one and ask again"):
        ask(me)


def test_second_worker_goes_away(me: User) -> None:
    export = ask(me)
    lock = (building.LOCK_CLASS, int.from_bytes(export.pk.bytes[-4:], signed=True))
    params = connection.get_connection_params()
    known = {key: params[key] for key in ("dbname", "user", "password", "host", "port") if params.get(key)}
    with psycopg.connect(**known, autocommit=True) as elsewhere:
        elsewhere.execute("select pg_advisory_lock(%s, %s)", lock)
        assert building.build(export.pk, now=NOW) is False
        elsewhere.execute("select pg_advisory_unlock(%s, %s)", lock)
    assert Export.objects.get().attempts == 0
    assert building.build(export.pk, now=NOW) is True
    assert building.build(export.pk, now=NOW) is False


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


def test_worker_killed_half_way_is_made_good_from_the_start(
    me: User, file: PatientFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice: while it is made, and after it was stored but before the row says so."""

    def kill(*_given: object, **_more: object) -> None:
        raise Killed

    export, rung = ask(me), []
    for place in ("gdpr_requests.export.archive.pages.of_file", "gdpr_requests.export.building._finish"):
        with monkeypatch.context() as patch:
            patch.setattr(place, kill)
            with pytest.raises(Killed):
                building.build(export.pk, now=NOW)
        assert Export.objects.get().state == "building"
    monkeypatch.setattr(tasks.build_export, "delay", rung.append)
    assert (tasks.resume_exports(), rung) == (1, [str(export.pk)])
    assert building.build(export.pk, now=NOW) is True
    assert (Export.objects.get().attempts, living_keys(export), verbs(me)[-1]) == (3, 1, "ready")
    archive = b"".join(actions.download(Export.objects.get(), by=actor_of(me), now=NOW))
    assert ZipFile(BytesIO(archive)).testzip() is None


def test_failing_storage_is_tried_again_and_then_said(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> str:
        raise OSError("no space left on device")

    export = ask(me)
    monkeypatch.setattr(building, "default_storage", SimpleNamespace(save=full))
    for _ in range(building.MOST_ATTEMPTS):
        with pytest.raises(OSError, match="no space"):
            building.build(export.pk, now=NOW)
    assert building.build(export.pk, now=NOW) is False
    assert Export.objects.get().state == "failed"
    assert [message.subject for message in mail.outbox] == ["Your export could not be made"]
    assert ask(me).pk != export.pk


def test_archive_that_the_storage_lost_is_said_in_words(me: User) -> None:
    export = ready(me)
    default_storage.delete(name_of(export.pk))
    with time_machine.travel(NOW, tick=False):
        answer = at_home(me).get(reverse("gdpr:export_download", args=[export.pk]), follow=True)
    assert b"The archive can&#x27;t be read just now" in answer.content
    assert Export.objects.get().downloads == 0


def test_link_ends_after_seven_days_swept_or_not(me: User) -> None:
    export = ready(me)
    end = NOW + timedelta(days=7)
    assert export.expires_at == end
    for at, status in ((end - timedelta(seconds=1), 200), (end, 404)):
        with time_machine.travel(at, tick=False):
            answer = at_home(me, at).get(reverse("gdpr:export_download", args=[export.pk]))
            assert answer.status_code == status
            assert (answer.getvalue()[:4] == b"PK\3\4") is (status == 200)
    counted = actions.sweep(by=SWEEP, now=end, dry_run=True)[actions.RULE]
    assert (counted.due, counted.done, Export.objects.count()) == (1, 0, 1)
    swept = [actions.sweep(by=SWEEP, now=end, dry_run=False)[actions.RULE].done for _ in range(2)]
    assert (swept, Export.objects.count(), living_keys(export)) == ([1, 0], 0, 0)
    assert not default_storage.exists(name_of(export.pk))
    assert verbs(me)[-1] == "expired"


def test_sweep_cut_off_after_the_key_died_does_the_rest_next_time(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    export, end = ready(me), NOW + timedelta(days=7)

    def away(*_given: object) -> int:
        raise OSError("the storage is away")

    with monkeypatch.context() as patch:
        patch.setattr(actions, "remove_objects", away)
        patch.setattr(actions, "destroy_strays", lambda now: 0)
        assert actions.sweep(by=SWEEP, now=end, dry_run=False)[actions.RULE].failed == 1
    assert (living_keys(export), Export.objects.count()) == (0, 1)
    assert actions.sweep(by=SWEEP, now=end, dry_run=False)[actions.RULE].done == 1


def test_deleted_while_it_is_made_leaves_nothing(me: User, monkeypatch: pytest.MonkeyPatch) -> None:
    export, finish_ = ask(me), building._finish

    def deleted_before(*given: object) -> bool:
        actions.destroy(export, why="deleted", by=actor_of(me), now=NOW)
        return finish_(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "_finish", deleted_before)
    assert building.build(export.pk, now=NOW) is False
    assert (living_keys(export), default_storage.exists(name_of(export.pk)), mail.outbox) == (0, False, [])


def test_it_can_be_asked_for_while_a_deletion_waits(me: User, file: PatientFile) -> None:
    request_deletion(user=me, plan_sha256=plan_for_account(me.pk, NOW).sha256, by=actor_of(me), now=NOW)
    assert ready(me, NOW + timedelta(minutes=1)).state == "ready"


def test_erasure_of_the_account_destroys_archive_and_key(me: User, file: PatientFile) -> None:
    export, by = ready(me), Actor.operations("test")
    erasure = decide_account(me.pk, approved=plan_for_account(me.pk, NOW).sha256, by=by, now=NOW)
    assert Export.objects.count() == 0
    finish(erasure.erasure_id, by=by, now=NOW)
    assert (living_keys(export), default_storage.exists(name_of(export.pk))) == (0, False)


def test_progress_is_written_while_it_is_made(me: User, file: PatientFile) -> None:
    export = ready(me)
    assert (export.done, export.total) == (1, 1)
    assert list(queries.exports_of(me, NOW)) == [export]


@pytest.mark.parametrize("wanted", ["", "all"])
def test_unknown_scope_is_refused_at_its_field(me: User, wanted: str) -> None:
    with time_machine.travel(NOW, tick=False):
        answer = at_home(me).post(reverse(TAB), {"scope": wanted})
    assert (answer.status_code, Export.objects.count(), list(answer.context["form"].errors)) == (200, 0, ["scope"])


def test_list_takes_as_many_queries_for_three_as_for_one(me: User) -> None:
    with time_machine.travel(NOW, tick=False):
        client, counts = at_home(me), []
        for more in (1, 2):
            for _ in range(more):
                ready(me)
            with connection.execute_wrapper(_Counter(counts)):
                assert client.get(reverse(TAB)).content.count(b".zip") == len(Export.objects.all())
    assert counts[0] == counts[1]


class _Counter:
    def __init__(self, counts: list[int]) -> None:
        counts.append(0)
        self._counts = counts

    def __call__(self, execute, sql, params, many, context):
        self._counts[-1] += 1
        return execute(sql, params, many, context)
