"""Another eye: looks for a person's words wherever a copy could lie (NEW-07).

It knows nothing of declarations, models or what the eraser did: tables come from PostgreSQL's own catalogue, objects
from the storage's listing, files from the folders.
"""

from lifecycle.residue.recording import record_scan, searchable
from lifecycle.residue.scanning import Found, ScanIncomplete, scan

__all__ = ["Found", "ScanIncomplete", "record_scan", "scan", "searchable"]
