"""A practitioner's link to Google Calendar: busy times there, nothing else (PC-96, docs/adapters/google.md)."""
