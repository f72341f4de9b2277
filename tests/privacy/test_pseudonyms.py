"""What names somebody doesn't survive, however it is written; without hiding it would. The way back stays in memory."""

import copy
import pickle
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from privacy.pseudonyms import PARTICLES, TOKEN, Kind, Known, Pseudonyms, folded

NAMES = ("Lefèvre", "O’Connor", "de la Fontaine", "Nguyễn", "Müller-Straße", "d'Hérouville", "Van den Broucke", "Çelik", "Łukasz", "Le Goff", "Marie-Noëlle", "Ben Saïd")  # fmt: skip
WORDS = "la patiente tousse depuis dix jours et prend un comprimé matin midi soir sans fièvre ni douleur".split()
letters = st.text("abcdefghijklmnopqrstuvwxyzéèêëàâäîïôöûüçñßœæø", min_size=3, max_size=12)
made_up = st.builds(
    lambda particle, parts, joint: particle + joint.join(part.capitalize() for part in parts),
    st.sampled_from(["", "de la ", "d'", "Van der ", "El "]),
    st.lists(letters, min_size=1, max_size=3),
    st.sampled_from(["-", " ", "'"]),
)
names = st.one_of(st.sampled_from(NAMES), made_up)


def unaccented(text: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))


HANDS = (
    str, str.upper, str.lower, str.title, unaccented,
    lambda name: name.replace("-", " "), lambda name: name.replace(" ", "-"), lambda name: name.replace(" ", ""),
    lambda name: name.replace("'", "’"), lambda name: name.replace("’", "'"), lambda name: name.replace("-", "\u2011"),
    lambda name: unicodedata.normalize("NFD", name), lambda name: "\u00ad".join(name), lambda name: name.replace(" ", "\u00a0"),
    lambda name: unaccented(name).upper().replace(" ", "").replace("-", ""),
)  # fmt: skip
"""The ways in which people write one name."""
hands = st.lists(st.sampled_from(HANDS), min_size=1, max_size=3)
around = st.sampled_from([" {} ", "({})", "{},", "« {} »", "{}.", "{}'s", "/{}/", "_{}_", "{}\n", "M.{}"])


def bare(text: str) -> str:
    """What a reader's eye would compare: letters and digits alone, tokens aside."""
    return "".join(one for one in folded(TOKEN.sub("|", text))[0] if one.isalnum() or one == "|")


def parts_of(name: str) -> set[str]:
    """Whatever of a name names by itself, and the whole."""
    words = ["".join(one for one in folded(word)[0] if one.isalnum()) for word in name.replace("’", "'").replace("'", " ").replace("-", " ").split()]  # fmt: skip
    return {word for word in words if len(word) > 2 and word not in PARTICLES} | {"".join(words)}


@settings(max_examples=200)
@given(st.lists(names, min_size=1, max_size=4, unique=True), st.data())
def test_no_name_survives_in_any_hand(known: list[str], data: st.DataObject) -> None:
    written = []
    for name in known:
        as_written = name
        for hand in data.draw(hands):
            as_written = hand(as_written)
        written.append(data.draw(around).format(as_written))
    filler = [
        word for word in WORDS if not any(part in word or word in part for name in known for part in parts_of(name))
    ]
    text = " ".join(f"{word} {one}" for word, one in zip(filler, written, strict=False))
    assume(len(filler) >= len(written))
    whole = {"".join(one for one in folded(name)[0] if one.isalnum()) for name in known}
    assert {one for one in whole if one in bare(text)} == whole, "a control: it is there before"
    hidden = Pseudonyms([Known(Kind.PERSON, name) for name in known]).hide(text)
    assert {part for name in known for part in parts_of(name) if part in bare(hidden)} == set()
    assert [word for word in filler[: len(written)] if word not in hidden] == []


DAY = st.dates().filter(lambda day: 1900 < day.year < 2027)
AS_DAYS = ("{0:%d/%m/%Y}", "{0:%d.%m.%Y}", "{0:%Y-%m-%d}", "{0:%d-%m-%y}", "{0.day} mars {0.year}", "March {0.day}, {0.year}", "1er août {0.year}", "{0.year}")  # fmt: skip


@given(DAY, st.sampled_from(AS_DAYS))
def test_no_birth_date_survives(day, how: str) -> None:  # type: ignore[no-untyped-def]
    text = f"née le {how.format(day)} ici"
    hidden = Pseudonyms([Known(Kind.DATE, day.isoformat())]).hide(text)
    assert (hidden, Pseudonyms([]).hide("née le ici")) == ("née le [DATE-1] ici", "née le ici")


@given(st.text("0123456789", min_size=8, max_size=8), st.sampled_from(["06{}", "+336{}", "00336{}", "+33 (0)6{}", "06 {}"]), st.sampled_from(["", " ", ".", "-"]))  # fmt: skip
def test_no_phone_survives_however_it_is_grouped(digits: str, how: str, gap: str) -> None:
    text = "tél " + how.format(gap + gap.join(digits[n : n + 2] for n in range(0, 8, 2))) + " le soir"
    hidden = Pseudonyms([Known(Kind.PHONE, "+336" + digits)]).hide(text)
    assert hidden == "tél [PHONE-1] le soir"
    assert not any(one.isdigit() for one in TOKEN.sub("", Pseudonyms([]).hide(text))), "its shape alone gives it away"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2 84 02 75 123 456 78", Kind.NUMBER), ("284027512345678", Kind.NUMBER), ("1 51 08 2A 232 001 17", Kind.NUMBER),
        ("10003456789", Kind.NUMBER), ("FR76 3000 6000 0112 3456 7890 189", Kind.NUMBER), ("odile.l@exemple.fr", Kind.EMAIL),
        ("https://dossier.example/p/12?n=Lenoir", Kind.LINK), ("www.exemple.org/a", Kind.LINK), ("exemple.fr", Kind.LINK),
        ("+41 22 345 67 89", Kind.PHONE), ("0032 475 12 34 56", Kind.PHONE), ("3 avril", Kind.DATE), ("12/03/26", Kind.DATE),
    ],
)  # fmt: skip
def test_what_looks_like_it_is_hidden_though_nobody_knew_it(text: str, kind: Kind) -> None:
    assert Pseudonyms([]).hide(f"voir {text} svp") == f"voir [{kind}-1] svp"


@pytest.mark.parametrize(
    "text",
    [
        "Mme Durand",
        "Dr Martin-Lévy",
        "son mari Jean Dupont",
        "Professeur d’Ormesson",
        "her daughter Anna",
        "sa mère : Louise",
    ],
)
def test_a_name_behind_a_title_or_a_kinship_is_hidden(text: str) -> None:
    hidden = Pseudonyms([]).hide(f"vu {text} hier")
    assert (hidden.count("[PERSON-"), hidden.endswith("] hier"), hidden[:4]) == (1, True, "vu " + text[0])


def test_what_a_clinician_needs_stays() -> None:
    text = "TA 120/80, pouls 72, T 38,5 °C, paracétamol 1000 mg 3 fois par jour pendant 5 jours, HbA1c 6.1 %, 98 % de SpO2."
    assert Pseudonyms([Known(Kind.PERSON, "Lefèvre")]).hide(text) == text


def test_one_name_has_one_token_in_all_texts_and_comes_back() -> None:
    them = Pseudonyms([Known(Kind.PERSON, "Lefèvre"), Known(Kind.PERSON, "Éloïse Anne")])
    first, second = them.hide("LEFEVRE Éloïse tousse."), them.hide("Éloise Lefèvre va mieux.")
    assert (first, second) == ("[PERSON-1] [PERSON-2] tousse.", "[PERSON-2] [PERSON-1] va mieux.")
    assert them.restore(f"{second} [PERSON-9]") == "Éloïse Lefèvre va mieux. [PERSON-9]"


def test_a_token_that_the_text_itself_has_isn_t_taken_for_one_of_ours() -> None:
    them = Pseudonyms([Known(Kind.PERSON, "Lefèvre")])
    hidden = them.hide("[PERSON-1] et Lefèvre")
    assert (hidden, them.restore(hidden)) == ("[MARK-1] et [PERSON-1]", "[PERSON-1] et Lefèvre")


def test_the_way_back_stays_in_memory_and_prints_nothing() -> None:
    them = Pseudonyms([Known(Kind.PERSON, "Lefèvre")])
    them.hide("Lefèvre")
    assert (repr(them), repr(Known(Kind.PERSON, "Lefèvre"))) == ("<Pseudonyms of 1>", "<Known PERSON>")
    for carry in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="stays in memory"):
            carry(them)
