"""A version of the policy to come, on file and published, for tests."""

from datetime import UTC, date, datetime

import pytest

from audit.actors import Actor
from consents import notices
from consents.actions import publish_texts
from consents.notices import Text
from privacy.clocks import start_of

PUBLISHED = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
DAY = date(2026, 12, 10)
BEGINS = start_of(DAY)
NEWS = {"en": "Connection logs stay two years.", "fr": "Les journaux de connexion restent deux ans."}


def written(
    language: str, *, number: int = 3, day: date = DAY, change: str = "material", news: str | None = None
) -> Text:
    """The last version on file with one figure changed."""
    texts = [text for text in notices.catalogue() if (text.slot, text.language) == (notices.POLICY, language)]
    before = max(texts, key=lambda text: text.number).content
    said = NEWS[language] if news is None else news
    head, _, body = before.partition("\n\n")
    lines = [line for line in head.split("\n") if not line.startswith(("change", "news"))]
    lines += [f"change: {change}"] if change else []
    lines += [f"news: {said}"] if said else []
    changed = body.replace("https", "http") + f"\nConnection logs: version {number}.\n"
    return Text(notices.POLICY, language, day, number, notices.canonical("\n".join(lines) + "\n\n" + changed))


def put_on_file(monkeypatch: pytest.MonkeyPatch, *texts: Text) -> None:
    """Have the house know these texts as well, and publish what isn't published."""
    known = (*notices.catalogue(), *texts)
    monkeypatch.setattr(notices, "catalogue", lambda: known)
    publish_texts(by=Actor.system("tests"), now=PUBLISHED)


def prepare(monkeypatch: pytest.MonkeyPatch, *, number: int = 3, day: date = DAY, change: str = "material") -> None:
    """A version in both languages."""
    put_on_file(
        monkeypatch, *(written(language, number=number, day=day, change=change) for language in notices.LANGUAGES)
    )
