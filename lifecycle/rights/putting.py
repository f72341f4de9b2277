"""How a decision that a restore took away is put back, each kind in its way (NEW-08)."""

from accounts.models import User
from audit.actors import Actor
from consents.stopping import begin_again
from lifecycle.erasure.deciding import decide_account
from lifecycle.models import Disposal, Erasure, Hold
from lifecycle.retention.aggregates import count_departed
from lifecycle.rights.streams import DECISIONS, DISPOSALS, ERASURES, REQUESTS, RESTRICTIONS, VERSIONS, Stream
from lifecycle.schedule.queries import in_force
from lifecycle.schedule.redating import waiting
from records.models import PatientFile
from records.restriction import again
from records.restriction.queries import is_restricted
from vault.models import RightsEntry


def put_back(stream: Stream, entry: RightsEntry) -> None:
    """Make main know the decision again. Call in a transaction, in the scope of every practice.

    Raises ValueError when another row stands in its place.
    """
    _WAYS[stream](stream, entry)
    if stream.missing([entry]):
        raise ValueError(f"row {entry.pk} of {stream.table} can't be put back: another row stands in its place")


def _as_it_was(stream: Stream, entry: RightsEntry) -> None:
    stream.insert(entry.facts)


def _after_others(stream: Stream, entry: RightsEntry) -> None:
    """With its own number, or the next one when somebody acted between restore and replay."""
    if not stream.insert(entry.facts):
        stream.insert({**entry.facts, "number": stream.next_number(entry.subject_id)})


def _decision(stream: Stream, entry: RightsEntry) -> None:
    """A withdrawal stops again what the backup had waiting."""
    _after_others(stream, entry)
    begin_again(entry.pk)


def _disposal(stream: Stream, entry: RightsEntry) -> None:
    """No hold or restriction that was lifted since the backup keeps the file, nor an end that was re-dated since (NEW-05)."""
    held = Hold.objects.filter(file_id=entry.subject_id, lifted_at=None).exists() or is_restricted(entry.subject_id)
    stale = waiting(in_force()).filter(pk=entry.subject_id).exists()
    stream.insert({**entry.facts, "reason": Disposal.Reason.REPLAY} if held or stale else entry.facts)
    PatientFile.objects.filter(pk=entry.subject_id, leaving_at=None).update(leaving_at=entry.at)
    count_departed([entry.subject_id], entry.at)


def _erasure(stream: Stream, entry: RightsEntry) -> None:
    """An account is erased again, as of the moment of the decision and in the name of who decided; a file follows its disposal."""
    row = Erasure(**{field.attname: field.to_python(entry.facts[field.attname]) for field in Erasure._meta.fields})
    row.replayed = True
    if row.kind == "account" and User.objects.filter(pk=entry.subject_id).exists():
        by = Actor(account_id=row.actor_id, role=row.actor_role, channel="command")
        decide_account(entry.subject_id, approved=None, by=by, now=entry.at, replayed=True, again=row)
    else:
        row.save(force_insert=True)


def _restriction(stream: Stream, entry: RightsEntry) -> None:
    """Begun again as it was, or lifted again; what was written of it is lost with the database it was written in."""
    act = again.begin if entry.facts["kind"] == "begun" else again.lift
    act(entry.facts)


_WAYS = {
    DECISIONS: _decision,
    REQUESTS: _after_others,
    DISPOSALS: _disposal,
    ERASURES: _erasure,
    VERSIONS: _as_it_was,
    RESTRICTIONS: _restriction,
}
