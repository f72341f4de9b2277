"""A switch is moved by the person it belongs to (MD-31)."""

from privacy.decisions import act

act("consents.ConsentEvent", "actor_id", why="the person's own choice; the house's own jobs are refused")
