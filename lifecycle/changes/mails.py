"""The messages about new versions: what changes, from when, and what one can do. Dates come in as values."""

from datetime import date, timedelta

from adapters.content import Link, Published, Value
from lifecycle.changes.queries import wordings
from lifecycle.mails import Notice


def change(notice: Notice, *, number: int, effective_on: date, material: bool) -> None:
    """Version ``number`` takes effect on ``effective_on``, in the language of the account."""
    texts = {text.language: text for text in wordings(number)}
    text = texts.get(notice.user.language) or texts["en"]
    values: dict[str, Value] = {
        "number": number,
        "effective_on": effective_on,
        "material": material,
        "news": Published(text.wording.news),
        "page_url": Link.to("lifecycle:change"),
        "compare_url": Link(f"{Link.to('consents:history')}?text=policy&first={number - 1}&second={number}"),
    }
    notice.send("policy_change", values)


def register_change(notice: Notice, *, number: int, effective_on: date) -> None:
    """Version ``number`` of the register of subprocessors takes effect on ``effective_on``."""
    values: dict[str, Value] = {
        "number": number,
        "effective_on": effective_on,
        "last_day": effective_on - timedelta(days=1),
        "page_url": Link.to("gdpr:subprocessors"),
        "compare_url": Link.to("subprocessors:history"),
    }
    notice.send("register_change", values)
