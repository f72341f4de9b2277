"""The register of subprocessors: who they are, which version counts on which day, and what closes one by itself (PC-90, PC-101)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from privacy.consent_keys import INTEGRATIONS
from privacy.declare import Category
from privacy.patient_keys import EVERY_KEY
from privacy.subprocessors import (
    CLOSED,
    COUNTRIES,
    COUNTS_FOR,
    KINDS,
    VERSIONS,
    Closed,
    Host,
    Kind,
    Mechanism,
    NoRegister,
    RegisterVersion,
    checked,
    closed_since,
    earliest,
    entry,
    faults,
    register_at,
    why_closed,
)

FIRST = VERSIONS[0]
DAY = date(2026, 11, 23)
RESEND = entry("resend", DAY)


def version(number: int, announced_on: date, effective_on: date, *entries: object) -> RegisterVersion:
    return replace(FIRST, number=number, announced_on=announced_on, effective_on=effective_on, entries=entries)  # type: ignore[arg-type]


def second(*entries: object) -> tuple[RegisterVersion, RegisterVersion]:
    return FIRST, version(2, date(2026, 12, 1), date(2027, 1, 1), *entries)


def test_the_ten_of_the_policy_stand_in_the_register_with_their_countries() -> None:
    assert [(one.key, one.country) for one in register_at(DAY).entries] == [
        ("scaleway", "FR"), ("aws", "IE"), ("viva", "GR"), ("scell", "FR"), ("livekit", "EU"),
        ("google", "IE"), ("mistral", "FR"), ("assemblyai", "US"), ("bulkgate", "CZ"), ("resend", "US"),
    ]  # fmt: skip


def test_a_transfer_is_computed_from_where_company_and_hosts_are() -> None:
    assert [one.key for one in FIRST.entries if one.transfers] == ["google", "assemblyai", "resend"]
    abroad = replace(entry("mistral", DAY), hosts=(Host("api.mistral.ai", False),))
    assert abroad.transfers


def test_health_content_may_only_go_to_hosts_in_the_eea() -> None:
    carriers = [one for one in FIRST.entries if one.may_carry_health]
    assert [one.key for one in carriers] == ["scaleway", "livekit", "mistral", "assemblyai"]
    assert [host.name for one in carriers for host in one.hosts if not host.region_in_eea] == []
    assert [one for one in FIRST.entries if (Category.HEALTH in one.categories) is not one.may_carry_health] == []


def test_only_a_registered_name_is_a_host() -> None:
    scaleway, resend = entry("scaleway", DAY), RESEND
    assert scaleway.host("files.s3.fr-par.scw.cloud") == scaleway.host("S3.fr-par.scw.cloud.") == scaleway.hosts[0]
    for name in (
        "s3.nl-ams.scw.cloud",
        "xs3.fr-par.scw.cloud",
        "s3.fr-par.scw.cloud.example",
        "mail.smtp.tem.scw.cloud",
    ):
        assert scaleway.host(name) is None
    assert entry("assemblyai", DAY).host("api.assemblyai.com") is None
    assert resend.host("api.resend.com") == Host("api.resend.com", False)


def test_no_host_belongs_to_two() -> None:
    names = [host.name for one in FIRST.entries for host in one.hosts]
    assert len(names) == len(set(names))


def test_no_paper_is_claimed_that_is_not_on_file() -> None:
    assert [one.dpa_on for one in FIRST.entries] == [None] * 10
    assert [one.key for one in FIRST.entries if not one.evidence] == []


def test_a_mechanism_counts_for_its_term_and_no_day_longer() -> None:
    leap = checked(Kind.DPF, date(2028, 2, 29))
    assert leap == Mechanism(Kind.DPF, date(2028, 2, 29), date(2029, 2, 28))
    days = (date(2028, 2, 28), date(2028, 2, 29), date(2029, 2, 28), date(2029, 3, 1))
    assert [leap.counts_on(day) for day in days] == [False, True, True, False]
    assert set(COUNTS_FOR) == set(KINDS) == set(Kind)


def test_an_adapter_closes_by_itself_the_day_after_its_last_mechanism_ends() -> None:
    last = date(2028, 5, 14)
    assert RESEND.mechanism == Mechanism(Kind.SCC, date(2026, 5, 14), last)
    assert (why_closed("resend", last), closed_since("resend", last)) == (None, None)
    for day in (last + timedelta(days=1), date(2030, 1, 1)):
        assert (why_closed("resend", day), closed_since("resend", day)) == (Closed.NO_MECHANISM, date(2028, 5, 15))


def test_what_transfers_nothing_needs_no_mechanism() -> None:
    late = date(2090, 1, 1)
    open_ones = [one.key for one in FIRST.entries if why_closed(one.key, late) is None]
    assert open_ones == ["scaleway", "aws", "viva", "scell", "livekit", "mistral", "bulkgate"]


def test_a_transfer_without_any_mechanism_is_closed_from_the_first_day() -> None:
    bare = second(replace(RESEND, mechanisms=()))
    day = date(2027, 1, 1)
    assert (why_closed("resend", day, bare), closed_since("resend", day, bare)) == (Closed.NO_MECHANISM, day)


def test_what_is_announced_counts_from_its_day_on_and_not_before() -> None:
    versions = second(*FIRST.entries, replace(RESEND, key="newcomer"))
    eve, day = date(2026, 12, 31), date(2027, 1, 1)
    assert [register_at(when, versions).number for when in (eve, day)] == [1, 2]
    assert [why_closed("newcomer", when, versions) for when in (eve, day)] == [Closed.NOT_YET, None]


def test_who_left_the_register_is_closed() -> None:
    versions = second(*(one for one in FIRST.entries if one.key != "viva"))
    assert [why_closed("viva", day, versions) for day in (date(2026, 12, 31), date(2027, 1, 1))] == [
        None,
        Closed.NO_ENTRY,
    ]
    assert why_closed("nobody", DAY) is Closed.NO_ENTRY
    with pytest.raises(KeyError, match="'nobody' isn't in version 1; it has: scaleway, aws"):
        entry("nobody", DAY)


def test_before_the_first_version_nothing_is_open() -> None:
    eve = date(2026, 5, 13)
    assert why_closed("scaleway", eve) is Closed.NOT_YET
    with pytest.raises(NoRegister, match="2026-05-13"):
        register_at(eve)


@pytest.mark.parametrize(
    ("announced_on", "first_day"),
    [
        (date(2026, 12, 1), date(2027, 1, 1)),
        (date(2027, 1, 31), date(2027, 3, 3)),
        (date(2028, 1, 30), date(2028, 3, 1)),
        (date(2027, 3, 15), date(2027, 4, 15)),
    ],
)
def test_a_change_leaves_thirty_whole_days_to_object(announced_on: date, first_day: date) -> None:
    assert earliest(announced_on) == first_day
    assert faults((FIRST, version(2, announced_on, first_day))) == []
    short = version(2, announced_on, first_day - timedelta(days=1))
    assert faults((FIRST, short)) == ["version 2 leaves less than 30 days to object"]


def test_a_history_that_does_not_hold_together_is_named() -> None:
    backwards = version(3, date(2026, 1, 1), date(2026, 5, 14), RESEND, RESEND)
    assert faults((FIRST, backwards)) == [
        "version 3 isn't number 2", "version 3 isn't later than version 1", "version 3 has resend twice",
    ]  # fmt: skip


def test_integrations_of_the_ledger_are_in_the_register_under_the_same_key() -> None:
    switches = {slot for one in FIRST.entries for slot in one.switches}
    assert {f"third_party_integrations.{child.key}" for child in INTEGRATIONS} == switches - {"marketing_emails"}
    assert {slot.split(".")[0] for slot in switches} <= set(EVERY_KEY)
    for child in INTEGRATIONS:
        assert entry(child.key, DAY).switches == (f"third_party_integrations.{child.key}",)


def test_every_country_and_every_closure_has_words() -> None:
    assert {one.country for one in FIRST.entries} <= set(COUNTRIES)
    assert set(CLOSED) == set(Closed)
