"""The archive of an account and its patients, in one ZIP (PC-32, PC-33, PC-60, PC-64).

What goes in is read from the declarations of the fields, so that a new field is in it from its first day. It is made
while it is handed on: nothing of it lies anywhere in clear, memory use doesn't grow with it, and each file's line stands
in the access journal before its first byte leaves. Equal data give equal bytes; only the manifest says when.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Model, Q, QuerySet

from accounts.models import User
from audit.actions import record_event
from audit.actors import Actor
from audit.models import AccessEntry
from care.queries import practices_of
from care.tenancy import ALL, scope
from consents import log
from consents.models import ConsentEvent
from consents.patients import decided_by
from consents.receipts import receipt
from gdpr_requests.export import cards, pages, schema
from gdpr_requests.export.journal import COLUMNS, lines_of
from gdpr_requests.export.leaving_out import left_out
from gdpr_requests.export.making import FORMAT, Making, Progress, as_json, documents_of, encoded
from gdpr_requests.export.scopes import ARTICLES, Scope, holds_files
from gdpr_requests.export.spool import Spool
from gdpr_requests.export.tables import account_tables, in_pieces, kept_in_files, rows_of, shown_fields, values_of
from gdpr_requests.export.zipping import Packed, pack
from lifecycle.erasure.answers import answers
from privacy.clocks import legal_day
from privacy.declare import ModelDeclaration
from privacy.purposes import Purpose
from records.fhir_written import whole_bundle
from records.models import PatientFile
from records.queries import files_of
from records.reading import Part
from vault import access
from vault.errors import VaultError
from vault.fields import sealed_fields
from vault.handles import Handle

PROGRESS_EVERY: Final = 20


class AccountExport(Making):
    """One export of one account; ``manifest`` is complete once :meth:`chunks` has ended."""

    def __init__(
        self, user: User, *, by: Actor, now: datetime, how_far: Scope = Scope.FULL, progress: Progress | None = None
    ) -> None:
        super().__init__(progress)
        self.user, self.by, self.now, self.how_far = user, by, now, how_far
        self.kept_closed: list[str] = []
        self._practices: list[UUID] = []
        self._contacts, self._agenda, self._patients = Spool(), Spool(), Spool()
        self._columns = kept_in_files()
        self._models = {model: shown_fields(model) for model in self._columns}

    @property
    def manifest(self) -> dict[str, Any]:
        """What is in it: the scope and its law, rows of each kind, and what isn't in it and why."""
        return {
            "format": FORMAT, "account": str(self.user.pk), "made_at": self.now.isoformat(), "scope": self.how_far.value,
            "article": ARTICLES[self.how_far], "counts": dict(sorted(self.counts.items())),
            "kept_closed": self.kept_closed, "documents_lost": self.lost,
            "not_included": left_out(self.how_far, [*self._models], account_tables(self.how_far)),
        }  # fmt: skip

    def _members(self) -> Iterator[Packed]:
        total = self._begin()
        yield from self._account()
        if holds_files(self.how_far):
            yield from self._all_files(total)
            yield pack("contacts.vcf", self._contacts.read())
            yield pack("agenda.ics", self._calendar())
        for name, parts in self._sheets.parts():
            yield pack(name, parts)
        yield pack("schema/account.schema.json", [as_json(self._account_schema())])
        yield pack("schema/file.schema.json", [as_json(self._file_schema())])
        day = legal_day(self.now)
        yield pack("index.html", pages.index(self.user, self.how_far, self.counts, self._patients.read(), day=day))

    def _begin(self) -> int:
        if self.how_far is not Scope.ACCOUNT:
            self._practices = list(practices_of(self.user).values_list("pk", flat=True))
        with scope(self._practices):
            total = files_of(self.user).count() if holds_files(self.how_far) else 0
            record_event(
                by=self.by, verb="gdpr.export.begun", object_type=User._meta.label, object_id=self.user.pk,
                subject_id=self.user.pk, detail={"files": total, "scope": self.how_far.value}, now=self.now,
            )  # fmt: skip
        return total

    def _account(self) -> Iterator[Packed]:
        yield pack("account.json", self._account_parts())
        if self.how_far is not Scope.PORTABILITY:
            yield from self._consents()
            yield pack("access-journal.json", self._journal())

    def _account_parts(self) -> Iterator[bytes]:
        yield b"{"
        for number, table in enumerate(account_tables(self.how_far)):
            model = _model(table)
            yield f"{',' if number else ''}\n{json.dumps(table.label)}:".encode()
            yield from self._rows(model, rows_of(table, self.user.pk))
        yield b"\n}\n"

    def _rows(self, model: type[Model], rows: QuerySet[Any]) -> Iterator[bytes]:
        """A JSON list, written as it is read; the same lines go into the table's sheet."""
        fields, label, comma = shown_fields(model, self.how_far), model._meta.label, ""
        columns = [field.name for field in fields]
        yield b"["
        for lines in self._read(model, fields, rows):
            for line in lines:
                yield f"{comma}\n {json.dumps(line, ensure_ascii=False)}".encode()
                self._sheets.add(label, columns, line)
                comma = ","
            self.counts[label] += len(lines)
        yield b"]"

    def _read(self, model: type[Model], fields: list[Any], rows: QuerySet[Any]) -> Iterator[list[dict[str, Any]]]:
        is_sealed = bool(sealed_fields(model))
        pieces = in_pieces(rows)
        while True:
            with transaction.atomic(), scope(ALL):
                piece = next(pieces, None)
                lines = [values_of(row, fields, self._key_of(row) if is_sealed else None) for row in piece or ()]
            if piece is None:
                return
            yield lines

    def _key_of(self, row: Any) -> Handle | None:
        """The way into a row of the account's own that has a key of its own."""
        try:
            return access.open(
                row.sealed_file_id, by=self.by, purpose=Purpose.LEGAL, part="account", practice_id=None, now=self.now,
                action="export", from_archive=True,
            )  # fmt: skip
        except VaultError:
            return None

    def _consents(self) -> Iterator[Packed]:
        """The log, what they decided as a patient or guardian included, and of each entry its receipt (PC-15, MD-10, NEW-01)."""
        events = list(decided_by(self.user.pk))
        lines = [asdict(line) for line in log.lines(events)]
        for line in lines:
            self._sheets.add("consents", list(line), line)
        self.counts[ConsentEvent._meta.label] += len(lines)
        yield pack("consents.json", [as_json(lines)])
        for event in events:
            whose = f"file-{event.subject_id}-" if event.controller_id else ""
            yield pack(f"receipts/receipt-{whose}{event.number}.jsonld", [as_json(receipt(event, now=self.now))])

    def _journal(self) -> Iterator[bytes]:
        """A patient reads who it was by role (PC-70); a practitioner answers for the practice, and has the ids too."""
        if self.how_far is not Scope.ACCOUNT:
            yield from self._rows(AccessEntry, self._accesses())
            return
        label, comma = AccessEntry._meta.label, ""
        yield b"["
        for line in lines_of(self._accesses(), me=self.user.pk):
            yield f"{comma}\n {json.dumps(line, ensure_ascii=False)}".encode()
            self._sheets.add(label, COLUMNS, line)
            self.counts[label], comma = self.counts[label] + 1, ","
        yield b"]"

    def _accesses(self) -> QuerySet[AccessEntry]:
        """Who opened what of the person and of their practices' files (PC-70)."""
        mine = Q(actor_id=self.user.pk) | Q(subject_id=self.user.pk)
        return AccessEntry.objects.filter(mine | Q(practice_id__in=self._practices))

    def _all_files(self, total: int) -> Iterator[Packed]:
        done, last = 0, None
        while True:
            with scope(self._practices):
                rest = files_of(self.user).order_by("pk")
                rest = rest.filter(pk__gt=last) if last else rest
                piece = list(rest.values_list("pk", flat=True)[:500])
            for file_id in piece:
                yield from self._file(file_id)
                done, last = done + 1, file_id
                if self._progress and (done % PROGRESS_EVERY == 0 or done >= total):
                    self._progress(done, total)
            if not piece:
                return

    def _file(self, file_id: UUID) -> Iterator[Packed]:
        """One patient's file, committed to the journal before any of it is handed on; then its documents, one by one."""
        with transaction.atomic(), scope(self._practices):
            file = files_of(self.user).filter(pk=file_id).first()
            handle = self._opened(file) if file else None
            if file is None or handle is None:
                return
            documents = documents_of(file)
            parts = list(self._file_parts(file, handle, {str(row.pk): place for row, place in documents}))
        yield from parts
        for row, place in documents:
            if part := self._document(handle, row, f"files/{file_id}/{place}"):
                yield part

    def _file_parts(self, file: PatientFile, handle: Handle, documents: dict[str, str]) -> Iterator[Packed]:
        folder = f"files/{file.pk}"
        found = dict(self._tables(file, handle))
        yield pack(f"{folder}/file.json", [as_json(found)])
        yield pack(f"{folder}/fhir.json", encoded(whole_bundle(file, handle)))
        yield pack(f"{folder}/index.html", [pages.of_file(self.user.language, found, documents)])
        self._list(file, found)

    def _list(self, file: PatientFile, found: dict[str, list[dict[str, Any]]]) -> None:
        """The file's lines in what goes over all files: address book, calendar, list of patients."""
        (identity,) = found[PatientFile._meta.label]
        name = pages.name_of(identity)
        self._contacts.write(cards.vcard(file.pk, identity))
        for row in found.get("records.Consultation", ()):
            started, changed = (datetime.fromisoformat(row[key]) for key in ("started_at", "changed_at"))
            self._agenda.write(cards.event(row["id"], started, name, changed, row["revision"]))
        self._patients.write(pages.line_of(file.pk, name))

    def _calendar(self) -> Iterator[bytes]:
        yield cards.CALENDAR_BEGINS
        yield from self._agenda.read()
        yield cards.CALENDAR_ENDS

    def _opened(self, file: PatientFile) -> Handle | None:
        """The way in, from the archive too; None for a file that stays closed (restricted)."""
        try:
            return access.open(
                file.pk, by=self.by, purpose=Purpose.LEGAL, part=Part.FILE.value, practice_id=file.practice_id,
                now=self.now, action="export", from_archive=True,
            )  # fmt: skip
        except VaultError:
            self.kept_closed.append(str(file.pk))
            return None

    def _tables(self, file: PatientFile, handle: Handle) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        for model, fields in self._models.items():
            rows = model._default_manager.filter(**{self._columns[model]: file.pk}).order_by("pk")
            found = [values_of(row, fields, handle) for row in rows]
            columns = [field.name for field in fields]
            for line in found:
                self._sheets.add(model._meta.label, columns, line)
            if found:
                self.counts[model._meta.label] += len(found)
                yield model._meta.label, found

    def _file_schema(self) -> dict[str, Any]:
        tables = {model._meta.label: schema.table_schema(model, fields) for model, fields in self._models.items()}
        return schema.document("One patient's file", tables)

    def _account_schema(self) -> dict[str, Any]:
        models = [_model(table) for table in account_tables(self.how_far)]
        tables = {model._meta.label: schema.table_schema(model, shown_fields(model, self.how_far)) for model in models}
        return schema.document("One account", tables)


def _model(table: ModelDeclaration) -> type[Model]:
    return next(answer.model for answer in answers() if answer.table is table)
