"""Takes what people upload: stops a file that is too large or of another kind while it arrives; none lies on disk in clear.

``Documents`` is the house's only handler (settings), so every address has the limit, also one that expects no file.
What is refused is read past and never stored; the other fields of the form arrive whole, so that nothing typed is lost.
"""

from typing import IO, Any, Final, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.forms import BaseForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy.refusals import Refusal
from records.preview import MAX_BYTES, too_large, why_not_taken
from vault.spool import Spool

FORM_ROOM: Final = 64 * 1024
"""Bytes of a request that the other fields of the form may take."""
MOST_IMPORTED: Final = 200_000_000
"""Bytes of one file that is imported: the largest bundle."""


class Documents(FileUploadHandler):
    """PDF, JPEG and PNG up to 20 MB. ``refused`` says of each field what was wrong with its file."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.refused: dict[str, Refusal] = {}
        self.announced = 0
        self.file: Spool | None = None

    def handle_raw_input(
        self, input_data: Any, META: dict[str, str], content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        """The announced length of the whole form already tells; what really comes is counted all the same."""
        self.announced = content_length

    def new_file(self, *arguments: Any, **named: Any) -> None:
        """Begin a file; Django closes ``self.file`` when it is broken off."""
        super().new_file(*arguments, **named)
        self.file = Spool(settings.FILE_UPLOAD_TEMP_DIR)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece, or read past the rest of the file."""
        if why := self.why_not(raw_data, start):
            self.refused[self.field_name] = why
            raise SkipFile
        cast(Spool, self.file).write(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[Any]":
        """The file, to be read from its beginning."""
        found: Any = self.file
        found.seek(0)
        return UploadedFile(
            cast("IO[Any]", found), self.file_name, self.content_type, file_size, self.charset, self.content_type_extra
        )  # fmt: skip

    def why_not(self, piece: bytes, start: int) -> Refusal | None:
        """Why the file isn't taken, as far as this piece of it tells: the first bytes say what it is."""
        if self.announced > MAX_BYTES + FORM_ROOM or start + len(piece) > MAX_BYTES:
            return too_large()
        return why_not_taken(piece) if start == 0 else None


class Imported(Documents):
    """Files of another software: text, far larger; what they are is told by their names and by reading them."""

    def why_not(self, piece: bytes, start: int) -> Refusal | None:
        """Larger than the largest bundle."""
        return _TOO_MUCH if start + len(piece) > MOST_IMPORTED else None


_TOO_MUCH: Final = Refusal(
    "size", _("One of the files has more than 200 MB. Export fewer years at a time, or split it.")
)


def refuse(form: BaseForm, request: HttpRequest) -> None:
    """Say at each field of a bound form why its file was refused, in place of "choose a document". Call before ``is_valid``."""
    for handler in request.upload_handlers:
        for field, why in handler.refused.items() if isinstance(handler, Documents) else ():
            if field in form.fields:
                form.errors[field] = form.error_class([str(why.message)])
