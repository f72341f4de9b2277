"""Declares all of Visitor but its last column."""

from privacy.declare import Category, Subject, declare, personal, technical
from privacy.purposes import LegalBasis, Purpose

declare(
    "undeclared_app.Visitor",
    about="A visitor of the test",
    subject=Subject.VISITOR,
    purpose=Purpose.SERVICE,
    basis=LegalBasis.CONTRACT,
    retention="PC-40",
    fields={
        "id": technical("number of the row"),
        "nickname": personal("name the visitor chose", Category.IDENTITY),
    },
)
