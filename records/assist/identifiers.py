"""Who is named in a patient's file: what :class:`privacy.pseudonyms.Pseudonyms` has to take out of its texts."""

from collections.abc import Iterator
from datetime import datetime

from accounts.models import PatientProfile, PractitionerProfile, User
from accounts.patients.actions import identity_of
from audit.actors import Actor
from care.models import Membership
from care.queries import invitations_to, links_to
from privacy.pseudonyms import Kind, Known, Pseudonyms
from records.models import PatientFile
from vault.handles import Handle

OF_PATIENT = {
    "surname": Kind.PERSON, "birth_name": Kind.PERSON, "given_names": Kind.PERSON, "birth_date": Kind.DATE,
    "died_on": Kind.DATE, "birth_place": Kind.ADDRESS, "phone": Kind.PHONE, "email": Kind.EMAIL, "address": Kind.ADDRESS,
}  # fmt: skip
OF_PRACTITIONER = {
    "surname": Kind.PERSON, "given_names": Kind.PERSON, "rpps": Kind.NUMBER, "adeli": Kind.NUMBER, "phone": Kind.PHONE,
    "address_line": Kind.ADDRESS, "postal_code": Kind.ADDRESS, "city": Kind.ADDRESS,
}  # fmt: skip
OF_RELATIVE = {
    "surname": Kind.PERSON, "given_names": Kind.PERSON, "birth_date": Kind.DATE, "birth_place": Kind.ADDRESS,
    "phone": Kind.PHONE, "address": Kind.ADDRESS, "payer_number": Kind.NUMBER,
}  # fmt: skip


def pseudonyms_of(file: PatientFile, handle: Handle, *, practitioner: User, now: datetime) -> Pseudonyms:
    """Tokens for everybody whom the file knows: the patient, who looks in for them, and who treats them. Inside the scope."""
    return Pseudonyms(known_of(file, handle, practitioner=practitioner, now=now))


def known_of(file: PatientFile, handle: Handle, *, practitioner: User, now: datetime) -> Iterator[Known]:
    """Each identifier as it is written somewhere in the house."""
    for name, kind in OF_PATIENT.items():
        yield from _known(kind, handle.read(file, name))
    for invitation in invitations_to(file.pk):
        yield from _known(Kind.EMAIL, handle.read(invitation, "email"))
    yield from _known(Kind.PERSON, file.practice.name)
    for account in {practitioner, file.created_by, *_authors(file), *_colleagues(file)}:
        yield from _of_practitioner(account)
    linked = User.objects.filter(pk__in=links_to(file.pk, now).values("account_id")).select_related("patient")
    for account in linked:
        yield from _of_relative(account, now)


def _authors(file: PatientFile) -> Iterator[User]:
    seen = file.consultations.values("author_id")
    yield from User.objects.filter(pk__in=seen)


def _colleagues(file: PatientFile) -> Iterator[User]:
    """Who works in the practice today: notes name them."""
    yield from User.objects.filter(
        pk__in=Membership.objects.live().filter(practice_id=file.practice_id).values("user_id")
    )


def _of_practitioner(account: User) -> Iterator[Known]:
    yield from _known(Kind.EMAIL, account.email)
    for membership in Membership.objects.filter(user=account):
        yield from _known(Kind.PERSON, membership.name)
    profile = PractitionerProfile.objects.filter(user=account).first()
    for name, kind in OF_PRACTITIONER.items() if profile else ():
        yield from _known(kind, getattr(profile, name))


def _of_relative(account: User, now: datetime) -> Iterator[Known]:
    """The account's own words about its holder, opened by the house for this alone; its journal says so."""
    yield from _known(Kind.EMAIL, account.email)
    if PatientProfile.objects.filter(pk=account.pk).exists():
        said = identity_of(account, by=Actor.system("pseudonyms"), now=now)
        for name, kind in OF_RELATIVE.items():
            yield from _known(kind, said.get(name))


def _known(kind: Kind, text: str | None) -> Iterator[Known]:
    """An address by its lines and parts too: a text seldom has it whole."""
    if text and text.strip():
        yield Known(kind, text.strip())
        if kind is Kind.ADDRESS:
            parts = [part.strip() for part in text.replace("\n", ",").split(",")]
            yield from (Known(kind, part) for part in parts if part and part != text.strip())
