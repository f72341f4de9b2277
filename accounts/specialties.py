"""What a practitioner practises: a short extract of the national nomenclatures.

Source: ANS, value set JDV_J210-SpecialiteOrdinale-ROR, version of 2026-07-30 (codes ``SM…`` and ``SCD…`` of
TRE_R38-SpecialiteOrdinale) and TRE_G15-ProfessionSante for those who have no ordinal specialty (codes ``G15_…``).
Only the professions that see patients in a practice are kept; "other" is for the rest and for practitioners in Israel
whose title has no code here.
"""

from django.utils.translation import gettext_lazy as _

SOURCE = "ANS TRE_R38 / TRE_G15"
VERSION = "2026-07-30"

SPECIALTIES = (
    ("SM54", _("General practice")),
    ("SM57", _("Allergology")),
    ("SM73", _("Cardiology and vascular medicine")),
    ("SM15", _("Dermatology and venereology")),
    ("SM62", _("Endocrinology, diabetes, nutrition")),
    ("SM24", _("Gastroenterology and hepatology")),
    ("SM18", _("Geriatrics")),
    ("SM19", _("Medical gynaecology")),
    ("SM20", _("Gynaecology and obstetrics")),
    ("SM27", _("Internal medicine")),
    ("SM30", _("Nephrology")),
    ("SM32", _("Neurology")),
    ("SM36", _("Medical oncology")),
    ("SM38", _("Ophthalmology")),
    ("SM34", _("Ear, nose and throat")),
    ("SM40", _("Paediatrics")),
    ("SM29", _("Physical medicine and rehabilitation")),
    ("SM41", _("Pneumology")),
    ("SM42", _("Psychiatry")),
    ("SM74", _("Radiology and medical imaging")),
    ("SM48", _("Rheumatology")),
    ("SM61", _("Vascular medicine")),
    ("SM25", _("Occupational medicine")),
    ("G15_40", _("Dentist")),
    ("G15_50", _("Midwife")),
    ("G15_60", _("Nurse")),
    ("G15_70", _("Physiotherapist")),
    ("G15_80", _("Chiropodist")),
    ("G15_91", _("Speech therapist")),
    ("G15_92", _("Orthoptist")),
    ("G15_93", _("Psychologist")),
    ("G15_94", _("Occupational therapist")),
    ("G15_95", _("Dietitian")),
    ("other", _("Another health profession")),
)

CODES = frozenset(code for code, _label in SPECIALTIES)
