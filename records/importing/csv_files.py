"""Read a CSV of patients or of consultations: encoding, delimiter and columns are found out, rows come one by one."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import BinaryIO, cast

from django.utils.translation import gettext as _

from .csv_columns import Column, Header, header_of, known_columns
from .moments import LEGAL_ZONE
from .reading import BadInput

MAX_CSV_BYTES = 50_000_000
"""A CSV of this size or more is refused before it is read (bytes)."""

_DELIMITERS = (";", ",", "\t", "|")
_CHUNK = 1 << 16
_DAY_FIRST = re.compile(r"^(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})$")
_YEAR_FIRST = re.compile(r"^(\d{4})[/.\-](\d{1,2})[/.\-](\d{1,2})(?:[T ]\d{2}:\d{2}.*)?$")
_JOINED = {
    "medical_history",
    "surgical_history",
    "notes",
    "lifestyle",
    "treatments",
    "note",
    "examination",
    "assessment",
    "plan",
}
_SEXES = {"m": "male", "h": "male", "male": "male", "homme": "male", "masculin": "male", "f": "female", "female": "female",
          "femme": "female", "feminin": "female", "féminin": "female", "other": "other", "autre": "other", "x": "other"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins on, its cells by column, and the text of each field its columns fill."""

    line: int
    cells: dict[str, str]
    fields: dict[str, str]


class Sheet:
    """An opened CSV: its header is understood, its rows are read as they are asked for."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        """Find out the encoding and the delimiter; raises BadInput for a file too large, empty, or not a CSV."""
        if size >= MAX_CSV_BYTES:
            raise BadInput(
                "",
                _("the file has %(size)d MB; a CSV may have up to %(limit)d MB. Split it.")
                % {"size": size // 1_000_000, "limit": MAX_CSV_BYTES // 1_000_000},
            )
        self._source = source
        self.encoding = _encoding(source)
        first = self._first_line()
        self.delimiter = max(_DELIMITERS, key=lambda sign: known_columns(_split(first, sign)))
        self.header: Header = header_of(_split(first, self.delimiter))

    def rows(self) -> Iterator[Row | BadInput]:
        """Every row that isn't empty; a BadInput in the place of a row with too many or too few cells."""
        reader = csv.reader(self._text(), delimiter=self.delimiter, strict=True)
        columns = self.header.columns
        line = 1
        try:
            for cells in reader:
                begins, line = line, reader.line_num + 1
                if begins > 1 and any(cell.strip() for cell in cells):
                    yield _row(begins, cells, columns)
        except csv.Error as error:
            raise BadInput(
                _("line %(line)d") % {"line": line}, _("this isn't CSV (%(why)s). Check the quotes.") % {"why": error}
            ) from None

    def _text(self) -> io.TextIOWrapper:
        self._source.seek(0)
        return io.TextIOWrapper(cast(BinaryIO, _Unclosed(self._source)), encoding=self.encoding, newline="")

    def _first_line(self) -> str:
        line = self._text().readline(_CHUNK)
        if not line.strip():
            raise BadInput(_("line 1"), _("the file is empty; its first line must name the columns."))
        if "\0" in line:
            raise BadInput(_("line 1"), _("this isn't a text file. Save the table as CSV and try again."))
        return line


class _Unclosed(io.RawIOBase):
    """Lends a stream to a text wrapper without the wrapper closing it."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def day(written: str) -> date | None:
    """A day as people write it (31/12/1980, 31.12.1980, 1980-12-31); None when it isn't one in the calendar."""
    text = written.strip()
    first, last = _DAY_FIRST.match(text), _YEAR_FIRST.match(text)
    try:
        if first:
            return date(int(first[3]), int(first[2]), int(first[1]))
        return date(int(last[1]), int(last[2]), int(last[3])) if last else None
    except ValueError:
        return None


def patient_fields(row: Row, header: Header, today: date) -> dict[str, str]:
    """The fields of a patient file that this row fills; raises BadInput naming line and column, never the value."""
    given = row.fields
    if not given.get("surname"):
        raise BadInput(place_of(row, header.named("surname")), _("the family name is missing."))
    filled = {key: text for key, text in given.items() if key in _PLAIN and text}
    filled["birth_date"] = _birth_date(row, header, today)
    filled["died_on"] = _died_on(row, header, today, filled["birth_date"])
    filled["sex"] = _sex(row, header)
    filled["phone"] = given.get("mobile") or given.get("phone", "")
    filled["address"] = _address(given)
    return {key: text for key, text in filled.items() if text}


_PLAIN = (
    "surname", "birth_name", "given_names", "birth_place", "email", "occupation", "medical_history", "surgical_history",
    "allergies", "treatments", "family_history", "lifestyle", "notes",
)  # fmt: skip


def visit_fields(row: Row, header: Header, today: date) -> tuple[datetime, dict[str, str]]:
    """When a consultation began and its texts; raises BadInput naming line and column, never the value."""
    held = day(row.fields.get("date", ""))
    place = place_of(row, header.named("date"))
    if held is None:
        raise BadInput(place, _NO_DAY())
    if held > today:
        raise BadInput(place, _("the consultation is dated in the future."))
    texts = {
        key: row.fields[key] for key in ("reason", "note", "examination", "assessment", "plan") if row.fields.get(key)
    }
    return datetime.combine(held, time(), LEGAL_ZONE), texts


def unplaced(row: Row, header: Header) -> dict[str, str]:
    """The cells that have no field of their own and aren't empty, by column."""
    both = row.fields.get("mobile") and row.fields.get("phone")
    names = [c.name for c in header.columns if not c.field or (both and c.field == "phone")]
    return {name: row.cells[name] for name in names if row.cells.get(name, "").strip()}


def _NO_DAY() -> str:
    return _("this isn't a day in the calendar. Write it like 31/12/1980 or 1980-12-31.")


def _birth_date(row: Row, header: Header, today: date) -> str:
    written = row.fields.get("birth_date", "")
    if not written:
        return ""
    born, place = day(written), place_of(row, header.named("birth_date"))
    if born is None:
        raise BadInput(place, _NO_DAY())
    if born > today:
        raise BadInput(place, _("the birth date lies in the future."))
    return born.isoformat()


def _died_on(row: Row, header: Header, today: date, born: str) -> str:
    written = row.fields.get("died_on", "")
    if not written:
        return ""
    died, place = day(written), place_of(row, header.named("died_on"))
    if died is None:
        raise BadInput(place, _NO_DAY())
    if died > today:
        raise BadInput(place, _("the death lies in the future."))
    if born and died.isoformat() < born:
        raise BadInput(place, _("the death lies before the birth."))
    return died.isoformat()


def _sex(row: Row, header: Header) -> str:
    written = row.fields.get("sex", "").casefold()
    if written and written not in _SEXES:
        raise BadInput(
            place_of(row, header.named("sex")), _("this isn't read as a sex. Write F, M, other, or leave it empty.")
        )
    return _SEXES.get(written, "")


def _address(given: dict[str, str]) -> str:
    town = f"{given.get('postal_code', '')} {given.get('city', '')}".strip()
    lines = (given.get("street", ""), given.get("street_2", ""), town, given.get("country", ""))
    return "\n".join(line for line in lines if line)


def place_of(row: Row, column: str) -> str:
    """Where a cell is, in words."""
    return _("line %(line)d, column %(column)s") % {"line": row.line, "column": column}


def _row(line: int, cells: list[str], columns: tuple[Column, ...]) -> Row | BadInput:
    if len(cells) != len(columns):
        return BadInput(
            _("line %(line)d") % {"line": line},
            _("this line has %(found)d cells, the first line names %(named)d columns. Check the delimiters and quotes.")
            % {"found": len(cells), "named": len(columns)},
        )
    named = {column.name: cell for column, cell in zip(columns, cells, strict=True)}
    return Row(line, named, _fields(named, columns))


def _fields(cells: dict[str, str], columns: tuple[Column, ...]) -> dict[str, str]:
    """The text for each field; where several columns fill one, each after the first keeps its column's name before it."""
    fields: dict[str, str] = {}
    shared = {c.field for c in columns if c.field in _JOINED and sum(o.field == c.field for o in columns) > 1}
    for column in columns:
        text = cells[column.name].strip()
        if not column.field or not text:
            continue
        if column.field in shared:
            text = f"{column.name.replace('_', ' ').capitalize()}: {text}"
            text = f"{fields[column.field]}\n{text}" if column.field in fields else text
        fields[column.field] = text
    return fields


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
    except csv.Error:
        return []


def _encoding(source: BinaryIO) -> str:
    """UTF-8 (with or without mark), UTF-16 by its mark, else what Windows writes in French: cp1252."""
    source.seek(0)
    start = source.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    source.seek(0)
    try:
        while chunk := source.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return _western(source)
    return "utf-8-sig"


def _western(source: BinaryIO) -> str:
    """cp1252, or Latin-1 when the file has one of the five bytes that cp1252 leaves free."""
    source.seek(0)
    while chunk := source.read(_CHUNK):
        if any(byte in chunk for byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D)):
            return "latin-1"
    return "cp1252"
