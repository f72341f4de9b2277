"""In which order the files go to the workers: the longest first, so that at the end none waits for another's long file."""

import pytest

LONGEST = (
    "security/test_matrix.py",
    "lifecycle/test_kills.py",
    "journeys/test_every_page.py",
    "lifecycle/test_gate.py",
    "journeys/test_rights.py",
    "lifecycle/test_erasure_execution.py",
    "journeys/test_main_job.py",
    "security/test_health_pages.py",
    "records/restriction/test_matrix.py",
    "lifecycle/rights/test_restore.py",
    "adapters/test_withdrawals.py",
    "deploy/test_roles.py",
    "lifecycle/test_deletion_execution.py",
    "journeys/test_signing_in.py",
    "lifecycle/retention/test_crashes.py",
    "journeys/test_directory.py",
    "lifecycle/test_erasure_promises.py",
    "journeys/test_office.py",
    "lifecycle/test_erasure_certificate.py",
    "records/test_pages.py",
    "lifecycle/test_deletion_machine.py",
    "journeys/test_deletion.py",
    "audit/test_expiring_rows.py",
    "audit/test_verification.py",
    "lifecycle/retention/test_25_years.py",
    "look/test_gallery.py",
    "security/test_idor.py",
    "journeys/test_clocks.py",
    "journeys/test_choices.py",
    "gdpr_requests/test_export_fhir.py",
    "launcher/test_services.py",
    "lifecycle/test_clocks_machine.py",
    "journeys/test_export.py",
    "records/restriction/test_jobs.py",
    "gdpr_requests/test_patient_export.py",
    "gdpr_requests/test_export.py",
    "security/test_identity_leaks.py",
    "journeys/test_lost.py",
    "records/test_autosave.py",
    "lifecycle/rights/test_restrictions.py",
    "imports/test_import_commands.py",
    "lifecycle/retention/test_lawful.py",
)
"""Files of more than seven seconds, the longest first. What is left out costs nothing but a worker that waits at the end."""
_RANKS = {f"tests/{name}": rank for rank, name in enumerate(LONGEST)}


def longest_first(items: list[pytest.Item]) -> None:
    """The long files' tests at the front; within a file, and among the other files, the order stays random."""
    items.sort(key=lambda item: _RANKS.get(item.nodeid.partition("::")[0], len(_RANKS)))
