"""Texts are dated, content-addressed and never edited (PC-11, PC-24; pitfall P26)."""

import re
import shutil
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from audit.actors import Actor
from consents import notices
from consents.actions import publish_texts
from consents.models import PublishedText
from consents.policy import disagreements, figures, period_words
from consents.rendering import changes, html
from praticonnect.database import as_owner
from privacy.consent_keys import KEYS
from privacy.retention_rules import RULES
from tests.consents.factories import NOON

DAY = date(2026, 11, 23)
POLICY = [text for text in notices.catalogue() if text.slot == notices.POLICY]
CURRENT = [text for text in POLICY if text.number == 2]
BY = Actor.system("tests")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The texts, in a place where they can be tampered with."""
    return Path(shutil.copytree(notices.ROOT, tmp_path / "texts"))


def test_texts_are_the_committed_ones() -> None:
    assert notices.addresses() == notices.manifest()


def test_texts_edited_in_place_are_noticed(copy: Path) -> None:
    path = copy / "marketing_emails" / "2026-05-14.en.md"
    path.write_text(path.read_text().replace("one click", "two clicks"))
    known = notices.manifest(copy)
    assert {name for name, address in notices.addresses(copy).items() if known[name] != address} == {
        str(path.relative_to(copy))
    }


def test_texts_exist_for_each_switch_in_each_language_from_the_same_days() -> None:
    days = {
        slot: {text.effective_on for text in notices.catalogue() if (text.slot, text.language) == (slot, "en")}
        for slot in notices.slots()
    }
    assert all(days.values())
    for language in notices.LANGUAGES:
        assert days == {
            slot: {t.effective_on for t in notices.catalogue() if (t.slot, t.language) == (slot, language)}
            for slot in notices.slots()
        }


def test_texts_say_what_each_turn_does_on_which_basis() -> None:
    for text in notices.catalogue():
        wording = text.wording
        assert wording.title
        assert wording.body
        assert text.slot == notices.POLICY or all([wording.on, wording.off, wording.purpose, wording.basis])


@pytest.mark.parametrize("slot", notices.slots())
def test_texts_in_english_use_the_one_line_that_the_law_table_holds(slot: str) -> None:
    key, _dot, child = slot.partition(".")
    law = KEYS[key].child(child) if child else KEYS[key]
    wording = notices.in_force(slot, "en", date(2026, 11, 18)).wording
    assert (wording.on, wording.off) == (law.turning_on, law.turning_off)


def test_texts_for_a_later_day_wait_for_it(copy: Path) -> None:
    (copy / "marketing_emails" / "2030-01-01.en.md").write_text(
        "title: News\non: a\noff: b\npurpose: c\nbasis: d\n\nNew.\n"
    )
    texts = notices.catalogue(copy)
    numbers = [
        notices.in_force("marketing_emails", "en", day, texts).number for day in (date(2029, 12, 31), date(2030, 1, 1))
    ]
    assert numbers == [1, 2]


def test_texts_asked_for_before_the_first_are_refused_by_name() -> None:
    with pytest.raises(notices.NoText, match="No text of policy in fr was in force on 2020-01-01"):
        notices.in_force("policy", "fr", date(2020, 1, 1))


def test_texts_of_a_language_we_lack_are_english() -> None:
    assert notices.in_force("policy", "he", date(2026, 11, 18)).language == "en"


@given(st.text())
def test_canonical_form_is_stable_and_blind_to_line_ends_and_composition(content: str) -> None:
    once = notices.canonical(content)
    assert notices.canonical(once) == once
    assert notices.digest(once.replace("\n", "\r\n")) == notices.digest(once)
    assert notices.digest(unicodedata.normalize("NFD", once)) == notices.digest(once)


def test_a_head_with_an_unknown_line_is_refused() -> None:
    with pytest.raises(notices.NoText, match="colour"):
        notices.parse("title: x\ncolour: red\n\nbody")


@pytest.mark.parametrize("text", CURRENT, ids=lambda text: text.language)
def test_policy_in_force_says_what_the_code_does(text: notices.Text) -> None:
    assert (disagreements(text.content, text.language, DAY), figures(text.content)) == ([], 21)


@pytest.mark.parametrize("text", CURRENT, ids=lambda text: text.language)
def test_policy_with_any_one_figure_changed_disagrees_once(text: notices.Text) -> None:
    rows = list(re.finditer(r"\| (\d+)( \w+[^|]*) \| [^|]+\|$", text.content, re.MULTILINE))
    assert len(rows) == 11
    for row in rows:
        changed = text.content[: row.start(1)] + str(int(row.group(1)) + 1) + text.content[row.end(1) :]
        assert len(disagreements(changed, text.language, DAY)) == 1


@pytest.mark.parametrize("text", CURRENT, ids=lambda text: text.language)
def test_policy_with_any_one_basis_changed_disagrees_once(text: notices.Text) -> None:
    table = text.content[text.content.index("<!-- consents") :]
    at = len(text.content) - len(table)
    found = list(re.finditer(r"\((\d\.\d\.[a-z])\) \|", table))
    assert len(found) == 8
    for match in found:
        changed = text.content[: at + match.start(1)] + "6.1.d" + text.content[at + match.end(1) :]
        assert len(disagreements(changed, text.language, DAY)) == 1


def test_policy_without_its_tables_disagrees() -> None:
    assert len(disagreements("title: x\n\nNothing.", "en", DAY)) == 13


@pytest.mark.parametrize(
    ("rule", "english", "french"),
    [
        ("PC-43", "1 year", "1 an"),
        ("PC-48", "90 days", "90 jours"),
        ("PC-41", "20 years (5 in use, 15 in the archive)", "20 ans (5 en usage, 15 en archive)"),
        ("PC-50", "at once", "aussitôt"),
    ],
)
def test_period_words_follow_the_rule(rule: str, english: str, french: str) -> None:
    assert (period_words(RULES[rule], "en"), period_words(RULES[rule], "fr")) == (english, french)


@pytest.mark.django_db
def test_publishing_again_adds_nothing() -> None:
    assert (publish_texts(by=BY, now=NOON), PublishedText.objects.count()) == (0, len(notices.catalogue()))


@pytest.mark.django_db
def test_publishing_an_edited_text_is_refused_by_name(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = copy / "policy" / "2026-11-02.fr.md"
    path.write_text(path.read_text().replace("20 ans", "19 ans"))
    monkeypatch.setattr(notices, "catalogue", lambda: notices_of(copy))
    with pytest.raises(ValueError, match=r"policy of 2026-11-02 \(fr\) was changed after it was published"):
        publish_texts(by=BY, now=NOON)


def notices_of(root: Path) -> tuple[notices.Text, ...]:
    return tuple(
        notices.Text(
            path.parent.name, path.name.split(".")[1], date.fromisoformat(path.name.split(".")[0]), 1, path.read_text()
        )
        for path in root.rglob("*.md")
    )


@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "update consents_publishedtext set content = 'x'",
        "delete from consents_publishedtext",
        "truncate consents_publishedtext cascade",
    ],
)
def test_published_texts_refuse_every_change_even_from_the_owner(sql: str) -> None:
    from django.db import connection

    with (
        as_owner(),
        pytest.raises(DatabaseError, match="refused: evidence only grows"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_html_of_a_text_shows_markup_as_words() -> None:
    made = html("title: x\n\nHello <script>alert(1)</script>\n\n| a |\n|---|\n| b |\n")
    assert ("<script>" in made, made.count("<table>")) == (False, 1)


def test_changes_name_the_words_that_went_and_came() -> None:
    [line] = changes("title: x\n\nkept for 1 year here\n", "title: x\n\nkept for 2 years here\n")
    assert [(piece.kind, piece.words) for piece in line] == [
        ("kept", "kept for"),
        ("removed", "1 year"),
        ("added", "2 years"),
        ("kept", "here"),
    ]


@given(
    st.lists(st.sampled_from(["alpha beta", "gamma", "delta eps", "zeta"]), max_size=6),
    st.lists(st.sampled_from(["alpha beta", "gamma x", "delta", "zeta"]), max_size=6),
)
def test_changes_hold_every_word_of_what_changed(old: list[str], new: list[str]) -> None:
    pieces = [piece for line in changes("\n".join(old), "\n".join(new)) for piece in line]
    unchanged = old == new
    assert unchanged == (not pieces)
    assert all(piece.words in " ".join(old) for piece in pieces if piece.kind == "removed")
    assert all(piece.words in " ".join(new) for piece in pieces if piece.kind == "added")


@pytest.mark.django_db
def test_policy_page_shows_version_date_address_and_history(client: Client) -> None:
    page = client.get("/privacy/").content.decode()
    assert "Version 2. Last updated:" in page
    assert [text.sha256 in page for text in POLICY if text.language == "en"] == [True, True]


@pytest.mark.django_db
def test_policy_version_page_shows_what_changed(client: Client) -> None:
    page = re.sub('<span class="visually-hidden">.*?</span>', "", client.get("/privacy/versions/2/").content.decode())
    assert "<ins>explicit</ins> consent <del>(6.1.a)</del> <ins>(9.2.a)</ins>" in page
    assert [client.get(f"/privacy/versions/{number}/").status_code for number in (1, 2, 3)] == [200, 200, 404]


@pytest.mark.django_db
def test_policy_is_written_in_french_too(client: Client) -> None:
    assert "Politique de confidentialité" in client.get("/privacy/", headers={"accept-language": "fr"}).content.decode()


@pytest.mark.django_db
def test_text_page_is_public_at_its_address_and_nowhere_else(client: Client) -> None:
    text = notices.in_force("marketing_emails", "en", date(2026, 11, 18))
    assert text.wording.title in client.get(f"/privacy/texts/{text.sha256}/").content.decode()
    assert client.get(f"/privacy/texts/{'0' * 64}/").status_code == 404


@pytest.mark.parametrize("text", CURRENT, ids=lambda text: text.language)
def test_policy_with_one_subprocessor_changed_disagrees(text: notices.Text) -> None:
    lines = re.findall(
        r"^- (?:Scaleway|Amazon|Viva|Scell|LiveKit|Google|Mistral|AssemblyAI|BulkGate|Resend).*\n", text.content, re.M
    )
    assert len(lines) == 10
    gone = text.content.replace(lines[2], "")
    assert [said.partition(":")[0] for said in disagreements(gone, text.language, DAY)] == [
        "the policy lists 9 subprocessors, the register 10", "viva",
    ]  # fmt: skip
    moved = text.content.replace(
        lines[8], lines[8].replace("Czech Republic", "Kenya").replace("République tchèque", "Kenya")
    )
    unfounded = text.content.replace("clauses contractuelles types", "rien").replace(
        "standard contractual clauses", "nothing"
    )
    assert [said.partition(":")[0] for said in disagreements(moved, text.language, DAY)] == ["bulkgate"]
    assert [said.partition(":")[0] for said in disagreements(unfounded, text.language, DAY)] == ["assemblyai", "resend"]
