"""The eight keys in four kinds (PC-09, PC-10, PC-14, PC-22)."""

from datetime import date

import pytest

from privacy.consent_keys import INTEGRATIONS, KEYS, Kind
from privacy.purposes import LegalBasis


def test_there_are_the_eight_keys_of_the_policy_in_its_order() -> None:
    assert list(KEYS) == [
        "tos_privacy",
        "health_data_processing",
        "marketing_emails",
        "analytics_product",
        "anonymized_stats_sharing",
        "ai_training_optin",
        "third_party_integrations",
        "public_directory_listing",
    ]


def test_only_five_of_the_keys_are_consents() -> None:
    kinds = {key.key: key.kind for key in KEYS.values() if key.kind is not Kind.CONSENT}
    assert kinds == {
        "tos_privacy": Kind.ACCEPTANCE,
        "health_data_processing": Kind.ACKNOWLEDGEMENT,
        "third_party_integrations": Kind.AUTHORISATION,
    }


def test_mandatory_keys_are_those_that_no_switch_turns_off() -> None:
    mandatory = [key.key for key in KEYS.values() if key.mandatory]
    assert mandatory == ["tos_privacy", "health_data_processing"]
    assert [key.key for key in KEYS.values() if not key.revocable_by_switch] == mandatory


def test_each_consent_rests_on_consent_and_no_other_kind_does() -> None:
    bases = {LegalBasis.CONSENT, LegalBasis.EXPLICIT_CONSENT}
    assert [k.key for k in KEYS.values() if k.basis in bases] == [
        k.key for k in KEYS.values() if k.kind is Kind.CONSENT
    ]


def test_integrations_each_have_a_switch_of_their_own() -> None:
    assert [child.provider(date(2026, 11, 23)).name for child in INTEGRATIONS] == [
        "Scell.io",
        "Viva Payment Services",
        "Google Ireland",
        "LiveKit",
        "Mistral AI",
        "AssemblyAI",
    ]
    assert [key.key for key in KEYS.values() if key.children] == ["third_party_integrations"]


def test_voice_and_health_integrations_need_the_patient_too() -> None:
    needing = [child.key for child in INTEGRATIONS if child.needs_patient]
    assert needing == ["livekit", "mistral", "assemblyai"]


def test_unknown_integration_is_refused_with_the_known_ones() -> None:
    with pytest.raises(KeyError, match="has no integration 'zoom'; it has: scell, viva"):
        KEYS["third_party_integrations"].child("zoom")


@pytest.mark.parametrize("switch", [*KEYS.values(), *INTEGRATIONS], ids=lambda s: s.key)
def test_both_positions_of_a_switch_say_what_they_do_in_one_line(switch) -> None:  # type: ignore[no-untyped-def]
    for line in (switch.turning_on, switch.turning_off):
        assert line.endswith(".")
        assert len(line) <= 100
