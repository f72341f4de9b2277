"""Declarations of the tables of libraries, which can't declare themselves.

privacy/ has no table of its own. A library that isn't installed is skipped: its declarations
stay here unused, and the check only looks at installed tables.
"""

from privacy.declare import Category, Erase, Export, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose
from privacy.wording import gettext_noop as _

declare(
    "contenttypes.ContentType",
    about=_("Names of the application's own tables"),
    fields={
        "id": technical("number of the table"),
        "app_label": technical("application"),
        "model": technical("table"),
    },
)
declare(
    "auth.Permission",
    about=_("Names of what a role may do in the admin"),
    fields={
        "id": technical("number of the permission"),
        "name": technical("the permission in words"),
        "content_type": technical("the table it is about"),
        "codename": technical("its short name"),
    },
)
declare(
    "auth.Group",
    about=_("Roles of the office"),
    fields={"id": technical("number of the role"), "name": technical("name of the role")},
)
declare(
    "auth.Group_permissions",
    about=_("Which role may do what"),
    fields={
        "id": technical("number of the row"),
        "group": technical("the role"),
        "permission": technical("what it may do"),
    },
)
declare(
    "sessions.Session",
    about=_("A browser that is signed in"),
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-43",
    fields={
        "session_key": personal("random key of the session", Category.CREDENTIAL, export=Export.WITHHELD),
        "session_data": personal(
            "signed state of the session: the account and when its factors were proven",
            Category.CONNECTION,
            export=Export.WITHHELD,
        ),
        "expire_date": technical("when the session ends"),
    },
)
declare(
    "usersessions.UserSession",
    about=_("The list of signed-in devices that the person sees and can end"),
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.LEGITIMATE_INTEREST,
    retention="PC-43",
    fields={
        "id": technical("number of the row"),
        "user": personal("the account", Category.REFERENCE),
        "created_at": personal("when the device signed in", Category.CONNECTION),
        "ip": personal("network address of the device", Category.CONNECTION),
        "last_seen_at": personal("when the device was last seen", Category.CONNECTION),
        "session_key": personal("random key of the session", Category.CREDENTIAL, export=Export.WITHHELD),
        "user_agent": personal("browser and system of the device", Category.CONNECTION),
        "data": personal("notes of the library about the session", Category.CONNECTION),
    },
)
declare(
    "account.EmailAddress",
    about=_("E-mail addresses of an account and whether they are verified"),
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    fields={
        "id": technical("number of the row"),
        "user": personal("the account", Category.REFERENCE),
        "email": personal("e-mail address", Category.CONTACT, export=Export.PORTABLE),
        "verified": personal("whether the address was verified", Category.CONTACT),
        "primary": personal("whether mail goes to it", Category.CONTACT),
    },
)
declare(
    "account.EmailConfirmation",
    about=_("Links sent to verify an address"),
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    fields={
        "id": technical("number of the row"),
        "email_address": personal("the address to verify", Category.REFERENCE),
        "created": personal("when the link was made", Category.CONNECTION),
        "sent": personal("when the link was sent", Category.CONNECTION),
        "key": personal("secret of the link", Category.CREDENTIAL, export=Export.WITHHELD),
    },
)
declare(
    "mfa.Authenticator",
    about=_("Second factors of an account"),
    subject=Subject.ACCOUNT,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    fields={
        "id": technical("number of the row"),
        "user": personal("the account", Category.REFERENCE),
        "type": personal("kind of factor", Category.CREDENTIAL),
        "data": personal(
            "secret or public key of the factor, sealed with the system key",
            Category.CREDENTIAL,
            sealed=True,
            export=Export.WITHHELD,
        ),
        "created_at": personal("when it was added", Category.CREDENTIAL),
        "last_used_at": personal("when it was last used", Category.CONNECTION),
    },
)
declare(
    "admin.LogEntry",
    about=_("What the office did in the admin"),
    subject=Subject.ACCOUNT,
    purpose=Purpose.LEGAL,
    basis=LegalBasis.LEGITIMATE_INTEREST,
    retention="PC-46",
    fields={
        "id": technical("number of the row"),
        "action_time": personal("when it was done", Category.CONNECTION, erase=Erase.EXPIRES),
        "user": personal("who did it", Category.REFERENCE, erase=Erase.EXPIRES),
        "content_type": technical("the table it was done to"),
        "object_id": personal("the row it was done to", Category.REFERENCE, erase=Erase.EXPIRES),
        "object_repr": personal("the row as the admin names it", Category.REFERENCE, erase=Erase.EXPIRES),
        "action_flag": technical("added, changed or deleted"),
        "change_message": technical("names of the fields that were changed"),
    },
)
