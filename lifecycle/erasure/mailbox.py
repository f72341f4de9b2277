"""Where mails are written to a folder instead of being sent (development), they hold addresses: they go too (NEW-07)."""

import re
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

NOBODY = "address.forgotten@example.invalid"
FILES = "django.core.mail.backends.filebased.EmailBackend"


def forget(words: Iterable[str]) -> int:
    """Remove every mail in the folder that one of ``words`` stands in; returns how many. A sent mail is out of reach."""
    if settings.EMAIL_BACKEND != FILES:
        return 0
    wanted = [word.casefold() for word in words]
    folder = Path(settings.EMAIL_FILE_PATH)
    found = [mail for mail in sorted(folder.glob("*")) if mail.is_file() and _names(mail, wanted)] if wanted else []
    for mail in found:
        mail.unlink(missing_ok=True)
    return len(found)


def blank(address: str) -> int:
    """Take ``address`` out of the mails in the folder: the certificate's mail names nobody else. Returns how many it was in."""
    if settings.EMAIL_BACKEND != FILES:
        return 0
    found = [
        mail for mail in sorted(Path(settings.EMAIL_FILE_PATH).glob("*")) if mail.is_file() and _names(mail, [address])
    ]
    for mail in found:
        mail.write_text(re.sub(re.escape(address), NOBODY, mail.read_text(errors="replace"), flags=re.IGNORECASE))
    forget([address])  # in whatever encoding it still stands
    return len(found)


def _names(mail: Path, words: list[str]) -> bool:
    text = mail.read_text(errors="replace").casefold().replace("=\n", "")
    return any(word in text for word in words)
