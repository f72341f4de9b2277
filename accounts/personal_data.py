"""What accounts keeps about people (promises PC-02, PC-04). Tables of allauth and django-otp's own are declared by privacy."""

from privacy.declare import Category, Erase, Export, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

IDENTITY, CONTACT, WORK = Category.IDENTITY, Category.CONTACT, Category.PROFESSIONAL
LINK, SECRET = Category.CONNECTION, Category.CREDENTIAL

declare(
    "accounts.User",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("The account of one person"),
    fields={
        "id": technical("random identifier of the account"),
        "password": personal("one-way hash of the password (Argon2id)", SECRET, export=Export.WITHHELD),
        "last_login": personal("moment of the last sign-in", LINK),
        "is_superuser": technical("may do everything in the administration"),
        "email": personal("e-mail address, the login name", CONTACT, export=Export.PORTABLE),
        "language": personal("language of pages and mails", CONTACT, export=Export.PORTABLE),
        "is_active": technical("whether the account may sign in"),
        "is_staff": technical("whether the account belongs to the office"),
        "created_at": personal("moment of sign-up", LINK, export=Export.PORTABLE),
        "password_changed_at": personal("moment of the last password change", LINK),
        "compromised_at": personal("moment from which a new password is due", LINK),
        "renewal_put_off_at": personal("moment when renewing the password was last put off", LINK),
    },
)
for table, other, about in (
    ("groups", "group", _("Which office roles an account has")),
    ("user_permissions", "permission", _("Which single rights an account has in the office")),
):
    declare(
        f"accounts.User_{table}",
        subject=Subject.ACCOUNT,
        purpose=Purpose.SERVICE,
        basis=LegalBasis.CONTRACT,
        retention="PC-40",
        about=about,
        fields={
            "id": technical("row number"),
            "user": personal("the account", Category.REFERENCE),
            other: technical(f"the {other}"),
        },
    )
declare(
    "accounts.PractitionerProfile",
    subject=Subject.PRACTITIONER,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("Who a practitioner is and where they practise"),
    fields={
        "user": personal("the account", Category.REFERENCE),
        "surname": personal("surname", IDENTITY, export=Export.PORTABLE),
        "given_names": personal("given names", IDENTITY, export=Export.PORTABLE),
        "rpps": personal("RPPS number", WORK, export=Export.PORTABLE),
        "adeli": personal("ADELI number", WORK, export=Export.PORTABLE),
        "specialty": personal("specialty or profession", WORK, export=Export.PORTABLE),
        "qualifications": personal("qualifications and certifications", WORK, export=Export.PORTABLE),
        "phone": personal("professional telephone", CONTACT, export=Export.PORTABLE),
        "address_line": personal("professional address", CONTACT, export=Export.PORTABLE),
        "postal_code": personal("postal code of the professional address", CONTACT, export=Export.PORTABLE),
        "city": personal("city of the professional address", CONTACT, export=Export.PORTABLE),
        "country": personal("country of the professional address", CONTACT, export=Export.PORTABLE),
        "jurisdiction": personal("country whose law applies to the files", WORK, export=Export.PORTABLE),
    },
)
declare(
    "accounts.PatientProfile",
    subject=Subject.PATIENT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("Who a patient with an account is, as they say it: sealed under a key of the account's own"),
    fields={
        "user": personal("the account", Category.REFERENCE),
        "created_at": personal("when the patient's side of the account was opened", LINK),
        "changed_at": technical("when the profile was last changed"),
        **{
            name: personal(meaning, category, sealed=True, erase=Erase.WITH_KEY, export=Export.PORTABLE)
            for name, meaning, category in (
                ("surname", "surname", IDENTITY),
                ("given_names", "given names", IDENTITY),
                ("sex", "sex", IDENTITY),
                ("birth_date", "birth date", IDENTITY),
                ("birth_place", "place of birth", IDENTITY),
                ("phone", "telephone", CONTACT),
                ("address", "postal address", CONTACT),
                ("payer_number", "membership number of a third-party payer", IDENTITY),
            )
        },
    },
)
_THROTTLED = {
    "throttling_failure_timestamp": personal("moment of the last wrong code", LINK),
    "throttling_failure_count": personal("wrong codes in a row", LINK),
}
declare(
    "accounts.HeldFactor",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("A second factor that the person holds: the verdict about its sessions"),
    fields={
        "id": technical("row number"),
        "user": personal("the account", Category.REFERENCE),
        "authenticator": technical("the factor itself"),
        "name": technical("kind of factor"),
        "confirmed": technical("whether the factor counts"),
        **_THROTTLED,
    },
)
declare(
    "accounts.DeliveredCodeDevice",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("The six-digit code by e-mail or by phone: what is needed to weigh one"),
    fields={
        "id": technical("row number"),
        "user": personal("the account", Category.REFERENCE),
        "name": technical("kind of channel"),
        "channel": technical("which way the newest code went"),
        "confirmed": technical("whether the channel counts"),
        "attempt": technical("random name of the sign-in the code belongs to"),
        "code_mac": personal(
            "keyed hash of the code, five minutes", SECRET, erase=Erase.DELETE, export=Export.WITHHELD
        ),
        "valid_until": technical("end of the code's life"),
        "last_generated_timestamp": personal("moment the last code was sent", LINK),
        "created_at": personal("moment of the first code", LINK),
        "last_used_at": personal("moment a code was last used", LINK),
        **_THROTTLED,
    },
)
declare(
    "accounts.CredentialCut",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_(
        "Credentials said to be lost or stolen: what was cut, and who issued new ones after seeing who the person is"
    ),
    fields={
        "id": technical("random identifier"),
        "user": personal("the account", Category.REFERENCE),
        "at": personal("moment of the cut", LINK),
        "said": technical("who said that something was lost"),
        "lost": personal("what was said to be lost", LINK),
        "reason": personal("why the office cut the account", LINK),
        "sessions": technical("sessions ended"),
        "factors": technical("factors removed"),
        "links": technical("links ended"),
        "locked": technical("whether new credentials had to be issued"),
        "proof": personal("kind of document that proved who the person is, never its number", LINK),
        "seen": personal("how the document was seen", LINK),
        "checked_at": personal("moment of the identity check", LINK),
        "checked_by_id": personal("who of the office checked", Category.REFERENCE),
        "issued_at": personal("moment new credentials were sent", LINK),
        "issued_by_id": personal("who of the office issued them", Category.REFERENCE),
        "done_at": personal("moment the new credentials came into force", LINK),
        "ended_at": technical("moment a later cut took the case's place"),
    },
)
declare(
    "accounts.CredentialLink",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("Single-use links sent to an account's own address about its password or factors"),
    fields={
        "id": technical("random identifier"),
        "user": personal("the account", Category.REFERENCE),
        "kind": technical("what the link opens"),
        "token_hash": personal("hash of the link's random part", SECRET, export=Export.WITHHELD),
        "made_at": personal("moment the link was sent", LINK),
        "valid_until": technical("end of the link's life"),
        "used_at": personal("moment the link was used", LINK),
        "ended_at": technical("moment the link was ended unused"),
        "cut": technical("the case to which new credentials belong"),
        "code_mac": personal("keyed hash of the code told by the office", SECRET, export=Export.WITHHELD),
        "wrong_codes": personal("wrong codes typed", LINK),
    },
)
declare(
    "accounts.TextNumber",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("The mobile number at which an account takes text messages"),
    fields={
        "user": personal("the account", Category.REFERENCE),
        "number": personal("mobile number", CONTACT, export=Export.PORTABLE),
        "asked_at": personal("moment the last code was asked for", LINK),
        "code_mac": personal("keyed hash of the code, ten minutes", SECRET, export=Export.WITHHELD),
        "valid_until": technical("end of the code's life"),
        "wrong_codes": personal("wrong codes typed", LINK),
        "proved_at": personal("moment the number was proved", LINK),
    },
)
declare(
    "accounts.TextSent",
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    about=_("That a text message went to an account, of which kind, and whether it arrived; neither words nor number"),
    fields={
        "id": technical("random identifier"),
        "user": personal("the account", Category.REFERENCE),
        "outgoing_id": personal("the row of the outbox it was", Category.REFERENCE),
        "kind": personal("what it was about", LINK),
        "sent_at": personal("moment it was sent", LINK),
        "message_id": personal("the service's own number of the message", Category.REFERENCE),
        "segments": technical("how many messages the operator counts"),
        "state": personal("whether it arrived", LINK),
        "state_at": personal("moment we learned of it", LINK),
    },
)
declare(
    "accounts.LoginThrottle",
    subject=Subject.VISITOR,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.LEGITIMATE_INTEREST,
    retention="PC-46",
    about=_("Wrong passwords by keyed hash of what was typed and of the network: what slows guessing down"),
    fields={
        "id": technical("random identifier"),
        "account_key": personal("keyed hash of the address typed", LINK, erase=Erase.EXPIRES, export=Export.WITHHELD),
        "network_key": personal("keyed hash of the network", LINK, erase=Erase.EXPIRES, export=Export.WITHHELD),
        "failures": personal("wrong passwords counted", LINK, erase=Erase.EXPIRES),
        "since_at": personal("start of the count", LINK, erase=Erase.EXPIRES),
        "last_failed_at": personal("moment of the last wrong password", LINK, erase=Erase.EXPIRES),
        "succeeded_at": personal("moment of the last sign-in from this network", LINK, erase=Erase.EXPIRES),
    },
)
