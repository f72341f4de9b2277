"""Looks into one untrusted document in a process of its own, with little memory and time.

Run as a file, never imported by the application: ``preview_process.py check KIND`` or
``render KIND PAGE WIDTH``, the document on standard input. ``check`` prints JSON
(``{"pages": 3}`` or ``{"refused": "password"}``); ``render`` prints a PNG. A document that crashes
a parser or blows up in memory ends this process and nothing else.
"""

import io
import json
import resource
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image

MEMORY = 1024 * 1024 * 1024  # bytes of address space on top of what the libraries map
SECONDS = 15  # of processor time
MAX_PIXELS = 50_000_000
MAX_PAGES = 2_000
MAX_SIDE = 4_000  # pixels of a rendered page


class Bad(Exception):
    """The document is refused; the argument is the code of the reason."""


def limit() -> None:
    """No more than MEMORY and SECONDS from here on, and no file written."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def check_image(data: bytes, kind: str) -> int:
    """One page, when the whole image decodes."""
    image = open_image(data, kind)
    image.load()
    return 1


def open_image(data: bytes, kind: str) -> "Image":
    """The image, if its header promises a size we accept."""
    import PIL.Image

    PIL.Image.MAX_IMAGE_PIXELS = None  # our own cap, just below, answers in plain words
    image = PIL.Image.open(io.BytesIO(data), formats=[kind])
    if image.width * image.height > MAX_PIXELS:
        raise Bad("pixels")
    return image


def open_pdf(data: bytes) -> Any:
    """The PDF, unless it is locked or has no or too many pages."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Bad("password" if "assword" in str(error) else "broken") from None
    if not 1 <= len(document) <= MAX_PAGES:
        raise Bad("pages")
    return document


def check_pdf(data: bytes) -> int:
    """How many pages there are, when the first can be drawn."""
    document = open_pdf(data)
    draw(document, 0, 200)
    return len(document)


def draw(document: Any, page: int, width: int) -> "Image":
    """One page as an image ``width`` pixels wide."""
    sheet = document[page]
    wide, high = sheet.get_size()
    if wide <= 0 or high <= 0:
        raise Bad("broken")
    scale = min(width / wide, MAX_SIDE / high)
    drawn: Image = sheet.render(scale=scale).to_pil()
    return drawn


def render(data: bytes, kind: str, page: int, width: int) -> bytes:
    """One page as PNG, made anew: nothing of the original's bytes or metadata is in it."""
    from PIL import ImageOps

    if kind == "PDF":
        picture = draw(open_pdf(data), page, width)
    else:
        picture = ImageOps.exif_transpose(open_image(data, kind))
        picture.thumbnail((width, MAX_SIDE))
    out = io.BytesIO()
    clean = picture.convert("RGB")
    clean.info = {}
    clean.save(out, "PNG")
    return out.getvalue()


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    data = sys.stdin.buffer.read()
    task, kind = arguments[0], arguments[1]
    limit()
    if task == "render":
        page, width = int(arguments[2]), int(arguments[3])
        sys.stdout.buffer.write(render(data, kind, page, width))
        return
    try:
        pages = check_pdf(data) if kind == "PDF" else check_image(data, kind)
        answer: dict[str, object] = {"pages": pages}
    except Bad as bad:
        answer = {"refused": bad.args[0]}
    except MemoryError:
        answer = {"refused": "too_much"}
    except Exception:  # noqa: BLE001 - whatever a parser raises on what isn't a document: it is refused
        answer = {"refused": "broken"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
