"""The second wall around every table of the files: no scope, no rows; another practice's scope, none of ours."""

import pytest
from django.apps import apps
from django.db import ProgrammingError

from care.tenancy import scope
from privacy.ids import new_id
from records.actions import change_file
from records.models import (
    ArchiveOpening,
    CoverageCheck,
    ImportLine,
    ImportRun,
    KeptResource,
    PatientFile,
    SourceRecord,
    Suggestion,
)
from records.portal.content import hand_in, save_answers, share
from records.reading import Part, open_file
from tests.accounts.factories import make_patient, make_practitioner
from tests.care.factories import LONG_AGO, make_practice
from tests.records.factories import NOW, link, make_consultation, make_document, make_file, make_measure, working
from tests.records.orders import confirmed
from tests.records.restriction.helpers import read, restrict
from tests.records.training_world import entered

pytestmark = pytest.mark.django_db(databases=["default", "keys"])
CLINICAL = [
    model
    for model in apps.get_app_config("records").get_models()
    if any(field.column == "practice_id" for field in model._meta.local_concrete_fields)
]


@pytest.fixture
def file() -> PatientFile:
    """A file with a row in every table."""
    practitioner = make_practitioner(now=LONG_AGO)
    file = make_file(practitioner)
    make_consultation(file, practitioner, signed=True)
    make_measure(file, practitioner)
    document = make_document(file, practitioner)
    patient = make_patient()
    with working(practitioner) as by:
        share(file=file, thing=document, by=by, now=NOW)
        save_answers(file=file, answers={"risks": "none"}, by=by, now=NOW)
        opening = ArchiveOpening(
            practice_id=file.practice_id, file=file, opened_at=NOW, opened_by=practitioner, opened_role="dpo", until=NOW
        )
        open_file(file, Part.ARCHIVE, by=by, now=NOW).write(opening, why="x")
        opening.save()
        of_practice = {"practice_id": file.practice_id}
        run = ImportRun.objects.create(
            **of_practice, started_at=NOW, started_by=practitioner, format="fhir", dry_run=False
        )
        ImportLine.objects.create(**of_practice, run=run, number=1, outcome="created")
        KeptResource.objects.create(**of_practice, file=file, kept_at=NOW, kept_by=practitioner, source="fhir")
        SourceRecord.objects.create(
            **of_practice,
            file=file,
            source="fhir",
            key_hash=b"k",
            object_type="x",
            object_id=new_id(),
            first_seen_at=NOW,
        )
        Suggestion.objects.create(**of_practice, file=file, kind="draft", asked_at=NOW, asked_by=practitioner)
        CoverageCheck.objects.create(
            **of_practice, file=file, payer="payer", about_on=NOW.date(), asked_at=NOW, asked_by=practitioner
        )
        hand_in(file=file, link=link(file, patient), answers={"risks": "none"}, by=by, now=NOW)
        change_file(file=file, changes={"surname": "Le Goff"}, by=by, now=NOW)
    confirmed(practitioner, file)
    entered(file, practitioner)
    restrict(file)
    read(file, practitioner)
    return file


@pytest.mark.parametrize("model", CLINICAL, ids=lambda model: model.__name__)
def test_table_is_empty_without_its_practices_scope(file, model):
    with scope([file.practice_id]):
        assert model.objects.count() == 1
    assert model.objects.count() == 0
    with scope([make_practice().pk]):
        assert model.objects.count() == 0


def test_row_is_not_written_into_another_practice(file):
    other = make_practice()
    with pytest.raises(ProgrammingError, match="row-level security"), scope([other.pk]):
        KeptResource.objects.create(
            practice_id=file.practice_id, file=file, kept_at=NOW, kept_by_id=file.created_by_id, source="fhir"
        )
