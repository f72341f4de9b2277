"""The columns of a CSV import, by every name we know for them (English, French, and the peer LibreOsteo's).

Our own format is documented in docs/imports.md: the first name of each line below.
"""

import unicodedata
from dataclasses import dataclass
from difflib import get_close_matches

from django.utils.translation import gettext as _

from .reading import BadInput

PATIENT_COLUMNS: dict[str, tuple[str, ...]] = {
    "number": ("number", "numero", "n", "no", "id", "patient_number", "numero_patient", "numero_dossier", "dossier"),
    "surname": ("surname", "nom", "nom_de_famille", "nom_usuel", "nom_d_usage", "last_name", "family_name", "lastname"),
    "birth_name": (
        "birth_name",
        "nom_de_naissance",
        "nom_jeune_fille",
        "nom_de_jeune_fille",
        "original_name",
        "maiden_name",
    ),
    "given_names": ("given_names", "prenom", "prenoms", "first_name", "given_name", "firstname", "first_names"),
    "birth_date": (
        "birth_date",
        "date_de_naissance",
        "date_naissance",
        "ne_le",
        "nee_le",
        "birthdate",
        "date_of_birth",
        "dob",
    ),
    "died_on": ("died_on", "date_de_deces", "date_deces", "deces", "decede_le", "decedee_le", "date_of_death", "dod"),
    "sex": ("sex", "sexe", "gender", "genre"),
    "birth_place": ("birth_place", "lieu_de_naissance", "lieu_naissance", "place_of_birth"),
    "mobile": ("mobile", "mobile_phone", "portable", "telephone_portable", "tel_portable", "gsm"),
    "phone": ("phone", "telephone", "tel", "telephone_fixe", "tel_fixe", "fixe"),
    "email": ("email", "e_mail", "mail", "courriel", "adresse_mail", "adresse_email"),
    "street": ("address", "adresse", "address_street", "rue", "street", "address_line", "adresse_1"),
    "street_2": (
        "address_2",
        "address_complement",
        "complement",
        "complement_d_adresse",
        "complement_adresse",
        "adresse_2",
    ),
    "postal_code": ("postal_code", "code_postal", "cp", "address_zipcode", "zipcode", "zip"),
    "city": ("city", "ville", "address_city", "commune", "town"),
    "country": ("country", "pays"),
    "occupation": ("occupation", "profession", "metier", "job"),
    "medical_history": (
        "medical_history",
        "antecedents_medicaux",
        "antecedents",
        "trauma_history",
        "antecedents_traumatiques",
    ),
    "surgical_history": ("surgical_history", "antecedents_chirurgicaux", "chirurgie"),
    "allergies": ("allergies", "allergie"),
    "treatments": ("treatments", "traitements", "traitement", "traitement_en_cours", "current_treatment", "medication"),
    "family_history": ("family_history", "antecedents_familiaux", "antecedents_de_famille"),
    "lifestyle": ("lifestyle", "mode_de_vie", "habitudes", "hobbies", "loisirs"),
    "notes": (
        "notes",
        "remarques",
        "note",
        "commentaire",
        "commentaires",
        "important_info",
        "medical_reports",
        "informations",
    ),
}
VISIT_COLUMNS: dict[str, tuple[str, ...]] = {
    "number": PATIENT_COLUMNS["number"],
    "date": ("date", "consultation_date", "date_de_consultation", "date_consultation", "date_de_visite"),
    "reason": ("reason", "motif", "motif_de_consultation"),
    "note": ("note", "notes", "reason_description", "description", "compte_rendu", "observations"),
    "examination": ("examination", "examen", "examen_clinique", "orl", "visceral", "pulmo", "uro_gyneco", "periphery",
                    "general_state", "medical_examination"),
    "assessment": ("assessment", "diagnosis", "diagnostic", "conclusion_diagnostique"),
    "plan": ("plan", "treatments", "traitement", "traitements", "conclusion", "conduite_a_tenir"),
}  # fmt: skip

PATIENTS, VISITS = "patients", "consultations"
_COLUMNS = {PATIENTS: PATIENT_COLUMNS, VISITS: VISIT_COLUMNS}
_NEEDED = {PATIENTS: ("surname", "given_names", "birth_date"), VISITS: ("number", "date")}


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the file names it, and the field it fills ("" when it has none: its cells are kept as they are)."""

    name: str
    field: str


@dataclass(frozen=True, slots=True)
class Header:
    """What a file's first line says: which kind of rows follow, and what each column is."""

    kind: str
    columns: tuple[Column, ...]

    @property
    def without_field(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if not column.field)

    def named(self, field: str) -> str:
        """The file's own name of the first column that fills `field`."""
        return next((column.name for column in self.columns if column.field == field), field)


def header_of(cells: list[str]) -> Header:
    """Understand the first line; raises BadInput that names the column which is missing, wrong, or there twice."""
    names = [cell.strip() for cell in cells]
    _refuse_unnamed(names)
    kind = _kind(names)
    fields = [_field(name, kind) for name in names]
    for needed in _NEEDED[kind]:
        if needed not in fields:
            raise _missing(needed, names, fields, kind)
    return Header(kind, tuple(Column(name, field) for name, field in zip(names, fields, strict=True)))


def known_columns(cells: list[str]) -> int:
    """How many of these cells are names of columns we know: tells the right delimiter from the wrong ones."""
    return sum(any(_field(cell, kind) for kind in _COLUMNS) for cell in cells)


def _refuse_unnamed(names: list[str]) -> None:
    for number, name in enumerate(names, start=1):
        place = _("line 1, column %(number)d") % {"number": number}
        if not name:
            raise BadInput(place, _("this column has no name. Give each column a name in the first line."))
        if name in names[: number - 1]:
            raise BadInput(place, _("the column “%(name)s” is there twice.") % {"name": name})


def _kind(names: list[str]) -> str:
    visits = {_field(name, VISITS) for name in names}
    patients = {_field(name, PATIENTS) for name in names}
    is_visits = "date" in visits and not patients & {"surname", "given_names", "birth_date"}
    return VISITS if is_visits else PATIENTS


def _field(name: str, kind: str) -> str:
    plain = folded(name)
    return next((field for field, names in _COLUMNS[kind].items() if plain in names), "")


def _missing(needed: str, names: list[str], fields: list[str], kind: str) -> BadInput:
    known = _COLUMNS[kind][needed]
    unplaced = {folded(name): name for name, field in zip(names, fields, strict=True) if not field}
    near = next((unplaced[match] for word in known for match in get_close_matches(word, unplaced, 1, 0.8)), "")
    message = _("the column “%(needed)s” is missing (also read: %(names)s).") % {
        "needed": needed, "names": ", ".join(known[1:4]),
    }  # fmt: skip
    if near:
        column = names.index(near) + 1
        place = _("line 1, column %(number)d") % {"number": column}
        return BadInput(place, message + " " + _("Is “%(near)s” meant? Then rename it.") % {"near": near})
    return BadInput(_("line 1"), message)


def folded(name: str) -> str:
    """A column's name without case, accents and signs: « Date de naissance » → date_de_naissance."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return "_".join("".join(c if c.isalnum() else " " for c in plain).split())
