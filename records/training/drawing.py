"""The first half of a build: whose texts may be in it, read, cleaned and put aside. Nothing of it is kept yet.

Each file is opened in a transaction of its own, which also holds its line of the access journal. What was read waits in a spool whose
key only this process has: killed here, it leaves nothing that anybody could read.
"""

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from audit.actors import Actor
from care.tenancy import ALL, scope
from consents.grants import NoGrant, PatientGrant
from consents.patients import wishes
from consents.queries import subjects_on
from privacy.patient_keys import AI_TRAINING
from privacy.pseudonyms import Pseudonyms
from privacy.purposes import Purpose
from privacy.refusals import Refused
from records.actions.consultations import read_content
from records.assist.identifiers import pseudonyms_of
from records.clock import day_of
from records.models import Consultation, ConsultationStatus, PatientFile
from records.training import doubts
from records.training.rules import UNDER_WAY, Out, grant_of, why_out
from vault import access
from vault.errors import VaultError
from vault.handles import Handle
from vault.spool import Spool

LOCK: Final = 0x7E7AC21
"""Keeps our advisory lock apart from those of others."""
PART: Final = "consultations"


@dataclass(frozen=True, slots=True)
class Drawn:
    """One consultation without names, at its place in the spool. ``person`` is random: it leads to nobody, and to no other set."""

    file_id: UUID
    practice_id: UUID
    author_id: UUID
    person: str
    capitals: frozenset[str]
    place: int
    length: int

    @property
    def member(self) -> tuple[UUID, UUID, UUID]:
        """Whose text it is: the file, its practice, the author."""
        return self.file_id, self.practice_id, self.author_id


class Draw:
    """What was read for one set, and how much stayed out and why: ``out`` counts files, ``texts_out`` consultations."""

    def __init__(self, spool: Spool) -> None:
        self.texts: list[Drawn] = []
        self.considered = 0
        self.out: Counter[str] = Counter()
        self.texts_out: Counter[str] = Counter()
        self._spool = spool

    def take(self, file_id: UUID, *, by: Actor, now: datetime) -> None:
        """Open one file, if both locks let it, and put its cleaned texts aside."""
        self.considered += 1
        try:
            with scope(ALL):
                lines = list(self._lines(file_id, by, now))
        except NoGrant as refused:
            self.out[refused.refusal.code] += 1
        except VaultError:
            self.out[Out.SHUT.value] += 1
        else:
            self._put(lines)

    def line(self, text: Drawn) -> bytes:
        """What was put aside of one consultation."""
        self._spool.seek(text.place)
        return self._spool.read(text.length)

    def _lines(self, file_id: UUID, by: Actor, now: datetime) -> Iterator[tuple[Drawn, bytes]]:
        rows = list(Consultation.objects.filter(file_id=file_id, status=ConsultationStatus.SIGNED).order_by("pk"))
        if not rows:
            self.out[Out.NO_TEXT.value] += 1
            return
        grants = granted(rows, now)
        file = PatientFile.objects.select_related("practice", "created_by").get(pk=file_id)
        handle = access.open(
            file.pk,
            by=by,
            purpose=Purpose.IMPROVEMENT,
            part=PART,
            practice_id=file.practice_id,
            now=now,
            action="train",
        )
        if why := _why_out(file, handle, now):
            self.out[why.value] += 1
            return
        without = pseudonyms_of(file, handle, practitioner=file.created_by, now=now)
        person = secrets.token_hex(8)
        for row in rows:
            if row.author_id in grants:
                yield from self._cleaned(row, handle, grants[row.author_id], without, person)
            else:
                self.texts_out["author"] += 1

    def _cleaned(
        self, row: Consultation, handle: Handle, grant: PatientGrant, without: Pseudonyms, person: str
    ) -> Iterator[tuple[Drawn, bytes]]:
        """A consultation under the grant of its author and its patient; none where a doubt is left."""
        texts = {name: without.hide(text) for name, text in read_content(handle, row).items() if text}
        doubt = next(filter(None, map(doubts.doubt_at_once, texts.values())), None)
        if doubt or not texts:
            self.texts_out[doubt.value if doubt else Out.NO_TEXT.value] += 1
            return
        capitals = frozenset(word for text in texts.values() for word in doubts.capitals_of(text))
        said = json.dumps({"person": person, "kind": row.kind, "texts": texts}, ensure_ascii=False)
        line = f"{said}\n".encode()
        yield Drawn(grant.file_id, row.practice_id, grant.subject_id, person, capitals, 0, len(line)), line

    def _put(self, lines: Iterable[tuple[Drawn, bytes]]) -> None:
        for text, line in lines:
            place = self._spool.seek(0, 2)
            self._spool.write(line)
            self.texts.append(replace(text, place=place))


@contextmanager
def drawn(*, by: Actor, now: datetime) -> Iterator[Draw]:
    """All that may be in a set at ``now``, read and cleaned; one build at a time. Raises Refused while another is under way."""
    with alone() as mine:
        if not mine:
            raise Refused(UNDER_WAY)
        with closing(Spool(settings.FILE_UPLOAD_TEMP_DIR)) as spool:
            draw = Draw(spool)
            for file_id in considered(now):
                draw.take(file_id, by=by, now=now)
            yield draw


def considered(now: datetime) -> list[UUID]:
    """The files whose patient's last word on it is yes; whether that counts is asked of each."""
    return sorted(subjects_on(AI_TRAINING, now=now))


def granted(rows: Iterable[Consultation], now: datetime) -> dict[UUID, PatientGrant]:
    """The grant of each author of these consultations of one file. Raises NoGrant, of the last one, where there is none at all."""
    found: dict[UUID, PatientGrant] = {}
    refused: NoGrant | None = None
    for row in {row.author_id: row for row in rows}.values():
        try:
            found[row.author_id] = grant_of(row.file_id, row.practice_id, row.author_id, now=now)
        except NoGrant as none:
            refused = none
    if refused and not found:
        raise refused
    return found


def locks_only(now: datetime) -> tuple[int, Counter[str]]:
    """For a trial run, which opens no file: how many files both locks let in, and how many stay out and why."""
    let_in, out = 0, Counter[str]()
    for file_id in considered(now):
        with scope(ALL):
            rows = list(Consultation.objects.filter(file_id=file_id, status=ConsultationStatus.SIGNED))
            try:
                found = granted(rows, now)
            except NoGrant as refused:
                out[refused.refusal.code] += 1
                continue
        let_in += bool(found)
        out[Out.NO_TEXT.value] += not found
    return let_in, +out


@contextmanager
def alone(*, shared: bool = False) -> Iterator[bool]:
    """Whether no set is being built elsewhere; ``shared`` with others that only make sure of it."""
    how = "_shared" if shared else ""
    with connection.cursor() as cursor:
        cursor.execute(f"select pg_try_advisory_lock{how}(%s)", [LOCK])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute(f"select pg_advisory_unlock{how}(%s)", [LOCK])


def _why_out(file: PatientFile, handle: Handle, now: datetime) -> Out | None:
    wish = wishes([file.pk], now)[file.pk][AI_TRAINING]
    return why_out(
        born=handle.read(file, "birth_date"),
        died_on=handle.read(file, "died_on"),
        authority=wish.event.authority if wish.event else "",
        today=day_of(file, now),
    )
