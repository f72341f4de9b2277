"""The privacy centre's rows of the access table: open in every phase, whatever is withdrawn."""

from accounts.access import Access, Act, Audience

_MINE = Access(Audience.PRACTITIONER, Act.PRIVACY)

_PATIENT = Access(Audience.PATIENT, Act.PRIVACY)

_ANYONE = Access(Audience.PUBLIC, Act.PUBLIC)

ACCESS = {
    "gdpr:overview": _MINE,
    "gdpr:journal": _MINE,
    "gdpr:journal_csv": _MINE,
    "gdpr:export": _MINE,
    "gdpr:export_download": _MINE,
    "gdpr:export_delete": _MINE,
    "gdpr:register": _MINE,
    "gdpr:integrations": _MINE,
    "gdpr:integration": _MINE,
    "gdpr:calendar": _MINE,
    "gdpr:evidence": _MINE,
    "gdpr:subprocessors": _MINE,
    "gdpr:directives": _MINE,
    "gdpr:requests": _MINE,
    "gdpr:request_new": _MINE,
    "gdpr:request": _MINE,
    "gdpr:request_send_paper": _MINE,
    "gdpr:request_paper": _MINE,
    "gdpr:request_archive": _MINE,
    "gdpr:request_enter": _MINE,
    "patient_privacy:overview": _PATIENT,
    "patient_privacy:journal": _PATIENT,
    "patient_privacy:question": _PATIENT,
    "patient_privacy:directives": _PATIENT,
    "patient_privacy:requests": _PATIENT,
    "patient_privacy:request_new": _PATIENT,
    "patient_privacy:request": _PATIENT,
    "patient_privacy:export": _PATIENT,
    "patient_privacy:export_download": _PATIENT,
    "patient_privacy:export_delete": _PATIENT,
    "patient_privacy:export_again": _PATIENT,
    "patient_privacy:consents": _PATIENT,
    "patient_privacy:consent_decide": _PATIENT,
    "patient_privacy:consent_team": _PATIENT,
    "patient_privacy:consent_withdraw": _PATIENT,
    "patient_privacy:consent_log": _PATIENT,
    "patient_privacy:consent_receipt": _PATIENT,
    "gdpr:contact": _ANYONE,
    "gdpr:decisions": _ANYONE,
    "gdpr:follow": _ANYONE,
    "gdpr:follow_paper": _ANYONE,
}
