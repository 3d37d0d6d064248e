"""Identifiers and names in the form that matching compares."""

from datetime import date

import pytest

from services.identity import normalise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90342182A", "90342182A"),
        (" 9034-2182 a", "90342182A"),
        ("90342182A61234", "90342182A"),
        ("9034218A", ""),
        ("", ""),
    ],
)
def test_a_cin_is_eight_digits_and_a_letter(text: str, expected: str) -> None:
    assert normalise.cin(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1EG4-TE5-MK73", "1EG4TE5MK73"),
        ("1eg4te5mk73", "1EG4TE5MK73"),
        ("1SG4TE5MK73", ""),
        ("0EG4TE5MK73", ""),
        ("1EG4", ""),
    ],
)
def test_an_mbi_has_eleven_characters(text: str, expected: str) -> None:
    assert normalise.mbi(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("mem-77", "MEM77"), ("000000", ""), ("N/A", ""), ("", "")])
def test_a_plan_member_number_has_a_digit(text: str, expected: str) -> None:
    assert normalise.plan_member(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rivera", "RIVERA"), ("O'Brien", "OBRIEN"), ("Núñez-López", "NUNEZLOPEZ"), ("Smith Jr.", "SMITH"),
        ("King III", "KING"), ("DOE", ""), ("Zztest", ""), ("TRAUMA 17", ""), ("BABY GIRL", ""), ("", ""), ("123", ""),
        ("Jr", "JR"), ("Doering", "DOERING"),
    ],
)  # fmt: skip
def test_a_surname_is_letters_only(text: str, expected: str) -> None:
    assert normalise.surname(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [("Zoë", "ZOE"), ("Mary Ann", "MARYANN"), ("BABY BOY", normalise.NEWBORN), ("Test", "")]
)
def test_a_given_name_is_letters_only(text: str, expected: str) -> None:
    assert normalise.given(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("19800214", date(1980, 2, 14)), ("1980-02-14", date(1980, 2, 14)), ("198002141530-0800", date(1980, 2, 14)),
        ("19000101", None), ("19010101", None), ("19000102", date(1900, 1, 2)), ("18991231", None), ("20990101", None),
        ("99991231", None), ("198002", None), ("19800230", None), ("", None), ("unknown", None),
    ],
)  # fmt: skip
def test_a_birth_date_is_a_real_day(text: str, expected: date | None) -> None:
    assert normalise.birth_date(text) == expected
