"""The practitioner's pages of patients and their files."""
