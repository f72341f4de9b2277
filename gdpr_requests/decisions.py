"""What people decide about requests, and what the clock does to them (MD-31)."""

from django.utils.translation import gettext_lazy as _

from privacy.decisions import Applied, Decision, act, apply, decide

decide(Decision(
    "request.decided", _("whether a request about one's data is granted, in part or not"),
    _("the practice that was asked, or the data protection officer; never who asked"),
    "gdpr_requests.Request", "decided_at", "decided_by_id", "decided_role", constraint="request_decided_by_a_person",
))  # fmt: skip
decide(Decision(
    "identity.checked", _("whether a document proves who somebody is"), _("whoever answers the request"),
    "gdpr_requests.IdentityDocument", "checked_at", "checked_by_id", constraint="identity_checked_by_a_person",
))  # fmt: skip

act("gdpr_requests.Exchange", "actor_id", why="a step of a request; its decision stands in the request")

apply(Applied(
    "settled", _("An answered request is closed after sixty days, and leaves the register three years later."),
    _("Until then the person can answer back; the decision itself was a person's."), "GDPR Art. 5(1)(e)",
))  # fmt: skip
apply(Applied(
    "bites", _("An objection to marketing, the withdrawal of a consent and a deletion take effect at once."),
    _("The person decided; nothing is weighed. A restriction that a person decided closes the file's key at once."),
    "GDPR Art. 7(3), 18, 21(3)", ("PC-63",),
))  # fmt: skip
