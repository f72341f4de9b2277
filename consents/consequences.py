"""What taking back each of the two that are no consents brings, said before the act (PC-09, PC-16)."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Line = str | Promise


@dataclass(frozen=True, slots=True)
class Consequences:
    """The lists of the confirmation page, and the words on its button."""

    title: Line
    lead: Line
    goes: tuple[Line, ...]
    stays: tuple[Line, ...]
    undo: tuple[Line, ...]
    button: Line
    link: Line


CONSEQUENCES: dict[str, Consequences] = {
    "tos_privacy": Consequences(
        title=_("End the contract with PratiConnect"),
        lead=_("This is not the withdrawal of a consent: it ends a contract. Read what follows from it first."),
        goes=(
            _("Your acceptance of the terms ends with the moment you confirm, and the ledger says so."),
            _("The way to delete your account opens. Nothing is deleted by this step itself."),
        ),
        stays=(
            _("Your account, your patients' files and your export stay as they are until you ask for the deletion."),
            _("Medical files stay 20 years after the last consultation, invoices 10 years: the law wants it."),
            _("The proof of this acceptance stays 5 years."),
        ),
        undo=(_("Accept the terms again with one click on the same page: everything goes on as before."),),
        button=_("End the contract"),
        link=_("End the contract"),
    ),
    "health_data_processing": Consequences(
        title=_("Close the core functions"),
        lead=_("This is not the withdrawal of a consent: the law lets you keep your patients' records either way."),
        goes=(
            _("Patient files, consultations, documents and imports close at once, on every page and command."),
            _("Nothing more is processed: no reading, no writing, no search."),
        ),
        stays=(
            _("Every file stays intact, encrypted, for its legal term: 20 years after the last consultation."),
            _("This privacy centre stays open: choices, log and access journal."),
        ),
        undo=(_("Turn it on again with one click on the same page: the core functions open at once."),),
        button=_("Close the core functions"),
        link=_("Close the core functions"),
    ),
}
