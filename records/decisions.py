"""What people decide about files and notes (MD-31)."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from privacy.decisions import Decision, act, decide

_IN_CHARGE: Final = _("the practitioner in charge")

decide(Decision(
    "note.signed", _("what a signed consultation says"),
    _("the practitioner who signs it; a draft, whoever or whatever wrote it, is a draft until then"),
    "records.Consultation", "signed_at", "signed_by", constraint="consultation_signed_by_somebody_at_a_moment",
))  # fmt: skip
decide(Decision(
    "restriction.begun", _("to restrict the processing of a file"), _IN_CHARGE,
    "records.Restriction", "since_at", "since_by", "since_role", constraint="restriction_begun_by_a_person",
))  # fmt: skip
decide(Decision(
    "restriction.lifted", _("to lift a restriction"), _IN_CHARGE,
    "records.Restriction", "lifted_at", "lifted_by", "lifted_role", constraint="restriction_lifted_by_a_person",
))  # fmt: skip
decide(Decision(
    "restricted.read", _("to read a restricted file for a legal claim or with the patient's consent"), _IN_CHARGE,
    "records.RestrictedOpening", "opened_at", "opened_by",
))  # fmt: skip
decide(Decision(
    "archive.opened", _("to open an archived file"), _("the owner of the practice, or the data protection officer"),
    "records.ArchiveOpening", "opened_at", "opened_by", "opened_role", constraint="opening_role",
))  # fmt: skip
decide(Decision(
    "shared", _("which documents and consultations a patient's portal shows"), _IN_CHARGE,
    "records.Share", "shared_at", "shared_by",
))  # fmt: skip

decide(Decision(
    "suggestion", _("what of a machine's draft or transcript goes into a consultation"), _("the practitioner who writes it"),
    "records.Suggestion", "ended_at", "ended_by", "ended_role", constraint="suggestion_decided_by_a_person",
))  # fmt: skip

act("records.Suggestion", "asked_by", why="asked a machine for a draft or a transcript")
act("records.CoverageCheck", "asked_by", why="asked a payer; the answer is the payer's")
act("records.PatientFile", "created_by", why="made a file")
act("records.Measure", "recorded_by", "struck_by", why="wrote a value, or struck a wrong one")
act("records.Document", "added_by", why="added a document")
act("records.Restriction", "told_by", why="told the person")
act("records.Share", "withdrawn_by", why="took a share back")
act("records.ImportRun", "started_by", why="began an import")
act("records.KeptResource", "kept_by", why="brought it in")
act("records.Correction", "corrected_by", why="changed a field, and its old value is kept")

_OFFICE: Final = _("the data protection officer; confirmed by a second person")
decide(Decision(
    "order.entered", _("to enter the order of a court or an authority"), _OFFICE,
    "records.AuthorityOrder", "entered_at", "entered_by",
))  # fmt: skip
decide(Decision(
    "order.confirmed", _("to open what an order names"), _("a second person, never who entered the order"),
    "records.AuthorityOrder", "confirmed_at", "confirmed_by", constraint="order_confirmed_by_a_second_person",
))  # fmt: skip
decide(Decision(
    "order.file", _("which file an order names"), _OFFICE, "records.OrderedFile", "named_at", "named_by",
))  # fmt: skip
act("records.AuthorityOrder", "ended_by", why="ended an authority's access before its time")
act("records.OrderedFile", "taken_out_by", why="took a file out of an order")
