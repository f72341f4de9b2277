"""``manage.py account`` and ``manage.py phases``; the import commands and the demo under the phases."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from accounts.models import User
from accounts.queries import account_by_email
from lifecycle.drawing import page
from lifecycle.models import SubscriptionEvent
from lifecycle.queries import phase_at
from lifecycle.states import Name
from tests.accounts.factories import make_staff
from tests.lifecycle.helpers import GRACE_ENDS, SIGNED_UP, TRIAL_ENDS, make_trial

pytestmark = pytest.mark.django_db(databases="__all__")
EMAIL = "camille@example.org"
LATE = "2026-11-01T12:00:00+01:00"


@pytest.fixture(autouse=True)
def _clock(settings: Any) -> None:
    settings.TIME_TRAVEL = True


@pytest.fixture
def me() -> User:
    return make_trial(EMAIL)


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def refused(*words: str) -> tuple[str, int]:
    with pytest.raises(CommandError) as caught:
        run(*words)
    return str(caught.value), caught.value.returncode


def phase(now: str) -> dict[str, Any]:
    return json.loads(run("account", "phase", EMAIL, "--now", now, "--json"))


def test_phase_is_printed_as_json_at_each_boundary(me: User) -> None:
    shown = [
        phase(now) for now in ("2026-10-02T23:59:59+02:00", "2026-10-03T00:00:00+02:00", "2026-10-10T00:00:00+02:00")
    ]
    everything = ["account", "care", "portal", "privacy", "public", "subscription"]
    utc = [moment.isoformat() for moment in (SIGNED_UP, TRIAL_ENDS, GRACE_ENDS)]
    assert [(one["phase"], one["allowed"]) for one in shown] == [
        ("trial", everything),
        ("grace", everything),
        ("free_listing", ["account", "portal", "privacy", "public", "subscription"]),
    ]
    from datetime import datetime

    assert [datetime.fromisoformat(one["since"]).astimezone(SIGNED_UP.tzinfo).isoformat() for one in shown] == utc
    assert [one["next_change"] for one in shown] == ["2026-10-02T22:00:00+00:00", "2026-10-09T22:00:00+00:00", None]


def test_phase_is_printed_for_people(me: User) -> None:
    lines = run("account", "phase", EMAIL, "--now", LATE).splitlines()
    assert lines[1] == "phase        free_listing"


def test_subscription_begins_and_ends_by_command(me: User) -> None:
    assert json.loads(run("account", "subscribe", EMAIL, "--now", LATE, "--json"))["phase"] == "subscribed"
    ended = json.loads(run("account", "end-subscription", EMAIL, "--now", "2026-12-01T12:00:00+01:00", "--json"))
    assert (ended["phase"], ended["next_change"]) == ("grace", "2026-12-08T23:00:00+00:00")
    rows = SubscriptionEvent.objects.filter(account_id=me.pk).order_by("number")
    assert [(row.number, row.kind, row.actor_role) for row in rows] == [
        (1, "trial_started", "practitioner"), (2, "subscribed", "operations"), (3, "subscription_ended", "operations"),
    ]  # fmt: skip


def test_wrong_use_is_one_line(me: User) -> None:
    make_staff("dpo@example.org")
    told = ("Nothing was changed.", 2)
    assert refused("account", "phase", "nobody@example.org") == (
        "There is no account with the address nobody@example.org; check its spelling", 2,
    )  # fmt: skip
    line, code = refused("account", "end-subscription", EMAIL, "--now", LATE)
    assert (line, code) == (f"This account has no subscription that could end. {told[0]}", 2)
    run("account", "subscribe", EMAIL, "--now", LATE)
    line, code = refused("account", "subscribe", EMAIL, "--now", LATE)
    assert (line, code) == (f"This account is subscribed already. {told[0]}", 2)
    line, code = refused("account", "end-subscription", EMAIL, "--now", "2026-10-31T12:00:00+01:00")
    assert (line, code) == ("Something later is on record for this account. Give a moment after it.", 2)
    line, code = refused("account", "subscribe", "dpo@example.org", "--now", LATE)
    assert (line, code) == ("This account has no contract: only a practitioner's account can subscribe.", 2)


@override_settings(TIME_TRAVEL=False)
def test_clock_stays_where_time_travel_is_off(me: User) -> None:
    assert refused("account", "phase", EMAIL, "--now", LATE)[1] == 2


@pytest.mark.parametrize("name", ["import_csv", "import_fhir"])
def test_import_is_refused_in_free_listing_with_one_line(me: User, name: str) -> None:
    sample = Path("sample/patients.csv" if name == "import_csv" else "sample/fhir")
    line, code = refused(name, str(sample), "--practitioner", EMAIL, "--now", LATE)
    assert (line.split(",")[0], code, "\n" in line) == ("Patient files", 2, False)


def test_drawing_is_the_table(tmp_path: Path, settings: Any) -> None:
    """docs/phases.md is what the code says, and a stale page is found."""
    assert Path("docs/phases.md").read_text() == page()
    settings.BASE_DIR = tmp_path
    (tmp_path / "docs").mkdir()
    with pytest.raises(SystemExit) as stale:
        run("phases", "--check")
    assert (stale.value.code, run("phases"), (tmp_path / "docs/phases.md").read_text()) == (
        1, "docs/phases.md written\n", page(),
    )  # fmt: skip
    assert run("phases", "--check") == "docs/phases.md is fresh\n"


def test_demo_has_subscribed_practices_and_one_in_free_listing(now: Any) -> None:
    from praticonnect import demo, demo_content

    assert (demo.seed(now), demo.seed(now)) == (True, False)
    people = (demo_content.PRACTITIONER, demo_content.COLLEAGUE, demo_content.RESTING)
    accounts = [account_by_email(one["email"]) for one in people]
    assert [phase_at(one.pk, now).name for one in accounts if one] == [
        Name.SUBSCRIBED, Name.SUBSCRIBED, Name.FREE_LISTING,
    ]  # fmt: skip
