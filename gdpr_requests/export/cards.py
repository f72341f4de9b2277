"""Patients as vCard 4 (RFC 6350) and consultations as iCalendar (RFC 5545), for address books and calendars."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

OCTETS: Final = 75
"""The longest line both formats want, its end not counted."""
CALENDAR_BEGINS: Final = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//PratiConnect//Export//EN\r\nCALSCALE:GREGORIAN\r\n"
)
CALENDAR_ENDS: Final = b"END:VCALENDAR\r\n"


def vcard(file_id: UUID, texts: Mapping[str, Any]) -> bytes:
    """One patient: name, birth date, phone, e-mail, address. Nothing of health."""
    family, given = _text(texts, "surname") or _text(texts, "birth_name"), _text(texts, "given_names")
    lines = [
        "BEGIN:VCARD", "VERSION:4.0", f"UID:urn:uuid:{file_id}", f"FN:{_escaped(' '.join(filter(None, (given, family))))}",
        f"N:{_escaped(family)};{_escaped(given)};;;",
    ]  # fmt: skip
    born = _text(texts, "birth_date")
    if born:
        lines.append(f"BDAY:{_day(born)}")
    if phone := _text(texts, "phone"):
        lines.append(f"TEL;VALUE=text:{_escaped(phone)}")
    if email := _text(texts, "email"):
        lines.append(f"EMAIL:{_escaped(email)}")
    if address := _text(texts, "address"):
        lines.append(f'ADR;LABEL="{_quoted(address)}":;;{_escaped(address)};;;;')
    return _folded([*lines, "END:VCARD"])


def event(consultation_id: UUID, started_at: datetime, title: str, changed_at: datetime, revision: int) -> bytes:
    """One consultation as it took place. Its title names the patient, never why they came."""
    return _folded([
        "BEGIN:VEVENT", f"UID:{consultation_id}@praticonnect", f"DTSTAMP:{_moment(changed_at)}",
        f"DTSTART:{_moment(started_at)}", f"SEQUENCE:{max(revision - 1, 0)}", f"SUMMARY:{_escaped(title)}",
        "CLASS:CONFIDENTIAL", "END:VEVENT",
    ])  # fmt: skip


def _text(texts: Mapping[str, Any], name: str) -> str:
    return str(texts.get(name) or "")


def _day(written: str) -> str:
    """A day, or its year and month, or its year, in vCard's form."""
    return written if len(written) == len("1984-02") else written.replace("-", "")


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _quoted(text: str) -> str:
    """Inside a quoted parameter (RFC 6868)."""
    return text.replace("^", "^^").replace('"', "^'").replace("\r\n", "\n").replace("\r", "^n").replace("\n", "^n")


def _folded(lines: list[str]) -> bytes:
    """Lines of at most 75 octets; a long one goes on after a blank, never inside a character."""
    out = []
    for line in lines:
        current = b""
        for sign in line:
            octets = sign.encode()
            if len(current) + len(octets) > OCTETS:
                out.append(current)
                current = b" "
            current += octets
        out.append(current)
    return b"\r\n".join(out) + b"\r\n"
