"""CSV files as French practices have them: found out, read exactly, and refused with line and column (PC-123)."""

from datetime import date
from io import BytesIO

import pytest

from records.importing.csv_columns import PATIENTS, VISITS
from records.importing.csv_files import MAX_CSV_BYTES, Row, Sheet, day, patient_fields, unplaced, visit_fields
from records.importing.reading import BadInput

from .bundles import SAMPLE, libreosteo, stream

TODAY = date(2026, 11, 22)
HEADER = "nom;prénom;date de naissance"


def rows(text: str, encoding: str = "utf-8") -> list[dict[str, str]]:
    sheet = Sheet(stream(text, encoding), 100)
    return [patient_fields(row, sheet.header, TODAY) for row in sheet.rows() if isinstance(row, Row)]


def refused(text: str, encoding: str = "utf-8") -> tuple[str, str]:
    with pytest.raises(BadInput) as error:
        rows(text, encoding)
    return error.value.path, error.value.message


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_encoding_and_delimiter_are_found_out(delimiter: str, encoding: str) -> None:
    text = f"{HEADER}\r\nLefèvre;Zoé;29/02/1984\r\nL'Haÿ;Noëlle;1984-02-29\r\n".replace(";", delimiter)
    assert rows(text, encoding) == [
        {"surname": "Lefèvre", "given_names": "Zoé", "birth_date": "1984-02-29"},
        {"surname": "L'Haÿ", "given_names": "Noëlle", "birth_date": "1984-02-29"},
    ]


@pytest.mark.parametrize("name", ["בן־חיים", "Œuvrard", "Çağlar", "Nguyễn", "d’Haëne", 'dit "le Grand"', "a;b"])
def test_names_keep_each_letter(name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    assert [row["surname"] for row in rows(f"{HEADER}\n{quoted};Zoé;1984-02-29\n")] == [name]


def test_euro_sign_and_quotes_of_windows_are_read() -> None:
    assert rows(f"{HEADER};notes\nL’Œuvre;Zoé;1984-02-29;50 €\n", "cp1252")[0]["notes"] == "50 €"


def test_latin_1_with_semicolons_and_a_wrong_column_names_the_column() -> None:
    path, message = refused("nom;prénom;date de naissnce\nLefèvre;Zoé;29/02/1984\n", "latin-1")
    assert path == "line 1, column 3"
    assert message == (
        "the column “birth_date” is missing (also read: date_de_naissance, date_naissance, ne_le). "
        "Is “date de naissnce” meant? Then rename it."
    )


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("nom;prénom\nA;B\n", "line 1"), ("", "line 1"), ("\n\n", "line 1"), (f"{HEADER};\nA;B;;\n", "line 1, column 4"),
        (f"{HEADER};nom\nA;B;;\n", "line 1, column 4"), ("PK\x03\x04\0\0;;", "line 1"),
        (f"{HEADER}\nA;B;32/01/1980\n", "line 2, column date de naissance"), (f"{HEADER}\nA;B;29/02/1983\n", "line 2, column date de naissance"),
        (f"{HEADER}\nA;B;01/01/80\n", "line 2, column date de naissance"), (f"{HEADER}\n\nA;B;23/11/2026\n", "line 3, column date de naissance"),
        (f"{HEADER}\n;B;\n", "line 2, column nom"), (f"{HEADER};sexe\nA;B;;Z\n", "line 2, column sexe"), (f'{HEADER}\n"A"x;B;\n', "line 2"),
    ],
)  # fmt: skip
def test_wrong_cell_is_named_by_line_and_column(text: str, path: str) -> None:
    assert refused(text)[0] == path


def test_message_never_repeats_what_is_in_the_cell() -> None:
    assert "Kermadec" not in " ".join(refused(f"{HEADER}\nA;B;Kermadec\n"))


def test_row_with_another_number_of_cells_is_named_and_the_others_are_read() -> None:
    sheet = Sheet(stream(f'{HEADER}\n"A\nB";C;\nA;B\nD;E;\n'), 100)
    read = list(sheet.rows())
    assert [row.line if isinstance(row, Row) else row.path for row in read] == [2, "line 4", 5]


def test_file_of_50_mb_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadInput, match="50 MB; a CSV may have up to 50 MB"):
        Sheet(BytesIO(), MAX_CSV_BYTES)


def test_cells_without_a_field_are_listed_and_not_lost() -> None:
    sheet = Sheet(stream(f"{HEADER};portable;téléphone;médecin déclaré\nA;B;;06;02;Dr Azoulay\n"), 100)
    [row] = [row for row in sheet.rows() if isinstance(row, Row)]
    assert sheet.header.without_field == ("médecin déclaré",)
    assert patient_fields(row, sheet.header, TODAY)["phone"] == "06"
    assert unplaced(row, sheet.header) == {"téléphone": "02", "médecin déclaré": "Dr Azoulay"}


@pytest.mark.parametrize("written", ["5/6/2016", "05.06.2016", "05-06-2016", "2016-06-05", "2016/6/5", " 05/06/2016 "])
def test_day_is_read_as_people_write_it(written: str) -> None:
    assert day(written) == date(2016, 6, 5)


def test_libreosteo_files_are_read_whole() -> None:
    kinds: dict[str, int] = {}
    for path in libreosteo():
        with path.open("rb") as source:
            sheet = Sheet(source, path.stat().st_size)
            read = [row for row in sheet.rows() if isinstance(row, Row)]
            kinds[sheet.header.kind] = len(read)
            take = patient_fields if sheet.header.kind == PATIENTS else visit_fields
            assert (
                len([take(row, sheet.header, TODAY) for row in read])
                == path.read_text(encoding="utf-8").count("\n") - 1
            )
    assert kinds == {PATIENTS: 100, VISITS: 50}


def test_several_columns_for_one_field_keep_their_names() -> None:
    sheet = Sheet(stream("numero;date;orl;pulmo;diagnosis\n1;02/03/2020;rouge;clair;rhume\n"), 100)
    [row] = [row for row in sheet.rows() if isinstance(row, Row)]
    began, texts = visit_fields(row, sheet.header, TODAY)
    assert began.isoformat() == "2020-03-02T00:00:00+01:00"
    assert texts == {"examination": "Orl: rouge\nPulmo: clair", "assessment": "rhume"}


def test_own_sample_is_read_whole() -> None:
    with (SAMPLE / "patients.csv").open("rb") as source:
        sheet = Sheet(source, 100)
        read = [patient_fields(row, sheet.header, TODAY) for row in sheet.rows() if isinstance(row, Row)]
    assert [row["surname"] for row in read] == ["L’Hermitte", "Nguyễn-Caradec", "Œuvrard", "D’Haëne"]
