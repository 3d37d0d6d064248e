"""The report is about a feed: what a message says of a person is in none of its forms, wherever it stands."""

import re

import msgspec
import pytest

from services.onboarding.drafting import draft
from services.onboarding.telling import told
from tests.unit.hl7v2.support import book
from tests.unit.onboarding.support import lint

CANARY = re.compile(rb"QX[A-Z]{2}\d|9{3}\d{5}[A-Z]|7{4}\d{4}|1901\d{4}", re.IGNORECASE)


def person(n: int, trigger: str = "A01") -> list[str]:
    """The segments of a message that says everything of its patient; each value is a canary."""
    cin, born, number = f"9990000{n}A", f"1901070{n}", f"7777000{n}"
    name, address = f"QXSN{n}^QXGN{n}^QXMN{n}|QXMO{n}", f"QXST{n} ROAD^^QXCY{n}^CA||QXPH{n}|QXPB{n}"
    numbers = f"{cin}|{number}^^^H1^MR~{cin}^^^DHCS^MC|QXAL{n}"
    pid = f"PID|1|{numbers}|{name}|{born}|F|QXAK{n}||{address}||||QXAC{n}|QXSS{n}"
    pv1 = f"PV1|1|I|MED^1^A^H1||||QXDR{n}|||MED||||||||IP|QXVN{n}^^^H1|||||||||||||||||01||||||||202503030800"
    return [
        f"MSH|^~\\&|ADT|H1|||20250303141200||ADT^{trigger}|C{n}{trigger}|P|2.5.1",
        f"EVN|{trigger}|20250303141000",
        pid,
        f"NK1|1|QXNK{n}^QXNG{n}|SPO|QXNA{n}",
        pv1,
        f"DG1|1||I50.9^QXDG{n}",
        f"IN1|1|MCAL|P1||||||||||||||QXIN{n}||{born}|QXIA{n}|||||||||||||||||{cin}",
        f"ZPX|1|QXZZ{n}|{cin}",
    ]


def said(*messages: list[str]) -> bytes:
    bodies = ["\r".join([*lines, ""]).encode() for lines in messages]
    report = lint(*bodies, strict=len(bodies))
    default = book().profiles["default"]
    text = "\n".join(told(report)) + draft(report, default, default)
    return text.encode() + msgspec.json.encode(report)


def shifted(lines: list[str], by: int) -> list[str]:
    """Every segment but the header with so many fields too many, or too few, after its name."""
    moved = [lines[0]]
    for line in lines[1:]:
        parts = line.split("|")
        moved.append("|".join([parts[0], *[""] * max(by, 0), *parts[1 + max(-by, 0) :]]))
    return moved


def test_the_canaries_sing_where_they_are_meant_to() -> None:
    assert len(set(CANARY.findall("\r".join(person(1)).encode()))) > 20


def test_no_value_of_a_person_is_said() -> None:
    messages = [person(n, trigger) for n in range(1, 5) for trigger in ("A01", "A08", "A03")]
    assert CANARY.findall(said(*messages)) == []


@pytest.mark.parametrize("by", range(-30, 31))
def test_nor_when_the_sender_is_shifted_by_some_fields(by: int) -> None:
    assert CANARY.findall(said(*(shifted(person(n), by) for n in (1, 1, 2, 3)))) == []


def test_nor_when_a_family_shares_its_values() -> None:
    """Mother and child have one surname and one account; three more patients show that the place holds no codes."""
    family = [[line.replace("QXVN2", "QXVN1").replace("QXSN2", "QXSN1") for line in person(n)] for n in range(1, 6)]
    for by in range(-30, 31):
        assert CANARY.findall(said(*(shifted(lines, by) for lines in family))) == []


@pytest.mark.parametrize(
    ("segment", "field"),
    [("MSH", 8), ("MSH", 11), ("EVN", 1), ("EVN", 6), ("EVN", 7), ("PV1", 2), ("PV1", 3), ("PV1", 10), ("PV1", 18),
     ("PV1", 36), ("PV1", 39), ("PV1", 44), ("PV1", 45), ("MSH", 17), ("MSH", 10)],
)  # fmt: skip
@pytest.mark.parametrize("value", ["QXSN{n}", "QXVN{n}", "9990000{n}A", "QXSN{n}^QXGN{n}", "7777000{n}"])
def test_nor_when_a_code_is_overwritten_with_it(segment: str, field: int, value: str) -> None:
    messages = []
    for n in (1, 2, 3):
        lines = person(n, "A03")
        place = next(place for place, line in enumerate(lines) if line.startswith(segment))
        parts = (lines[place] + "|" * 46).split("|")
        parts[field] = value.format(n=n)
        lines[place] = "|".join(parts).rstrip("|")
        messages.append(lines)
    assert CANARY.findall(said(*messages)) == []
