"""``manage.py consents``: the same action as the page, one clear line when it can't."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from consents.models import ConsentEvent
from consents.notices import slots
from tests.accounts.factories import make_practitioner

pytestmark = pytest.mark.django_db


@pytest.fixture
def me() -> User:
    return make_practitioner("camille@example.org")


def run(*words: str) -> str:
    out = StringIO()
    call_command("consents", *words, stdout=out)
    return out.getvalue()


def refused(*words: str) -> tuple[str, int]:
    with pytest.raises(CommandError) as caught:
        run(*words)
    return str(caught.value), caught.value.returncode


def states() -> dict[str, Any]:
    return json.loads(run("show", "camille@example.org", "--json"))


def test_show_prints_each_switch(me: User) -> None:
    assert list(states()) == list(slots())
    assert [slot for slot, state in states().items() if state["on"]] == ["tos_privacy", "health_data_processing"]
    assert "marketing_emails" in run("show", "Camille@Example.org")


def test_set_is_the_action_of_the_page(me: User) -> None:
    assert run("set", me.email, "marketing_emails", "on") == "marketing_emails is now on\n"
    event = ConsentEvent.objects.get(subject_id=me.pk, key="marketing_emails")
    assert (event.action, event.channel, event.actor_role, event.actor_id, event.control) == (
        "given",
        "command",
        "operations",
        None,
        "command",
    )
    assert states()["marketing_emails"]["on"] is True
    assert "was on already; nothing was written" in run("set", me.email, "marketing_emails", "on")


def test_set_reaches_an_integration_and_prints_json(me: User) -> None:
    run("set", me.email, "third_party_integrations", "on")
    made = json.loads(run("set", me.email, "third_party_integrations", "on", "--child", "google", "--json"))
    assert (made["changed"], made["on"]) == (True, True)
    run("set", me.email, "third_party_integrations", "off")
    assert states()["third_party_integrations.google"] | {"since": None} == {
        "on": False,
        "state": "off",
        "since": None,
        "text_version": 1,
        "by_parent": True,
    }


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("set", "camille@example.org", "newsletter", "on"), "There is no key 'newsletter'. The keys are: tos_privacy, health_data_processing, marketing_emails, analytics_product, anonymized_stats_sharing, ai_training_optin, third_party_integrations, public_directory_listing"),
        (("set", "camille@example.org", "third_party_integrations", "on", "--child", "fax"), "third_party_integrations has no integration 'fax'. It has: scell, viva, google, livekit, mistral, assemblyai"),
        (("set", "camille@example.org", "third_party_integrations", "on", "--child", "google"), "Turn on “Integrations with other services” first; each integration then has its own switch."),
        (("show", "nobody@example.org"), "There is no account with the address nobody@example.org; check its spelling"),
    ],
)  # fmt: skip
def test_wrong_use_is_one_line_and_exit_code_2(me: User, words: tuple[str, ...], line: str) -> None:
    assert refused(*words) == (line, 2)


def test_a_position_that_does_not_exist_is_one_line_too(me: User) -> None:
    line, code = refused("set", me.email, "marketing_emails", "maybe")
    assert (line, code) == ("argument position: invalid choice: 'maybe' (choose from 'on', 'off')", 2)
