"""PC-82, measured: what the policy says of certificates, audits and training is on file and in date."""

from datetime import datetime
from hashlib import sha256

from django.conf import settings

from gdpr_requests.duties.actions import unsealed
from gdpr_requests.duties.queries import standings
from gdpr_requests.models import DutyDone, DutyKind, DutyProof
from privacy.clocks import legal_day
from privacy.promises import Measure, promise
from vault.errors import VaultError


@promise("PC-82", checked_by="tests/gdpr_requests/test_duties.py")
def duties_are_in_date_and_proven(now: datetime) -> Measure:
    """Nothing is overdue, each proof still is what was entered, and in production the hosting is certified."""
    found = standings(legal_day(now))
    overdue = sum(one.overdue for one in found)
    proofs = DutyProof.objects.select_related("done").iterator(chunk_size=1)
    damaged = DutyDone.objects.filter(proof=None).count() + sum(not _is_whole(proof) for proof in proofs)
    certified = sum(one.duty.kind == DutyKind.HOSTING and bool(one.done) and not one.overdue for one in found)
    lacking = settings.PRODUCTION and not certified
    figures = {
        "duties": len(found),
        "entries_with_proof": sum(len(one.done) for one in found),
        "overdue": overdue,
        "due_within_30_days": sum(one.soon for one in found),
        "damaged_or_lost_proofs": damaged,
        "hosting_certificates_in_date": certified,
    }
    return Measure(not overdue and not damaged and not lacking, figures)


def _is_whole(proof: DutyProof) -> bool:
    try:
        return sha256(unsealed(proof)).digest() == bytes(proof.done.sha256)
    except VaultError:
        return False
