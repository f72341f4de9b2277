"""The French catalogue says everything that the pages say: nothing missing, nothing guessed, every value in its place."""

import re
import shutil
import subprocess
from contextlib import chdir
from datetime import date, datetime
from pathlib import Path

import polib
import pytest
from django.conf import LazySettings
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.utils.translation import gettext, override

from privacy.days import written

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = Path("locale/fr/LC_MESSAGES/django.po")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[a-z]|%%")
LOOSE_MARK = re.compile(r"(?<=[^\s\u00a0\u202f(])[;!?»](?=\s|$)|«(?![\u00a0\u202f])| [:;!?»]|'")
TELL = "Run `./dev manage makemessages`, then write the French in locale/fr/LC_MESSAGES/django.po."


@pytest.fixture(scope="module")
def harvest(tmp_path_factory: pytest.TempPathFactory) -> polib.POFile:
    """The catalogue as `makemessages` would leave it now, made in a copy of the checkout."""
    tmp_path = tmp_path_factory.mktemp("harvest")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", "*.py", "*.html", "*.txt"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in {*listed.split("\0"), CATALOGUE.as_posix()}:
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tmp_path / name)
    with override_settings(LOCALE_PATHS=[tmp_path / "locale"]), chdir(tmp_path):
        call_command("makemessages", verbosity=0)
    return polib.pofile(str(tmp_path / CATALOGUE))


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(ROOT / CATALOGUE))


def pairs(entries: list[polib.POEntry]) -> list[tuple[str, str]]:
    """Each source with its French; both numbers of a plural."""
    single = [(e.msgid, e.msgstr) for e in entries if not e.msgid_plural]
    return single + [(e.msgid_plural, text) for e in entries if e.msgid_plural for text in e.msgstr_plural.values()]


def values(text: str) -> list[str]:
    return sorted(set(PLACEHOLDER.findall(text)))


def test_french_says_every_message(harvest: polib.POFile) -> None:
    silent = [entry.msgid for entry in harvest if not entry.translated()]
    assert silent == [], TELL


def test_french_has_no_guess(harvest: polib.POFile) -> None:
    assert [entry.msgid for entry in harvest if entry.fuzzy] == [], TELL


def test_french_keeps_no_message_that_is_gone(harvest: polib.POFile, catalogue: polib.POFile) -> None:
    assert {entry.msgid for entry in catalogue} - {entry.msgid for entry in harvest} == set(), TELL


def test_french_keeps_every_value(catalogue: polib.POFile) -> None:
    """A plural's first form may leave its number out: in French it is read for none and for one."""
    lost = [
        (source, french) for source, french in pairs(list(catalogue))
        if values(source) != values(french) and (values(french) or source not in LONE)
    ]  # fmt: skip
    assert lost == []


LONE = {
    "%(n)s things to put right. Nothing you typed is lost.",
    "%(n)s further pages: download the original to see them.",
}
"""Plurals whose first form is said without its number."""


def test_french_has_french_marks(catalogue: polib.POFile) -> None:
    """No-break spaces before ; : ! ? and inside « », curved apostrophes."""
    assert [french for _, french in pairs(list(catalogue)) if LOOSE_MARK.search(french)] == []


@pytest.fixture
def french(tmp_path: Path, settings: LazySettings) -> None:
    """The catalogue compiled and in use, whether or not anything compiled it before."""
    compiled = tmp_path / CATALOGUE.relative_to("locale").with_suffix(".mo")
    compiled.parent.mkdir(parents=True)
    subprocess.run(["msgfmt", "--check-format", "-o", compiled, ROOT / CATALOGUE], check=True)
    settings.LOCALE_PATHS = [tmp_path]


@pytest.mark.django_db
@pytest.mark.usefixtures("french")
def test_french_reader_gets_a_french_page(client: Client) -> None:
    page = client.get("/", headers={"accept-language": "fr"}).content.decode()
    assert re.findall(r"<html[^>]* lang=\"(\w+)\"", page) == ["fr"]
    assert re.findall(r"<h1[^>]*>([^<]*)<", page) == [
        "La plateforme de cabinet qui respecte sa politique de confidentialité."
    ]


@pytest.mark.usefixtures("french")
@pytest.mark.parametrize(
    ("language", "first", "eleventh"),
    [("fr", "1er mai 2026", "11 mai 2026 à 09:05"), ("en", "1 May 2026", "11 May 2026, 09:05")],
)
def test_days_are_written_as_each_language_writes_them(language: str, first: str, eleventh: str) -> None:
    with override(language):
        assert written(date(2026, 5, 1)) == first
        assert written(datetime(2026, 5, 11, 9, 5), "DATETIME_FORMAT") == eleventh  # noqa: DTZ001 - already local


def test_templates_leave_days_in_words_to_our_filter() -> None:
    """Django's own would say "1 octobre": pages and messages say "1er octobre"."""
    own = re.compile(r'\|date:"DATE(?:TIME)?_FORMAT"')
    assert [str(path) for path in sorted(Path("templates").rglob("*.*")) if own.search(path.read_text())] == []


@pytest.mark.usefixtures("french")
@pytest.mark.parametrize(("language", "day"), [("en", "1 October 2026"), ("fr", "1er octobre 2026")])
def test_messages_write_days_as_each_language_does(language: str, day: str) -> None:
    with override(language):
        said = render_to_string("lifecycle/email/trial_ends_subject.txt", {"last_day": date(2026, 10, 1)})
    assert day in said


@pytest.mark.usefixtures("french")
def test_library_words_are_said_our_way() -> None:
    with override("fr"):
        assert gettext("Email address") == "Adresse électronique"
