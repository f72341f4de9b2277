"""What the journals say of patient files, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import ACTS, EVENTS, KINDS, PARTS

EVENTS.say(
    {
        "records.file.created": _("a patient file was made"),
        "records.file.changed": _("a patient file was changed"),
        "records.file.corrected": _("a patient file was corrected"),
        "records.file.imported": _("past entries were imported into a file"),
        "records.file.closed": _("a patient file was closed"),
        "records.file.reopened": _("a patient file was opened again"),
        "records.death.recorded": _("a death was recorded"),
        "records.death.taken_back": _("a recorded death was taken back"),
        "records.archive.opened": _("a file was opened from the archive"),
        "records.consultation.started": _("a consultation was begun"),
        "records.consultation.saved": _("a draft of a consultation was saved"),
        "records.consultation.signed": _("a consultation was signed"),
        "records.consultation.amended": _("a signed consultation was amended"),
        "records.consultation.struck": _("a consultation was struck"),
        "records.consultation.discarded": _("a draft of a consultation was discarded"),
        "records.measure.added": _("a measure was added"),
        "records.measure.struck": _("a measure was struck"),
        "records.document.added": _("a document was added"),
        "records.restriction.begun": _("a file was restricted"),
        "records.restriction.in_force": _("a restriction is in force, its file closed"),
        "records.restriction.told": _("the patient was told before a restriction ends"),
        "records.restriction.lifted": _("a restriction was lifted"),
        "records.restriction.read": _("a restricted file was read, with the ground of the law"),
        "care.emergency.opened": _("a file was opened in an emergency"),
        "care.emergency.reviewed": _("an opening in an emergency was reviewed"),
        "records.order.entered": _("an authority's order was entered"),
        "records.order.file_named": _("a file was named under an authority's order"),
        "records.order.file_taken_out": _("a file was taken out of an authority's order"),
        "records.order.confirmed": _("an authority's order was confirmed"),
        "records.order.link_sent": _("the link of an authority's access was sent"),
        "records.order.joined": _("an authority's agent signed in under an order"),
        "records.order.ended": _("an authority's access ended"),
        "records.order.patient_told": _("the patient was told of an authority's order"),
        "records.import.started": _("an import was begun"),
        "records.import.confirmed": _("an import was confirmed after its trial run"),
        "records.import.stopped": _("an import was stopped"),
        "records.import.finished": _("an import was finished"),
        "records.import.discarded": _("a trial run of an import was discarded"),
        "records.import.expired": _("a trial run of an import was dropped after its time"),
        "records.share.begun": _("something was shown in the portal"),
        "records.share.withdrawn": _("something is shown in the portal no longer"),
        "records.statistics.published": _("figures about nobody were published"),
        "records.training.built": _("a training set was built"),
        "records.training.destroyed": _("the file of a training set was destroyed"),
        "records.training.left": _("somebody left a training set"),
        "records.suggestion.asked": _("a draft or a transcript was asked of a machine"),
        "records.suggestion.ready": _("a machine's draft or transcript came"),
        "records.suggestion.accepted": _("a machine's text was taken over into a draft"),
        "records.suggestion.declined": _("a machine's text was turned down"),
        "records.suggestion.dropped": _("a machine's text was dropped"),
        "records.suggestion.removed": _("a service deleted its copy of a visit's sound and text"),
        "records.coverage.asked": _("a payer was asked whether a patient is covered"),
        "records.coverage.answered": _("what came of a question to a payer was written down"),
        "records.questionnaire.handed_in": _("a questionnaire was handed in"),
    }
)
KINDS.say(
    {
        "authority.code_wrong": _("wrong code for an authority's access"),
        "portal.identity_refused": _("details of a patient didn't match"),
    }
)
PARTS.say(
    {
        "list": _("the name in a list"),
        "file": _("identity, contact and medical summary"),
        "identity": _("identity and contact"),
        "consultations": _("the list of consultations"),
        "consultation": _("a consultation"),
        "measures": _("the measures"),
        "documents": _("the list of documents"),
        "document": _("a document"),
        "kept": _("what imports brought"),
        "clock": _("how long it is kept, and who opened it"),
        "archive": _("the file"),
        "archive_opening": _("why the archive was opened"),
        "restriction": _("the restriction of the file"),
        "portal": _("who the patient is, for the portal"),
        "questionnaire": _("the medical questionnaire"),
        "emergency": _("the file for an hour, in an emergency"),
        "emergency_reason": _("why it was opened in an emergency"),
        "medical": _("the medical summary"),
        "order": _("an authority's order"),
        "import": _("the report of an import"),
        "training_set": _("a training set"),
    }
)
ACTS.say(
    {
        "file.create": _("made the file"),
        "draft": _("opened %(part)s for a draft by a machine"),
        "transcribe": _("opened %(part)s for a transcript by a machine"),
        "train": _("opened %(part)s for a training set"),
    }
)
