"""FHIR R4 resources as plain values of a patient file. Pure: no database, no clock but the one given.

Every function takes a decoded resource and returns a dataclass, or raises `Unmapped` with the reason why the
resource is kept as it is instead. Nothing is guessed: what isn't written in the resource stays empty.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from django.utils.translation import gettext as _

from records.fields import KINDS

from .moments import LEGAL_ZONE, Span, span_of
from .reading import BadInput, Resource

NOT_HELD = ("planned", "cancelled", "entered-in-error")
"""States of an encounter that was never held: no consultation, and the clock doesn't move."""

OWN: Final = "https://praticonnect.com/fhir/StructureDefinition/"
"""Before the names of what our own exports say and FHIR has no element for."""
OWN_TEXTS: Final = ("occupation", "family_history", "lifestyle", "notes")
OWN_KIND: Final = "kind"

_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")
_KINDS = {"VR": "remote", "HH": "home", "EMER": "urgent"}


class Unmapped(Exception):
    """The resource has no field of its own in a patient file: it is kept whole, for this reason."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the patient is, and how to reach them: the sealed fields of a patient file."""

    surname: str
    given_names: str
    birth_name: str = ""
    birth_date: str = ""
    sex: str = ""
    birth_place: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    occupation: str = ""
    family_history: str = ""
    lifestyle: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """A consultation that was held elsewhere."""

    started_at: datetime
    """When it began; one of several days, or known only by its month or year, on its last day (see `visit`)."""
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Value:
    """One measured value as text with its unit."""

    code: str
    label: str
    value: str
    unit: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What one Observation measured: itself and its components."""

    taken_at: datetime | None
    encounter: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """A document with its bytes, or where in the bundle they are."""

    title: str
    content_type: str
    content: bytes
    binary: str
    encounters: tuple[str, ...]
    original_name: str = ""

    @property
    def is_text(self) -> bool:
        return self.content_type.split(";", 1)[0].strip().lower() == "text/plain"


@dataclass(frozen=True, slots=True)
class Summary:
    """One line of a field of the file that sums a kept resource up, so that an allergy isn't only in a list below."""

    part: str
    line: str


def identity(patient: Resource, path: str, today: date) -> Identity:
    """The patient's identity and contact; raises BadInput without a name, or born after `today`."""
    names = _objects(patient.get("name"))
    current = _preferred(names, ("official", "usual", ""))
    surname = _text(current.get("family")) or _text(current.get("text"))
    if not surname:
        raise BadInput(f"{path}.name", _("the patient has no family name; a file can't be opened without one."))
    maiden = next((_text(name.get("family")) for name in names if name.get("use") == "maiden"), "")
    return Identity(
        surname=surname, given_names=" ".join(_texts(current.get("given"))), birth_name=maiden,
        birth_date=_birth_date(patient, path, today), sex=_text(patient.get("gender")), birth_place=_birth_place(patient),
        phone=_telecom(patient, ("phone", "sms")), email=_telecom(patient, ("email",)), address=_address(patient),
        **{name: _own(patient, name, "valueString") for name in OWN_TEXTS},
    )  # fmt: skip


def death(patient: Resource, path: str, today: date) -> str:
    """The day of the patient's death as written, its year or month where more isn't known; "" for the living.

    Raises BadInput for what is no day, or lies after `today`: the file's term would count from it (LAW-02).
    """
    written = _text(patient.get("deceasedDateTime"))
    span = span_of(written) if written else None
    if written and span is None:
        raise BadInput(f"{path}.deceasedDateTime", _("this isn't a day in the calendar. Write it as YYYY-MM-DD."))
    if span and span.start_day > today:
        raise BadInput(f"{path}.deceasedDateTime", _("the death lies in the future."))
    return written_death(patient)


def written_death(patient: Resource) -> str:
    """The day of death that the resource says, of a moment its legal day; "" where it says none that can be read."""
    written = _text(patient.get("deceasedDateTime"))
    span = span_of(written) if written else None
    if span is None:
        return ""
    return written if _DATE.fullmatch(written) else span.last_day.isoformat()


def died_some_day(patient: Resource) -> bool:
    """Whether the patient is said to be dead without the day: then the file's term doesn't change."""
    return patient.get("deceasedBoolean") is True and not _text(patient.get("deceasedDateTime"))


def visit(encounter: Resource, today: date) -> Visit:
    """An Encounter that was held; raises Unmapped for one that wasn't, has no date, or lies after `today`.

    The retention clock counts from a consultation's day (PC-41). So one that lasted several days, or of which only
    the month or the year is known, is dated on the last day it may have lasted to: never too early for the law.
    """
    status = _text(encounter.get("status"))
    if status in NOT_HELD:
        raise Unmapped(_("the encounter wasn't held (%(status)s)") % {"status": status})
    period = _object(encounter.get("period"))
    spans = [span for key in ("start", "end") if (span := span_of(_text(period.get(key))))]
    if not spans:
        raise Unmapped(_("the encounter has no date"))
    if spans[0].start_day > today:
        raise Unmapped(_("the encounter is dated in the future"))
    last_day = min(max(span.last_day for span in spans), today)
    same_day = spans[0].start_day == last_day
    began = spans[0].start if same_day else datetime.combine(last_day, time(), LEGAL_ZONE)
    kind = _KINDS.get(_text(_object(encounter.get("class")).get("code")), "other")
    own = _own(encounter, OWN_KIND, "valueCode")
    return Visit(began, own if own in KINDS else kind, _reason(encounter))


def measured(observation: Resource) -> Measured:
    """An Observation with its components; raises Unmapped for one that was withdrawn."""
    status = _text(observation.get("status"))
    if status in ("entered-in-error", "cancelled"):
        raise Unmapped(_("the observation was withdrawn (%(status)s)") % {"status": status})
    encounter = _text(_object(observation.get("encounter")).get("reference"))
    values = tuple(_values(observation))
    when = _observed(observation)
    return Measured(when.start if when else None, encounter, values)


def papers(document: Resource) -> list[Paper]:
    """The attachments of a DocumentReference; raises Unmapped when none has its bytes in the bundle."""
    if _text(document.get("status")) == "entered-in-error":
        raise Unmapped(_("the document was withdrawn (entered in error)"))
    found = [paper for paper in (_paper(document, item) for item in _objects(document.get("content"))) if paper]
    if not found:
        raise Unmapped(_("the document itself isn't in the bundle"))
    return found


def summary(resource: Resource) -> Summary | None:
    """The line that sums up an allergy, a condition, a treatment … in the field a practitioner reads first."""
    part = _SUMMARY_PARTS.get(_text(resource.get("resourceType")))
    if part is None or _ended(resource):
        return None
    label = next((text for key in _LABEL_KEYS if (text := _concept(resource.get(key)))), "")
    when = next((_text(resource.get(key))[:10] for key in _DATE_KEYS if resource.get(key)), "")
    relation = _concept(resource.get("relationship"))
    conditions = ", ".join(_concept(item.get("code")) for item in _objects(resource.get("condition")))
    words = [word for word in (relation, label, conditions) if word]
    line = " · ".join(words) + (f" ({when})" if when else "")
    return Summary(part, line) if words else None


_SUMMARY_PARTS = {
    "AllergyIntolerance": "allergies", "Condition": "medical_history", "Procedure": "surgical_history",
    "MedicationStatement": "treatments", "MedicationRequest": "treatments", "FamilyMemberHistory": "family_history",
}  # fmt: skip
SUMMED_UP = frozenset(_SUMMARY_PARTS)
"""Types that `summary` may sum up."""

_LABEL_KEYS = ("medicationCodeableConcept", "code")
_DATE_KEYS = ("onsetDateTime", "performedDateTime", "authoredOn", "effectiveDateTime", "recordedDate")
_ENDED = ("entered-in-error", "refuted", "not-done", "cancelled", "stopped", "completed")


def _ended(resource: Resource) -> bool:
    """True for what must not be read as present: refuted, withdrawn, a treatment that is over."""
    treatment = _SUMMARY_PARTS.get(_text(resource.get("resourceType"))) == "treatments"
    ended = _ENDED if treatment else _ENDED[:4]
    codes = [_text(resource.get("status"))]
    codes += [_text(c.get("code")) for c in _objects(_object(resource.get("verificationStatus")).get("coding"))]
    return any(code in ended for code in codes)


def _birth_date(patient: Resource, path: str, today: date) -> str:
    written = _text(patient.get("birthDate"))
    if not written:
        return ""
    span = span_of(written) if _DATE.fullmatch(written) else None
    if span is None:
        raise BadInput(f"{path}.birthDate", _("this isn't a day in the calendar. Write it as YYYY-MM-DD."))
    if span.start_day > today:
        raise BadInput(f"{path}.birthDate", _("the birth date lies in the future."))
    return written


def _birth_place(patient: Resource) -> str:
    for extension in _objects(patient.get("extension")):
        if extension.get("url") == "http://hl7.org/fhir/StructureDefinition/patient-birthPlace":
            place = _object(extension.get("valueAddress"))
            return _text(place.get("text")) or ", ".join(_texts([place.get(k) for k in ("city", "state", "country")]))
    return ""


def _own(resource: Resource, name: str, value: str) -> str:
    """What an export of this house wrote into an extension."""
    return next((_text(e.get(value)) for e in _objects(resource.get("extension")) if e.get("url") == OWN + name), "")


def _telecom(patient: Resource, systems: Sequence[str]) -> str:
    points = [p for p in _objects(patient.get("telecom")) if p.get("system") in systems and p.get("use") != "old"]
    best = _preferred(points, ("mobile", "home", ""))
    return _text(best.get("value"))


def _address(patient: Resource) -> str:
    address = _preferred([a for a in _objects(patient.get("address")) if a.get("use") != "old"], ("home", ""))
    town = " ".join(_texts([address.get("postalCode"), address.get("city")]))
    lines = [*_texts(address.get("line")), town, *_texts([address.get("state"), address.get("country")])]
    return "\n".join(line for line in lines if line) or _text(address.get("text"))


def _reason(encounter: Resource) -> str:
    reasons = [_concept(item) for item in _objects(encounter.get("reasonCode"))]
    kinds = [_concept(item) for item in _objects(encounter.get("type"))]
    return ", ".join(text for text in (reasons if any(reasons) else kinds) if text)


def _observed(observation: Resource) -> Span | None:
    period = _object(observation.get("effectivePeriod"))
    written = (observation.get("effectiveDateTime"), observation.get("effectiveInstant"), period.get("start"),
               period.get("end"), observation.get("issued"))  # fmt: skip
    return next((span for text in written if (span := span_of(_text(text)))), None)


def _values(observation: Resource) -> Iterator[Value]:
    components = _objects(observation.get("component"))
    if not components or any(key.startswith("value") for key in observation):
        yield _value(observation)
    for component in components:
        yield _value(component)


def _value(holder: Resource) -> Value:
    code = _object(holder.get("code"))
    first = next(iter(_objects(code.get("coding"))), {})
    text, unit = _value_text(holder)
    return Value(_text(first.get("code")), _concept(code), text, unit)


def _value_text(holder: Resource) -> tuple[str, str]:
    """The value[x] of an Observation or component as text, and its unit ("" when it has none)."""
    key = next((key for key in holder if key.startswith("value")), "")
    value = holder.get(key)
    if key == "valueQuantity":
        return _quantity(_object(value))
    if key == "valueCodeableConcept":
        return _concept(value), ""
    if key == "valueRange":
        (low, unit), (high, high_unit) = (_quantity(_object(_object(value).get(end))) for end in ("low", "high"))
        return f"{low} – {high}".strip(), unit or high_unit
    if key == "valueRatio":
        (top, unit), (below, _unit) = (
            _quantity(_object(_object(value).get(end))) for end in ("numerator", "denominator")
        )
        return f"{top} : {below}", unit
    if key == "valuePeriod":
        return " – ".join(_texts([_object(value).get("start"), _object(value).get("end")])), ""
    if key == "valueSampledData":
        return _text(_object(value).get("data")), _text(_object(_object(value).get("origin")).get("unit"))
    if isinstance(value, bool):
        return (_("yes") if value else _("no")), ""
    return ("" if value is None else _text(str(value))) or _concept(holder.get("dataAbsentReason")), ""


def _quantity(quantity: Resource) -> tuple[str, str]:
    number = quantity.get("value")
    text = "" if number is None else f"{_text(quantity.get('comparator'))}{number}"
    return text, _text(quantity.get("unit")) or _text(quantity.get("code"))


def _paper(document: Resource, item: Resource) -> Paper | None:
    attachment = _object(item.get("attachment"))
    data, url = attachment.get("data"), _text(attachment.get("url"))
    if not isinstance(data, str) and not url:
        return None
    context = _object(document.get("context"))
    encounters = tuple(_texts([ref.get("reference") for ref in _objects(context.get("encounter"))]))
    title = _text(attachment.get("title")) or _text(document.get("description")) or _concept(document.get("type"))
    return Paper(
        title, _text(attachment.get("contentType")), decoded(data) if isinstance(data, str) else b"", url, encounters,
        _text(attachment.get("title")),
    )  # fmt: skip


def decoded(data: str) -> bytes:
    """The bytes of an attachment; raises Unmapped when they aren't base64."""
    try:
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unmapped(_("the document's bytes aren't base64")) from None


def _concept(value: object) -> str:
    """The words of a CodeableConcept, else the display or the code of its first coding."""
    concept = _object(value)
    codings = _objects(concept.get("coding"))
    shown = next((_text(c.get("display")) for c in codings if c.get("display")), "")
    return _text(concept.get("text")) or shown or next((_text(c.get("code")) for c in codings), "")


def _preferred(items: list[Resource], uses: Sequence[str]) -> Resource:
    """The item with the first of `uses` ("" = none given), else the first that isn't a maiden or old one."""
    for use in uses:
        for item in items:
            if item.get("use", "") == use:
                return item
    return next((item for item in items if item.get("use") not in ("maiden", "old")), items[0] if items else {})


def _object(value: object) -> Resource:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Resource]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    """The text without blank edges; half of a broken sign (a lone surrogate) becomes a question mark."""
    return value.encode("utf-8", "replace").decode().strip() if isinstance(value, str) else ""


def _texts(value: object) -> list[str]:
    return [text for item in value if (text := _text(item))] if isinstance(value, list) else []
