"""The demo's patient: an account of the portal, linked to one file that shares a document with it."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.patients.actions import sign_up_patient
from accounts.queries import account_by_email
from audit.actors import Actor
from care.models import Capacity
from care.portal.actions import make_link
from care.queries import practice_of
from care.tenancy import scope
from praticonnect import demo_content as content
from records.models import PatientFile
from records.portal.content import share
from records.queries import documents_of

EMAIL: Final = "patient@demo.example"
LINKED_DAYS_AGO: Final = 20


def seed_patient(practitioner: User, now: datetime) -> bool:
    """Make the account, its link and the share, all or nothing; False when it is there already."""
    practice = practice_of(practitioner)
    if account_by_email(EMAIL) or practice is None:
        return False
    person, moment = content.PEOPLE[0], now - timedelta(days=LINKED_DAYS_AGO)
    said = {
        "surname": person.surname, "given_names": person.given_names, "birth_date": person.birth_date,
        "sex": person.sex, "phone": person.phone, "address": person.town,
    }  # fmt: skip
    with transaction.atomic(), transaction.atomic(using="keys"), scope([practice.pk]):
        user = sign_up_patient(
            email=EMAIL, password=content.PASSWORD, profile=said, answers={"tos_privacy": True}, language="fr",
            email_verified=True, by=Actor.operations("demo"), now=moment,
        )  # fmt: skip
        file = PatientFile.objects.filter(practice=practice).earliest("created_at", "pk")
        make_link(
            practice_id=practice.pk, patient_id=file.pk, account_id=user.pk, capacity=Capacity.SELF, until=None,
            by=Actor(account_id=user.pk, role="patient", channel="command"), now=moment,
        )  # fmt: skip
        by = Actor(account_id=practitioner.pk, role="practitioner", practice_id=practice.pk, channel="command")
        if document := documents_of(file).first():
            share(file=file, thing=document, by=by, now=moment)
    return True
