"""Authorities that read what a dated order names: scoped, read-only, for a time, by two people's decision (MD-43)."""
