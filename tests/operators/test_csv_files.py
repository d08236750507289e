"""CSV files as people have them."""

import pytest

from prm.files.sheets import SHEETS
from prm.operators.csv_files import MOST_BYTES, MOST_ROWS, TableError, read_table

COLUMNS = {"name": "name", "rank": "rank", "rang": "rank"}


def rows(data: bytes) -> list[list[str]]:
    return read_table(data, columns=COLUMNS).rows


def why_not(data: bytes) -> str:
    with pytest.raises(TableError) as refused:
        read_table(data, columns=COLUMNS)
    return str(refused.value)


@pytest.mark.parametrize(
    "data",
    [
        "name,rank\r\nGroß,1\r\nCafé,2\r\n".encode(),
        "\ufeffname,rank\nGroß,1\nCafé,2".encode(),
        "name;rank\r\nGroß;1\r\nCafé;2\r\n".encode("cp1252"),
        "name\trank\rGroß\t1\rCafé\t2\r".encode("cp1252"),  # a Macintosh of 1998
        "name\trank\r\nGroß\t1\r\nCafé\t2\r\n".encode("utf-16"),
        "\ufeffname\trank\r\nGroß\t1\r\nCafé\t2\r\n".encode("utf-16-be"),
        "sep=;\r\nname;rank\r\nGroß;1\r\nCafé;2\r\n".encode("cp1252"),
        '"Name";"Rang"\r\n"Groß";"1"\r\n\r\n;;\r\n"Café";2;;\r\n'.encode("cp1252"),
        " NAME , Rank ,,\r\n  Groß ,1,,\r\nCafé, 2\r\n".encode(),
    ],
    ids=["today", "mark", "1998", "mac", "utf-16", "utf-16-be", "sep", "blank", "spaces"],
)
def test_table_is_read_whatever_wrote_it(data: bytes) -> None:
    assert rows(data) == [["Groß", "1"], ["Café", "2"]]


def test_quoted_cells_hold_what_divides_others() -> None:
    assert rows(b'name;rank\n"Gold; or ""more""";1\n') == [['Gold; or "more"', "1"]]


def test_columns_come_in_any_order() -> None:
    table = read_table(b"rank,name\n1,Gold\n", columns=COLUMNS)

    assert (table.columns, table.rows, table.lines) == (["rank", "name"], [["1", "Gold"]], [2])


def test_lines_are_those_of_the_file() -> None:
    assert read_table(b'name\n\n"Gold"\n\n\nSilver\n', columns=COLUMNS).lines == [3, 6]


def test_short_rows_are_filled() -> None:
    assert rows(b"name,rank\nGold\n") == [["Gold", ""]]


def test_what_was_guarded_comes_back() -> None:
    names = ["=1+1", "@SUM(A1)", "-x", "'=quoted", "'", "plain"]
    sheet = SHEETS["csv"]
    data = sheet.head(["name"]) + sheet.piece([name] for name in names)

    assert b"'=1+1" in data
    assert [row[0] for row in rows(data)] == names


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "There are no rows"),
        (b"name,rank\n", "There are no rows"),
        (b"name,colour\nGold,red\n", "The column colour is not known. These are: name, rank."),
        (b"rank\n1\n", "The column name is missing"),
        (b"name,name\nGold,Gold\n", "A column is there twice."),
        (b"name,rank\nGold,1,extra\n", "Line 2 has more cells"),
        (b'name\n"Gold" or so\n', "Line 2 is no CSV."),
        (b'name\n"Gold\n', "is no CSV."),
        (b"PK\x03\x04 whatever", "This is an .xlsx file."),
        (b"\xd0\xcf\x11\xe0 whatever", "This is an .xls file."),
        (b"name\nGo\x00ld\n", "no text that can be read"),
        (b"\xff\xfen", "no text that can be read"),
        (b"name\n\x81\x8d\n", "no text that can be read"),
        (b"name\n" + b"x" * MOST_BYTES, "more than 256 kilobytes"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data: bytes, words: str) -> None:
    assert words in why_not(data)


def test_rows_are_counted() -> None:
    full = b"name\n" + b"".join(b"Tier %d\n" % number for number in range(MOST_ROWS))

    assert len(rows(full)) == MOST_ROWS
    assert "more than 1000 rows" in why_not(full + b"one more\n").replace(",", "")
