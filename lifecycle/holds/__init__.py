"""Legal holds: a dispute, a claim or a court order keeps a patient's file, whatever its clocks say (LAW-03)."""
