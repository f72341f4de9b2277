"""One CSV a category (RFC 4180, UTF-8): no cell can start a formula, and each waits in a spool until its turn."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from consents.log import safe
from gdpr_requests.export.spool import Spool


class Sheets:
    """The CSV files of an archive, filled side by side while the files of patients go by."""

    def __init__(self) -> None:
        self._columns: dict[str, list[str]] = {}
        self._spools: dict[str, Spool] = {}

    def add(self, label: str, columns: list[str], row: Mapping[str, Any]) -> None:
        """One line into the sheet of ``label``; the first also writes its heading."""
        if label not in self._spools:
            self._columns[label], self._spools[label] = columns, Spool()
            self._spools[label].write(line(columns))
        self._spools[label].write(line([_cell(row.get(name)) for name in self._columns[label]]))

    def parts(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Each sheet with its name in the archive, by the alphabet."""
        for label in sorted(self._spools):
            yield f"csv/{label}.csv", self._spools[label].read()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    return safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def line(cells: list[str]) -> bytes:
    """One line of a sheet (RFC 4180)."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode()
