"""Stops an upload at the size limit while it arrives, before the rest of it is read or stored."""

from typing import Any

from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from records.preview import MAX_BYTES

FORM_ROOM = 64 * 1024
"""Bytes of a request that the other fields of the form may take."""


class SizeLimit(FileUploadHandler):
    """Put first among the handlers of a request; ``too_large`` tells afterwards."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.too_large = False
        self.received = 0

    def handle_raw_input(
        self, input_data: Any, META: dict[str, str], content_length: int, boundary: Any, encoding: str | None = None
    ) -> None:
        """The announced length already tells."""
        self.too_large = content_length > MAX_BYTES + FORM_ROOM

    def new_file(self, *arguments: Any, **named: Any) -> None:
        """The announced length was too much: read no file at all."""
        super().new_file(*arguments, **named)
        self._stop_if_too_large()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Count what arrives and hand it on."""
        self.received += len(raw_data)
        self.too_large = self.too_large or self.received > MAX_BYTES
        self._stop_if_too_large()
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The handlers after this one make the file."""

    def _stop_if_too_large(self) -> None:
        if self.too_large:
            raise StopUpload(connection_reset=False)
