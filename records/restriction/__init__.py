"""Restriction of processing (GDPR Art. 18): the file is stored, and nothing else is done with it (PC-63)."""
