"""What the vault opens is text for pages and none for messages: it stays marked (PC-101, MD-46)."""

import copy
import json
import pickle
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.template import Context, Template

from privacy.declare import REGISTRY, Category
from tests.vault.rows import Note
from tests.vault.test_access import new_file
from vault.fields import SealedField, SealedTextField, sealed_fields
from vault.unsealed import Unsealed, holds_unsealed

WORDS = Unsealed("asthma since\n2019 ")
SEALED = [field for model in apps.get_models() for field in sealed_fields(model)]


@pytest.mark.django_db(databases=["default", "keys"])
def test_what_a_handle_reads_is_marked_however_deep_and_reveals_nothing_unmarked(now: datetime) -> None:
    with transaction.atomic():
        handle = new_file(now)
        note = Note(file_id=handle.file_id)
        handle.write(note, text="asthma", data={"list": [{"said": "asthma"}], "number": 3, "none": None})
        text, data = handle.read(note, "text"), handle.read(note, "data")
        assert (text, type(text), handle.read(note, "title")) == ("asthma", Unsealed, None)
        assert (data, type(data["list"][0]["said"])) == (
            {"list": [{"said": "asthma"}], "number": 3, "none": None}, Unsealed,
        )  # fmt: skip
        assert [holds_unsealed(one) for one in handle.reveal(note).values()] == [False, True, True]
        with connection.cursor() as cursor:
            cursor.execute("select %s::text", [text])
            assert cursor.fetchone()[0] == "asthma"


def category_of(field: SealedField) -> Category | None:
    return REGISTRY[field.model._meta.label].fields[field.name].category


def test_every_sealed_field_but_who_somebody_is_and_where_they_are_reached_gives_marked_words() -> None:
    words = [(field, field.opened(field.encode("Ada"))) for field in SEALED if isinstance(field, SealedTextField)]
    reached = {Category.IDENTITY, Category.CONTACT}
    assert [str(field) for field, word in words if holds_unsealed(word) == (category_of(field) in reached)] == []
    assert [str(field) for field in SEALED if field.stays == (category_of(field) in reached)] == []
    assert {Category.HEALTH, *reached} <= {category_of(field) for field in SEALED}


@pytest.mark.parametrize(
    "take",
    [
        lambda words: words[:6],
        lambda words: words[0],
        lambda words: words + "!",
        lambda words: "about " + words,
        lambda words: words + words,
        lambda words: words.strip(),
        lambda words: words.split(),
        lambda words: words.split("\n", 1),
        lambda words: words.splitlines(),
        lambda words: {"a": [(words,)]},
        lambda words: {words: 1},
        copy.copy,
        copy.deepcopy,
        lambda words: pickle.loads(pickle.dumps(words)),  # noqa: S301 - our own
    ],
)
def test_it_stays_marked(take: Callable[[str], object]) -> None:
    found, plain = take(WORDS), take(str(WORDS))
    assert (found, holds_unsealed(found), holds_unsealed(plain)) == (plain, True, False)
    if isinstance(found, list):
        assert {type(piece) for piece in found} == {Unsealed}


def test_for_pages_it_is_text_like_any_other() -> None:
    page: Any = Template("{{ words }}|{{ words|truncatechars:7 }}|{{ words|linebreaksbr }}").render(
        Context({"words": Unsealed("a < b\nand c")})
    )
    assert page == "a &lt; b\nand c|a &lt; b\n…|a &lt; b<br>and c"
    assert (json.dumps(WORDS), hash(WORDS), {str(WORDS): 1}[WORDS]) == (json.dumps(str(WORDS)), hash(str(WORDS)), 1)
