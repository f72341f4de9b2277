"""Every write of the patient files, by what is written."""

from records.actions.archive import open_archived
from records.actions.consultations import (
    amend,
    discard_draft,
    save_draft,
    sign,
    start_consultation,
    strike_consultation,
)
from records.actions.deaths import record_death
from records.actions.documents import add_document, remove_orphans
from records.actions.files import change_file, close_file, create_file, make_file, reopen_file
from records.actions.measures import add_measure, strike_measure
from records.actions.past import PastConsultation, PastMeasure, bring_past

__all__ = [
    "PastConsultation",
    "PastMeasure",
    "add_document",
    "add_measure",
    "amend",
    "bring_past",
    "change_file",
    "close_file",
    "create_file",
    "discard_draft",
    "make_file",
    "open_archived",
    "record_death",
    "remove_orphans",
    "reopen_file",
    "save_draft",
    "sign",
    "start_consultation",
    "strike_consultation",
    "strike_measure",
]
