"""What people decide about lost credentials (MD-31, MD-51)."""

from django.utils.translation import gettext_lazy as _

from privacy.decisions import Decision, decide

decide(Decision(
    "credentials.checked", _("whether somebody who lost their credentials is who they say"), _("a person of the office"),
    "accounts.CredentialCut", "checked_at", "checked_by_id", constraint="cut_checked_by_a_person",
))  # fmt: skip
decide(Decision(
    "credentials.issued", _("to issue new credentials"), _("a person of the office, another one where others' data open"),
    "accounts.CredentialCut", "issued_at", "issued_by_id", constraint="cut_issued_by_a_person",
))  # fmt: skip
