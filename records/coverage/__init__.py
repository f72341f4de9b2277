"""Whether a patient is covered: asked of their payer by a practitioner, answered in plain words, never guessed (MD-73)."""
