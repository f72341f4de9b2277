"""Another eye: looks for a person's words wherever a copy could lie (NEW-07).

It knows nothing of declarations, models or what the eraser did: tables come from PostgreSQL's own catalogue, objects
from the storage's listing, files from the folders.
"""

from lifecycle.residue.scanning import Found, scan

__all__ = ["Found", "scan"]
