"""The retention schedule as it changes: proposed, approved, and applied to every record (NEW-05)."""
