"""The archive of one patient's file, for the patient, or a parent or guardian who asks for them (Arts. 15, 20; CSP L1111-7).

The practice answers for the file, so a granted request starts it. A restricted file is in it too: to the person
themselves it was never closed (Art. 18(2)).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import translation

from adapters.models import Egress
from audit.actors import Actor
from audit.models import AccessEntry
from care.tenancy import ALL, scope
from consents.models import ConsentEvent
from gdpr_requests import sent
from gdpr_requests.desk import queries
from gdpr_requests.desk.wording import article_of
from gdpr_requests.export import cards, communicable, pages, schema
from gdpr_requests.export import consents_of_file as consents
from gdpr_requests.export.journal import COLUMNS, lines_of, row_of
from gdpr_requests.export.making import FORMAT, Making, Progress, as_json, documents_of, encoded
from gdpr_requests.export.scopes import ARTICLES, Scope
from gdpr_requests.export.spool import Spool
from gdpr_requests.export.tables import kept_in_files, values_of
from gdpr_requests.export.zipping import Packed, pack
from gdpr_requests.models import Exchange, Request
from privacy.clocks import legal_day
from privacy.deadlines import Right
from privacy.purposes import Purpose
from records.fhir_written import whole_bundle
from records.models import Document, PatientFile
from records.reading import Part
from vault import access
from vault.errors import KeyRefused, NoKey
from vault.handles import Handle


class FileGone(Exception):
    """The file's destruction is decided, or done: there is nothing to export any more."""


class FileShut(Exception):
    """The file is restricted, and nobody but the desk is there to have it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The granted request behind an archive: who reads it (None: the desk hands it over), and in which language."""

    request: Request
    reader: UUID | None
    language: str


class FileExport(Making):
    """One export of one file; ``manifest`` is complete once :meth:`chunks` has ended."""

    def __init__(
        self, file_id: UUID, asked: Asked, *, by: Actor, now: datetime, progress: Progress | None = None
    ) -> None:
        super().__init__(progress)
        self.file_id, self.asked, self.by, self.now = file_id, asked, by, now
        self._tables = communicable.given()
        self._drafts = 0
        self._practice = ""

    @property
    def manifest(self) -> dict[str, Any]:
        """What is in it: on which request, rows of each kind, and what isn't in it and why."""
        return {
            "format": FORMAT, "file": str(self.file_id), "made_at": self.now.isoformat(), "scope": Scope.FILE.value,
            "article": ARTICLES[Scope.FILE], "controller": self._practice, "request": self.asked.request.number,
            "counts": dict(sorted(self.counts.items())), "drafts_left_out": self._drafts, "documents_lost": self.lost,
            "not_included": [{"what": what, "why": why, "law": law} for what, why, law in communicable.NOT_GIVEN],
        }  # fmt: skip

    def _members(self) -> Iterator[Packed]:
        with transaction.atomic(), scope(ALL):
            file = PatientFile.objects.select_related("practice").filter(pk=self.file_id, leaving_at=None).first()
            if file is None:
                raise FileGone(str(self.file_id))
            handle = self._open(file)
            self._practice, self._drafts = file.practice.name, communicable.drafts_of(file)
            found, documents = dict(self._rows(file, handle)), documents_of(file)
            parts = list(self._parts(file, handle, found))
            requests = self._requests()
        yield from parts
        yield pack("requests.json", [as_json(requests)])
        left = self._left()
        yield pack("sent.json", [as_json(left)])
        acts = consents.acts_about(self.file_id, self.now)
        yield from self._consents(acts)
        yield from self._documents(handle, documents)
        journal = Spool()
        yield pack("access-journal.json", self._journal(journal))
        for name, chunks in self._sheets.parts():
            yield pack(name, chunks)
        yield pack("schema/file.schema.json", [as_json(self._schema())])
        yield pack("index.html", self._page(found, documents, journal, self._beside(requests, acts, left)))

    def _open(self, file: PatientFile) -> Handle:
        """The way in, committed with its line before a byte leaves. Raises FileShut and FileGone as the key refuses.

        Only the person themselves may have it in spite of a restriction: the desk reads with a reason, on the file's page.
        """
        try:
            return access.open(
                file.pk, by=self.by, purpose=Purpose.LEGAL, part=Part.FILE.value, practice_id=file.practice_id,
                now=self.now, action="export", from_archive=True, despite_restriction=self.asked.reader is not None,
            )  # fmt: skip
        except KeyRefused as refused:
            raise FileShut(str(refused)) from refused
        except NoKey as gone:
            raise FileGone(str(gone)) from gone

    def _rows(self, file: PatientFile, handle: Handle) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        columns = kept_in_files()
        for model, fields in self._tables.items():
            rows = communicable.rows_given(model, columns[model], file, self.asked.reader)
            found = [values_of(row, fields, handle) for row in rows]
            communicable.name_signers(model._meta.label, found)
            names = [field.name for field in fields]
            for line in found:
                self._sheets.add(model._meta.label, names, line)
            if found:
                self.counts[model._meta.label] += len(found)
                yield model._meta.label, found

    def _parts(self, file: PatientFile, handle: Handle, found: dict[str, Any]) -> Iterator[Packed]:
        yield pack("file.json", [as_json(found)])
        yield pack("fhir.json", encoded(whole_bundle(file, handle, formal=True)))
        (identity,) = found[PatientFile._meta.label]
        yield pack("contacts.vcf", [cards.vcard(file.pk, identity)])
        yield pack("agenda.ics", self._calendar(found.get("records.Consultation", [])))

    def _calendar(self, consultations: list[dict[str, Any]]) -> Iterator[bytes]:
        yield cards.CALENDAR_BEGINS
        for row in consultations:
            started, changed = (datetime.fromisoformat(row[key]) for key in ("started_at", "changed_at"))
            yield cards.event(row["id"], started, self._practice, changed, row["revision"])
        yield cards.CALENDAR_ENDS

    def _documents(self, handle: Handle, documents: list[tuple[Document, str]]) -> Iterator[Packed]:
        """The originals, one at a time: the line of their opening is committed."""
        for number, (row, place) in enumerate(documents, start=1):
            if part := self._document(handle, row, place):
                yield part
            if self._progress:
                self._progress(number, len(documents))

    def _requests(self) -> list[dict[str, Any]]:
        """What was asked about this file by who reads it, with each answer; each opening has its line."""
        mine = Q(account_id=self.asked.reader) if self.asked.reader else Q(pk=self.asked.request.pk)
        found = []
        for row in Request.objects.filter(mine, file_id=self.file_id).order_by("received_at", "pk"):
            try:
                thread = queries.opened(row, by=self.by, now=self.now, action="export").thread
            except NoKey:
                continue
            found.append(_request(row, [(line.row, line.text) for line in thread]))
        self.counts[Request._meta.label] += len(found)
        return found

    def _consents(self, acts: list[ConsentEvent]) -> Iterator[Packed]:
        lines = consents.lines_of(acts, me=self.asked.reader)
        for line in lines:
            self._sheets.add("consents", list(line), line)
        self.counts[ConsentEvent._meta.label] += len(lines)
        yield pack("consents.json", [as_json(lines)])
        for name, signed in consents.receipts_of(acts, me=self.asked.reader, now=self.now):
            yield pack(name, [as_json(signed)])

    def _journal(self, rows: Spool) -> Iterator[bytes]:
        label, comma = AccessEntry._meta.label, ""
        yield b"["
        for line in lines_of(AccessEntry.objects.filter(subject_id=self.file_id), me=self.asked.reader):
            yield f"{comma}\n {json.dumps(line, ensure_ascii=False)}".encode()
            rows.write(row_of(line, self.asked.language))
            self._sheets.add(label, COLUMNS, line)
            self.counts[label], comma = self.counts[label] + 1, ","
        yield b"\n]\n"

    def _page(
        self, found: dict[str, Any], documents: list[tuple[Document, str]], journal: Spool, beside: dict[str, Any]
    ) -> Iterator[bytes]:
        places = {str(row.pk): place for row, place in documents}
        about = {
            "practice": self._practice, "drafts": self._drafts, "request": self.asked.request,
            **beside,
        }  # fmt: skip
        return pages.of_own_file(self.asked.language, found, places, journal.read(), about, day=legal_day(self.now))

    def _left(self) -> list[dict[str, Any]]:
        """Who received something about this file: to which service, why, which kinds of data (Art. 15(1)(c))."""
        with translation.override(self.asked.language):
            found = sent.about_file(self.file_id, day=legal_day(self.now))
        for line in found:
            line["at"] = line["at"].isoformat()
            self._sheets.add("sent", list(line), line)
        self.counts[Egress._meta.label] += len(found)
        return found

    def _beside(
        self, requests: list[dict[str, Any]], acts: list[ConsentEvent], left: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """What the readable page shows beside the file itself."""
        language, reader = self.asked.language, self.asked.reader
        return {
            "requests": [(one, pages.when(one["received_at"])) for one in requests],
            "acts": consents.in_words(acts, language, me=reader, now=self.now),
            "sent": [(pages.when(line["at"]), line) for line in left],
        }

    def _schema(self) -> dict[str, Any]:
        tables = {model._meta.label: schema.table_schema(model, fields) for model, fields in self._tables.items()}
        return schema.document("A patient's file", tables)


def _request(row: Request, thread: list[tuple[Exchange, str]]) -> dict[str, Any]:
    return {
        "number": row.number, "right": row.right, "article": article_of(Right(row.right)),
        "received_at": row.received_at.isoformat(), "due_on": row.limit_on.isoformat(), "state": row.state,
        "outcome": row.outcome, "ground": row.ground,
        "thread": [
            {"at": step.at.isoformat(), "kind": step.kind, "role": step.actor_role, "text": text} for step, text in thread
        ],
    }  # fmt: skip
