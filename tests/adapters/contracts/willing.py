"""People who allow everything there is to allow: whatever a message may rest on, it rests on them."""

from datetime import datetime

from accounts.models import User
from care.tenancy import scope
from consents.grants import Grant, PatientGrant, grant_for, patient_grant_for
from privacy.consent_keys import INTEGRATIONS
from privacy.patient_keys import PATIENT_KEYS
from tests.consents.factories import choose, person
from tests.records.assist_world import World, world
from tests.records.factories import NOW
from tests.subprocessors.links import wish

PARENT = "third_party_integrations"
PERSONAL = (
    "marketing_emails",
    "analytics_product",
    "anonymized_stats_sharing",
    "ai_training_optin",
    "public_directory_listing",
)


def willing(made: World | None = None, *, now: datetime = NOW, **notes: str) -> World:
    """A practitioner and a patient with every switch on; ``made``: those who are there already."""
    made = made or world(**notes)
    agree(made.practitioner, now)
    for key in PATIENT_KEYS:
        wish(made.link, key, now=now)
    return made


def agree(user: User, now: datetime) -> None:
    """All that a practitioner can switch on."""
    by = person(user.pk)
    for key in (*PERSONAL, PARENT):
        choose(by, key, now=now)
    for child in INTEGRATIONS:
        choose(by, PARENT, child=child.key, now=now)


def own(made: World, key: str, child: str | None = None, *, now: datetime = NOW) -> Grant:
    """The practitioner's own yes."""
    return grant_for(made.practitioner.pk, key, child, now=now)


def both(made: World, wished: str, child: str, *, now: datetime = NOW) -> PatientGrant:
    """The practitioner's yes and the patient's."""
    with scope([made.file.practice_id]):
        return patient_grant_for(
            made.file.pk, wished, subject_id=made.practitioner.pk, slot=f"{PARENT}.{child}", now=now
        )
