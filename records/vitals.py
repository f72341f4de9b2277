"""The measures that are taken most, with their LOINC code, unit and the range that is possible."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Vital:
    """One of them. ``name`` is what is stored (English); ``words`` is what is shown."""

    name: str
    words: str | Promise
    code: str
    unit: str
    lowest: int
    highest: int

    def why_not(self, value: str) -> str | None:
        """Why ``value`` can't be a measure of this, in words; None when it can."""
        try:
            number = Decimal(value.replace(",", ".").strip())
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite() and self.lowest <= number <= self.highest:
            return None
        return gettext("Write a number between %(low)s and %(high)s %(unit)s.") % {
            "low": self.lowest,
            "high": self.highest,
            "unit": self.unit,
        }


VITALS: Final = {
    "weight": Vital("Body weight", _("Weight"), "29463-7", "kg", 0, 500),
    "height": Vital("Body height", _("Height"), "8302-2", "cm", 20, 260),
    "systolic": Vital("Systolic blood pressure", _("Blood pressure, systolic"), "8480-6", "mm[Hg]", 40, 320),
    "diastolic": Vital("Diastolic blood pressure", _("Blood pressure, diastolic"), "8462-4", "mm[Hg]", 20, 220),
    "heart_rate": Vital("Heart rate", _("Heart rate"), "8867-4", "/min", 15, 320),
    "temperature": Vital("Body temperature", _("Temperature"), "8310-5", "Cel", 25, 45),
    "oxygen": Vital("Oxygen saturation", _("Oxygen saturation"), "59408-5", "%", 30, 100),
    "pain": Vital("Pain severity", _("Pain, 0 to 10"), "72514-3", "{score}", 0, 10),
    "waist": Vital("Waist circumference", _("Waist"), "8280-0", "cm", 20, 250),
}
_BY_CODE: Final = {vital.code: vital for vital in VITALS.values()}
_UNITS: Final = {"mm[Hg]": "mmHg", "Cel": "°C", "{score}": "/ 10", "/min": "/ min"}


def choices() -> list[tuple[str, str | Promise]]:
    """For the form."""
    return [(key, vital.words) for key, vital in VITALS.items()] + [(OTHER, _("Another measure"))]


def words_for(code: str, label: str) -> str | Promise:
    """The name to show: ours for a code we know, else the label it came with."""
    return _BY_CODE[code].words if code in _BY_CODE else label


def unit_for(unit: str) -> str:
    """A UCUM unit as people write it."""
    return _UNITS.get(unit, unit)
