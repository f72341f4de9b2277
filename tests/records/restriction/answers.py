"""What each page is to a patient's file: the matrix of restriction asks this table, and fails for a page that isn't in it."""

from typing import Final

ITS_OWN: Final = frozenset(
    ("records:restriction", "records:restricted_ask", "records:restricted_read", "records:restricted_document")
)
"""The pages Art. 18(2) and (3) need, of a restricted file alone: tests/records/restriction/test_pages.py."""

CARERS, OFFICER, AGENT, OWNER = ("self", "guardian"), ("officer",), ("agent",), ("owner",)
READING, WRITING = frozenset(("shown", "opened")), frozenset(("changed",))
READS_ON: Final = (
    "patient:practice patient:document patient:document_page patient:document_download patient:consultation"
    " patient:questionnaire patient_privacy:export_download".split()
)
CLAIMS: Final = "authority:order authority:part authority:document authority:document_page".split()
ALLOWED: Final[dict[str, tuple[tuple[str, ...], frozenset[str]]]] = {
    **dict.fromkeys(READS_ON, (CARERS, READING)),  # the patient and a child's guardian go on reading: test_portal.py
    **dict.fromkeys(CLAIMS, (AGENT, READING)),  # an order is a legal claim, with ground and words (Art. 18(2))
    "admin:holds": (OFFICER, WRITING),  # so is a hold; it lies beside the file, under a key of its own
    "patient_privacy:consent_team": (CARERS, WRITING),  # taking back what was allowed is always possible (Art. 7(3))
    "records:emergency_review": (OWNER, WRITING),  # the verdict on an opening of before; its reason stays closed
}
"""Who may still see or do what at which page of a restricted file."""

GONE_FROM: Final = frozenset(("gdpr:overview", "records:archive"))
"""Lists that name the file's id and nothing else, and don't once it is restricted."""

STILL_NAMED: Final = frozenset(
    "admin:audit_accessentry_change admin:audit_accessentry_changelist admin:consent_log_csv admin:order gdpr:journal"
    " gdpr:journal_csv gdpr:request_enter patient_privacy:consent_receipt records:order".split()
)
"""Journals, orders, receipts and requests name the file's id, restricted or not: they are about what was done, and its rights."""

OF_NO_FILE: Final = frozenset(
    """
    account_change_password account_email account_email_verification_sent account_inactive account_login account_logout
    account_reauthenticate account_reset_password account_reset_password_done account_set_password account_signup accounts:code
    accounts:confirm accounts:end_sessions accounts:issue accounts:lost accounts:lost_confirm accounts:lost_here accounts:lost_sent
    accounts:patient_identity accounts:patient_signup accounts:patient_start accounts:profile accounts:protect
    accounts:renew_password accounts:reset accounts:reset_unproved accounts:security accounts:texts usersessions_list
    admin:app_list admin:audit_accessentry_add admin:audit_accessentry_delete admin:audit_accessentry_history
    admin:audit_evententry_add admin:audit_evententry_change admin:audit_evententry_changelist admin:audit_evententry_delete
    admin:audit_evententry_history admin:audit_expiredmonth_add admin:audit_expiredmonth_change admin:audit_expiredmonth_changelist
    admin:audit_expiredmonth_delete admin:audit_expiredmonth_history admin:audit_expiredrows_add admin:audit_expiredrows_change
    admin:audit_expiredrows_changelist admin:audit_expiredrows_delete admin:audit_expiredrows_history admin:audit_seal_add
    admin:audit_seal_change admin:audit_seal_changelist admin:audit_seal_delete admin:audit_seal_history
    admin:audit_securityentry_add admin:audit_securityentry_change admin:audit_securityentry_changelist
    admin:audit_securityentry_delete admin:audit_securityentry_history admin:autocomplete admin:breach admin:breach_form admin:breaches admin:consent_log
    admin:credential admin:credentials admin:death admin:desk admin:directive_copy admin:duties admin:duty admin:duty_end
    admin:duty_proof admin:emergencies admin:future admin:index admin:jsi18n admin:ledger admin:login admin:logout admin:operations
    admin:operations_approve admin:order_enter admin:order_paper admin:orders admin:password_change admin:password_change_done
    admin:policies admin:policy admin:policy_announce admin:processing_register admin:promises admin:request admin:request_archive
    admin:request_enter admin:request_paper admin:request_register admin:request_register_csv admin:request_register_pdf
    admin:schedule admin:schedule_approve admin:schedule_version admin:supervision admin:supervision_csv admin:view_on_site
    audit:public_keys authority:home authority:join care:agreement care:end care:invite care:join care:recipients care:revoke care:team
    consents:changes consents:confirm consents:cookies consents:decide consents:history consents:log consents:log_csv
    consents:log_json consents:policy consents:policy_version consents:receipt consents:switches consents:text consents:unsubscribe directory:mine
    directory:my_page directory:page directory:search gallery gdpr:contact gdpr:decisions gdpr:directives gdpr:export
    gdpr:export_delete gdpr:follow gdpr:follow_paper gdpr:register gdpr:request gdpr:request_new gdpr:request_paper
    gdpr:request_send_paper gdpr:requests healthz home lifecycle:certificate lifecycle:certificate_json lifecycle:certificate_pdf
    lifecycle:change lifecycle:closing lifecycle:closing_confirm lifecycle:closing_waive lifecycle:closing_withdraw
    lifecycle:deletion lifecycle:deletion_confirm lifecycle:deletion_waive lifecycle:deletion_withdraw lifecycle:keep
    lifecycle:left lifecycle:subscribe lifecycle:end_subscription lifecycle:subscription patient:accept patient:code patient:home patient:invitation
    patient:relatives patient:video patient_privacy:consent_decide patient_privacy:consent_log patient_privacy:consent_withdraw
    patient_privacy:consents patient_privacy:directives patient_privacy:export patient_privacy:export_again
    patient_privacy:export_delete patient_privacy:journal patient_privacy:overview patient_privacy:question
    patient_privacy:request patient_privacy:request_new patient_privacy:requests readyz records:emergencies records:import
    records:import_discard records:import_run records:order_paper records:orders records:restricted set_language
    admin:egress admin:egress_csv admin:training_sets admin:usage admin:way_open admin:way_out admin:ways_out consents:usage statistics:open_file
    adapters:hook adapters:hook_below admin:queue admin:queue_box admin:queue_message admin:statistics statistics:page
    admin:subprocessor_announce admin:subprocessors gdpr:calendar gdpr:evidence gdpr:integration gdpr:integrations gdpr:subprocessors subprocessors:changes subprocessors:history subprocessors:register
    """.split()
)
"""Pages about accounts, requests, texts and the house itself: they show nothing of a file, free or restricted.

What they do to one by a form is refused by the acts themselves: test_portal.py (a person of trust, a consent), test_jobs.py
(erasure, deletion), tests/gdpr_requests/ (an answer, a copy).
"""
