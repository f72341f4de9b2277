"""Resend's operations, and BulkGate's."""

from django.conf import settings

from adapters import bulkgate, resend
from adapters.content import Code, Link, Plain
from privacy.declare import Category
from tests.adapters.contracts.shape import Act, Operation, Step
from tests.adapters.contracts.stage import EMAIL, NUMBER, Stage
from tests.records.factories import NOW


def words() -> Plain:
    return Plain.from_template("account/email/login_code_subject.txt", {}, language="en")


def mail() -> resend.Mail:
    return resend.Mail(EMAIL, words(), words())


def send_message(at: Stage) -> Act:
    ground = at.law("account_message")
    return lambda: resend.send_message(mail(), key="k-1", ground=ground, now=NOW)


def send_news(at: Stage) -> Act:
    stop = Link(f"{settings.SITE_URL.rstrip('/')}/stop/")
    ground = at.own("marketing_emails")
    return lambda: resend.send_news(mail(), stop, key="k-1", ground=ground, now=NOW)


def join(at: Stage) -> Act:
    ground = at.own("marketing_emails")
    return lambda: resend.join(EMAIL, ground=ground, now=NOW)


def leave(at: Stage) -> Act:
    contact = str(join(at)())
    ground = at.law("end_of_use")
    return lambda: resend.leave(contact, ground=ground, now=NOW)


def contacts(at: Stage) -> Act:
    join(at)()
    ground = at.law("end_of_use")
    return lambda: resend.contacts(ground=ground, now=NOW)


MAIL = Step("POST", "api.resend.com", r"/emails", "contact", "email", key="k-1", again=True)
RESEND = (
    Operation("resend.send_message", "account_message", send_message, (MAIL,)),
    Operation("resend.send_news", "marketing_emails", send_news, (MAIL,)),
    Operation("resend.join", "marketing_emails", join, (
        Step("POST", "api.resend.com", r"/contacts", "contact", "contact"),
        Step("PATCH", "api.resend.com", r"/contacts/[0-9a-f-]{36}", "contact", "contact_change", key="*", again=True, reads=False),
    )),
    Operation("resend.leave", "end_of_use", leave, (
        Step("DELETE", "api.resend.com", r"/contacts/[0-9a-f-]{36}", "contact", again=True, reads=False, own={404: None}),
    )),
    Operation("resend.contacts", "end_of_use", contacts, (
        Step("GET", "api.resend.com", r"/contacts", "contact", again=True),
    )),
)  # fmt: skip


def send_text(at: Stage) -> Act:
    said = Plain.from_template("adapters/sms/login_code.txt", {"code": Code("482913")}, language="fr")
    text = bulkgate.Text(NUMBER, said, "t-1", frozenset({Category.CONTACT, Category.CREDENTIAL}))
    ground = at.law("login_code")
    return lambda: bulkgate.send_text(text, ground=ground, now=NOW)


BULKGATE = (
    Operation("bulkgate.send_text", "login_code", send_text, (
        Step("POST", "portal.bulkgate.com", r"/api/2\.0/advanced/transactional", "contact,credential", "transactional",
             states=(("data", "response", 0, "status"),)),
    ), once=True),
)  # fmt: skip
