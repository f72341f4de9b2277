"""The journals name authors, and decide nothing (MD-31)."""

from privacy.decisions import act

for _journal in ("AccessEntry", "EventEntry", "SecurityEntry"):
    act(f"audit.{_journal}", "actor_id", why="the journal of what was done")
