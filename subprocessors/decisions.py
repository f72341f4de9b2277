"""Who acts on the register (MD-31)."""

from privacy.decisions import act

act("subprocessors.Announcement", "actor_id", why="had practitioners told of a change of subprocessors")
