"""What the journals say of requests, exports, directives and duties, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import EVENTS, PARTS

EVENTS.say(
    {
        "gdpr.request.filed": _("a request came in"),
        "gdpr.request.file": _("the text of a request was kept"),
        "gdpr.request.note": _("a message was written about a request"),
        "gdpr.request.ask_identity": _("proof of identity was asked for"),
        "gdpr.request.prove": _("the identity behind a request was established"),
        "gdpr.request.take": _("work on a request began"),
        "gdpr.request.extend": _("the time to answer a request was extended"),
        "gdpr.request.answer": _("a request was answered"),
        "gdpr.request.close": _("a request was closed"),
        "gdpr.request.withdraw": _("a request was withdrawn"),
        "gdpr.request.reminded": _("whoever answers a request was reminded"),
        "gdpr.request.forgotten": _("a request left the register at the end of its term"),
        "gdpr.identity.sent": _("an identity document was sent"),
        "gdpr.identity.checked": _("an identity document was checked and destroyed"),
        "gdpr.objection.recorded": _("an objection took effect"),
        "gdpr.texts.refused": _("somebody wants no more text messages"),
        "gdpr.texts.taken_again": _("somebody wants text messages again"),
        "gdpr.export.asked": _("an export was asked for"),
        "gdpr.export.begun": _("the making of an export began"),
        "gdpr.export.ready": _("an export was ready"),
        "gdpr.export.failed": _("an export couldn't be made"),
        "gdpr.export.downloaded": _("an export was downloaded"),
        "gdpr.export.deleted": _("an export was deleted by its owner"),
        "gdpr.export.expired": _("an export was destroyed after its seven days"),
        "gdpr.export.dropped": _("an export was dropped: what it was made for is gone"),
        "gdpr.export.cut": _("an export was closed with the account's lost credentials"),
        "gdpr.directive.written": _("directives for after death were written"),
        "gdpr.directive.replaced": _("directives were replaced by a later version"),
        "gdpr.directive.revoked": _("directives were revoked"),
        "gdpr.directive.erased": _("directives went with their account"),
        "gdpr_requests.duty.added": _("a duty was entered"),
        "gdpr_requests.duty.recorded": _("it was recorded that a duty was done"),
        "gdpr_requests.duty.ended": _("a duty falls due no more"),
        "gdpr_requests.duty.proof_read": _("the proof of a duty was read"),
    }
)
PARTS.say(
    {
        "request": _("a request"),
        "identity_document": _("an identity document"),
        "directives": _("directives for after death"),
        "export": _("the archive of an export"),
        "signature_file": _("a file kept of a signature"),
        "account": _("what the account keeps sealed"),
    }
)
