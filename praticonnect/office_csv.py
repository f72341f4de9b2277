"""A journal taken away as CSV: streamed line by line, so that its size is nobody's memory."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse


class Echo:
    """A file that hands each line back instead of keeping it."""

    def write(self, line: str) -> str:
        """The line, for the stream."""
        return line


def stream(name: str, headings: Sequence[str], pieces: Iterable[Iterable[Sequence[str]]]) -> HttpResponse:
    """The download ``name``; ``pieces`` are groups of lines whose cells are safe for a spreadsheet (consents.log.safe)."""
    answer = StreamingHttpResponse(_lines(headings, pieces), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer  # type: ignore[return-value]  # a stream is an answer too; the stubs keep them apart


def _lines(headings: Sequence[str], pieces: Iterable[Iterable[Sequence[str]]]) -> Iterator[str]:
    writer: Any = csv.writer(Echo())
    yield writer.writerow(headings)
    for lines in pieces:
        yield "".join(writer.writerow(line) for line in lines)
