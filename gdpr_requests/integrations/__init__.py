"""Who processes data for a practitioner: each integration with its switch, and changes that can be objected to (PC-22, PC-90)."""
