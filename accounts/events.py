"""What the journals say of accounts, sign-ins and factors, in words."""

from django.utils.translation import gettext_lazy as _

from audit.words import EVENTS, KINDS, PARTS

EVENTS.say(
    {
        "accounts.profile.changed": _("a practitioner's profile was changed"),
        "accounts.patient.created": _("a patient's account was made"),
        "accounts.patient.changed": _("a patient changed their identity"),
    }
)
KINDS.say(
    {
        "login.ok": _("signed in"),
        "login.failed": _("wrong password"),
        "login.locked_out": _("not weighed: too many tries"),
        "factor.failed": _("wrong second factor"),
        "factor.not_weighed": _("second factor not weighed: too many tries"),
        "factor.used": _("second factor proven"),
        "factor.code_sent": _("code sent"),
        "factor.added": _("factor added"),
        "factor.removed": _("factor removed"),
        "factor.renewed": _("factor renewed"),
        "session.ended": _("session ended"),
        "session.timed_out": _("session timed out"),
        "session.client_changed": _("session changed its network or device"),
        "stepup.ok": _("confirmed that it is them"),
        "password.changed": _("password changed"),
        "password.reset": _("password reset"),
        "password.compromised": _("password found in a breach"),
        "email.changed": _("e-mail address changed"),
        "email.confirmed": _("e-mail address confirmed"),
        "email.added": _("e-mail address added"),
        "email.removed": _("e-mail address removed"),
        "account.created": _("account created"),
        "password.link_sent": _("link for a new password sent"),
        "password.renewal_put_off": _("renewal of the password put off"),
        "credentials.link_sent": _("link to report a loss sent"),
        "credentials.cut": _("account cut from what is lost"),
        "credentials.identity_checked": _("identity checked for new credentials"),
        "credentials.link_issued": _("new credentials sent"),
        "credentials.code_failed": _("wrong code for new credentials"),
        "credentials.reissued": _("new credentials in force"),
        "texts.code_sent": _("code sent to a telephone"),
        "texts.wrong_code": _("wrong code for a telephone"),
        "texts.proved": _("telephone number proved"),
        "texts.removed": _("telephone number removed"),
        "texts.taken_again": _("text messages taken again"),
    }
)
PARTS.say({"patient_account": _("the identity of the patient's account")})
