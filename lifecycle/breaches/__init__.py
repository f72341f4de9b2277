"""The breach register: what happened, whom it touches, what was decided, who was told and when (GDPR Art. 33 and 34)."""
