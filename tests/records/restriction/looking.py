"""What is looked at when restricted files are asked for: every row of them, their keys, what was opened, shown, sent, listed."""

import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from io import BytesIO
from typing import Any
from uuid import UUID

from django.core import mail
from django.db import connection

from audit.models import AccessEntry
from care.tenancy import ALL, scope
from lifecycle.retention.children import LOOSE, children
from tests.security.battery import Rewind
from tests.security.urlmap import Page
from tests.security.walking import TOKEN, Ground, Reader, address_of, newest_line, printed
from vault.models import FileKey

CONSENTS = ("consents_consentevent", "subject_id")
ROWS = "select '{0}', count(*), md5(coalesce(string_agg(row::text, '|' order by row::text), '')) from {0} row where {1} = any(%(ids)s)"


def tables() -> dict[str, str]:
    """Every table with rows of a patient's file, and the column that names the file."""
    own = {child.table: child.column for child in children()}
    return {"records_patientfile": "id", **own, **dict(LOOSE), CONSENTS[0]: CONSENTS[1]}


def state(files: Collection[UUID]) -> object:
    """Every column of every row of the files, hashed by table, and their keys. Journals aside."""
    with scope(ALL), connection.cursor() as cursor:
        cursor.execute(
            " union all ".join(ROWS.format(*pair) for pair in tables().items()) + " order by 1", {"ids": list(files)}
        )
        rows = cursor.fetchall()
    keys = FileKey.objects.filter(file_id__in=files).order_by("file_id", "generation")
    return rows, list(keys.values_list("file_id", "generation", "ring", "destroyed_at", "restricted_at", "wrapped"))


def opened(files: Collection[UUID]) -> int:
    """How often the journal says that something of the files was opened."""
    return AccessEntry.objects.filter(subject_id__in=files).count()


@dataclass(frozen=True)
class Found:
    """What one answer did: to whom, at which page, by which method."""

    reader: str
    page: str
    method: str
    status: int
    shown: bool
    opened: bool
    changed: bool
    sent: bool
    listed: bool

    @property
    def signals(self) -> frozenset[str]:
        """What of the files was seen or done; that a page names a file's id is no content."""
        return frozenset(name for name in ("shown", "opened", "changed", "sent") if getattr(self, name))

    @property
    def acts(self) -> bool:
        """Whether there is any of it."""
        return bool(self.signals)

    def __str__(self) -> str:
        return (
            f"{self.reader} {self.method} {self.page} ({self.status}): {', '.join(sorted(self.signals)) or 'nothing'}"
        )


class Asking:
    """Asks pages of a ground about some files, each answer undone."""

    def __init__(
        self, ground: Ground, files: Collection[UUID], posted: Mapping[str, Callable[[], dict[str, Any]]]
    ) -> None:
        self.ground, self.files, self.posted = ground, frozenset(files), posted
        self.rewind = Rewind()
        self.before = state(self.files)
        self.tables = (*tables(), "vault_filekey")

    def ask(self, reader: Reader, page: Page, methods: Sequence[str] = ("get", "post")) -> Iterator[Found]:
        """By GET, and by POST with what somebody would type there."""
        for method in methods:
            yield self.one(reader, page, method)

    def one(self, reader: Reader, page: Page, method: str) -> Found:
        address, document = address_of(self.ground, reader, page)
        data = self.posted[page.name]() if method == "post" and page.name in self.posted else {}
        last, mails = newest_line(), len(mail.outbox)
        with self.rewind.undone(reader.client) as written:
            answer = getattr(reader.client, method)(address, data)
            body = b"".join(answer) if answer.streaming else answer.content
            text = text_of(answer.headers.get("Content-Type", ""), body)
            picture = answer.headers.get("Content-Type", "").startswith("image/") and bool(
                document and document & self.files
            )
            touched = any(table in sql for sql in written for table in self.tables)
            return Found(
                reader.name, page.name, method, answer.status_code,
                shown=picture or self._names(text, typed=str(data)),
                opened=AccessEntry.objects.filter(pk__gt=last, subject_id__in=self.files).exists(),
                changed=touched and state(self.files) != self.before,
                sent=any(self._names(as_sent(one.message())) for one in mail.outbox[mails:]),
                listed=any(str(file_id) in text for file_id in self.files),
            )  # fmt: skip

    def _names(self, text: str, typed: str = "") -> bool:
        """Whether a text has a word that lies under a file's key alone, and that wasn't just typed."""
        words = set(TOKEN.findall(text.lower())) - set(TOKEN.findall(typed.lower()))
        under = (self.ground.keys.get(word, frozenset()) for word in words)
        return any(keys and keys <= self.files for keys in under)


def as_sent(message: Message) -> str:
    """A mail with its address and its parts decoded."""
    parts = [part.get_payload(decode=True) or b"" for part in message.walk() if not part.is_multipart()]
    return f"{message['To']} {message['Subject']} " + " ".join(part.decode(errors="replace") for part in parts)


def text_of(kind: str, body: bytes) -> str:
    """The words of an answer; of every member, where it is an archive."""
    if body.startswith(b"%PDF"):
        return printed(body)
    if kind == "application/zip" and zipfile.is_zipfile(BytesIO(body)):
        with zipfile.ZipFile(BytesIO(body)) as archive:
            return " ".join(text_of("", archive.read(name)) for name in archive.namelist())
    return body.decode(errors="replace")
