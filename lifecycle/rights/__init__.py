"""No backup undoes a person's rights: what was decided stands with the keys too, and is replayed after a restore (NEW-08)."""
