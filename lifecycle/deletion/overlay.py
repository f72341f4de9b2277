"""The phase that lies over the contract's while a deletion is asked for. Pure; exact by the clock, whatever ran (PC-34)."""

from lifecycle.deletion.rules import Standing, State
from lifecycle.phases import Phase
from lifecycle.states import Name


def phase_over(standing: Standing) -> Phase | None:
    """Pending until the instant, closed from it on; None while nothing is asked for (any more)."""
    if not standing.runs:
        return None
    if standing.state is State.PENDING:
        return Phase(Name.DELETION_PENDING, standing.requested_at, standing.execute_at)
    return Phase(Name.CLOSED, standing.execute_at)
