"""Messages that nobody here wrote: 1,468 public files (origins and licences: SOURCES.md beside them)."""

import json
import re
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from connectors.hl7v2 import Hl7v2Reader
from connectors.hl7v2.batch import split_messages
from connectors.hl7v2.book import read_book
from connectors.hl7v2.charset import narrow
from connectors.hl7v2.header import read_header
from connectors.hl7v2.reader import Message, read_message
from services.intake.reading import Reading
from tests.corpora import corpora

NOW = datetime(2026, 1, 1, tzinfo=UTC)

NO_PID = "a parser's example: an ADT message without any PID names no patient"
NOBODYS = "a parser's example, or results of a specimen: an ORU message without any PID"
NO_MRG = "an A45 whose sender never says which patient the visit comes from"
NO_HEADER = "a batch example whose message has no MSH"
QUARANTINED = {
    "hapi/020.hl7": NO_MRG, "hapi/171.hl7": NO_MRG, "hapi/172.hl7": NO_MRG, "hapi/173.hl7": NO_MRG,
    "hapi/023.hl7": NO_PID, "hapi/024.hl7": NO_PID, "hapi/025.hl7": NO_PID, "hapi/026.hl7": NO_PID,
    "ms-fhir-converter/141.hl7": NO_PID, "ms-fhir-converter/142.hl7": NO_PID, "nhapi/083.hl7": NO_PID,
    "python-hl7/010.hl7": NO_PID, "python-hl7/020.hl7": NO_PID,
    "ms-fhir-converter/046.hl7": "an A41 (merge account) without the earlier account in MRG-3",
    "hapi/051.hl7": NOBODYS, "hapi/105.hl7": NOBODYS, "hapi/106.hl7": NOBODYS, "hapi/107.hl7": NOBODYS,
    "hapi/108.hl7": NOBODYS, "hapi/109.hl7": NOBODYS, "hapi/110.hl7": NOBODYS, "hapi/111.hl7": NOBODYS,
    "hapi/185.hl7": NOBODYS, "prime-reportstream/149.hl7": NOBODYS, "rethinkhealth/028.hl7": NOBODYS,
    "python-hl7/009.hl7": NO_HEADER, "python-hl7/018.hl7": NO_HEADER, "python-hl7/021.hl7": NO_HEADER,
}  # fmt: skip
"""Reviewed: files that their index calls well-formed and we set aside, and why."""

MESSAGES_MORE = {
    "python-hl7/009.hl7": 1, "python-hl7/010.hl7": 1, "python-hl7/018.hl7": 1, "python-hl7/021.hl7": 1,
    "nhapi/malformed/100.hl7": 1, "rethinkhealth/malformed/060.hl7": 1,
}  # fmt: skip
"""Text without MSH: no message to the index; to us one that is wrong, so that it is not lost."""

ORACLE_SKIPS: dict[str, str] = {
    "hapi/172.hl7": "MSH-12 is empty",
    "nhapi/048.hl7": "MSH-12 is 2.7.1",
    "rethinkhealth/041.hl7": "MSH-12 is 1.0",
    "rethinkhealth/039.hl7": "a segment is named PV",
    "linuxforhealth/292.hl7": "the escape character is written twice in MSH-2",
    "linuxforhealth/293.hl7": "the escape character is written twice in MSH-2",
    "simhospital/1024.hl7": "the escape character is written twice in MSH-2",
}
"""Reviewed: ADT files that hl7apy cannot read, and why ours does."""

NOT_UTF8 = "windows-1252 umlauts: the oracle is given UTF-8 with replacement marks, we guess the character set"
DIFFERENCES: dict[tuple[str, str], str] = {
    ("ipf/074.hl7", "MSH(0)-5"): NOT_UTF8,
    ("ipf/074.hl7", "MSH(0)-6"): NOT_UTF8,
}
"""Reviewed: (file, field) where hl7apy reads otherwise, and why ours stands."""

COMPARED = {
    "MSH": (3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16, 18), "EVN": (1, 2, 6, 7),
    "PID": (2, 3, 4, 5, 7, 18, 29, 30, 31), "PV1": (2, 3, 10, 18, 19, 36, 39, 44, 45, 50), "PV2": (8,),
    "DG1": (1, 3, 6, 15, 21), "MRG": (1, 2, 3, 4, 5, 6), "IN1": (36, 49), "IN2": (6, 8),
}  # fmt: skip
"""Every field that the mapping reads."""


def index() -> list[dict[str, Any]]:
    text = (corpora("hl7v2") / "INDEX.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


@cache
def reader() -> Hl7v2Reader:
    return Hl7v2Reader(read_book().profile_of)


def readings(body: bytes) -> list[Reading]:
    return list(reader().read("corpus", NOW, body))


def dense(parts: tuple[bytes, ...]) -> bytes:
    return b"".join(b"".join(part.split()) for part in parts)


def test_every_file_is_read_without_a_defect_of_ours() -> None:
    for row in index():
        found = readings((corpora("hl7v2") / row["file"]).read_bytes())
        assert found, row["file"]
        assert not [one for one in found if one.problem and one.problem.reason == "unreadable"], row["file"]


def test_splitting_loses_nothing_and_finds_every_message() -> None:
    for row in index():
        body = narrow((corpora("hl7v2") / row["file"]).read_bytes())
        split = split_messages(body)
        assert sorted(dense(split.messages + split.envelope)) == sorted(dense((body,))), row["file"]
        assert len(split.messages) == row["messages"] + MESSAGES_MORE.get(row["file"], 0), row["file"]


def test_only_malformed_and_reviewed_files_are_quarantined() -> None:
    aside = set()
    for row in index():
        found = readings((corpora("hl7v2") / row["file"]).read_bytes())
        if not row["malformed"] and any(one.outcome == "quarantined" for one in found):
            aside.add(row["file"])
    assert aside == set(QUARANTINED)


def test_a_problem_never_repeats_what_the_message_says() -> None:
    for row in index():
        body = (corpora("hl7v2") / row["file"]).read_bytes()
        for one in readings(body):
            words = re.findall(r"[0-9]{5,}|[A-Z]{4,}", one.problem.shape) if one.problem else []
            assert not words, row["file"]


def test_the_light_header_agrees_with_the_whole_reader() -> None:
    for row in index():
        for part in split_messages(narrow((corpora("hl7v2") / row["file"]).read_bytes())).messages:
            try:
                msh = read_message(part).first("MSH")
            except Exception:  # noqa: BLE001 (what is wrong with it is another test's business)
                continue
            header = read_header(part)
            assert msh is not None
            assert header is not None, row["file"]
            if part.isascii():
                seen = (header.application, header.sent, header.control_id, header.version, header.charset)
                whole = tuple(msh.raw(field).replace("\x00", "") for field in (3, 7, 10, 12, 18))
                assert tuple(text.replace("\x00", "").strip() for text in seen) == tuple(
                    text.strip() for text in whole
                ), row["file"]


def test_fields_are_where_hl7apy_finds_them() -> None:
    """Field by field, over every well-formed ADT message."""
    differences: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    skipped = set()
    compared = 0
    for row in index():
        if row["malformed"] or not str(row["type"]).startswith("ADT"):
            continue
        body = (corpora("hl7v2") / row["file"]).read_bytes()
        for part in split_messages(narrow(body)).messages:
            if not part.startswith((b"MSH", b"\xef\xbb\xbfMSH")):
                continue
            ours = read_message(part)
            theirs = oracle(part)
            if theirs is None:
                skipped.add(row["file"])
                continue
            for field, mine, other in compare(ours, theirs):
                compared += 1
                if mine != other:
                    differences[row["file"], field] = (mine, other)
    assert skipped == set(ORACLE_SKIPS)
    assert {key: both for key, both in differences.items() if key not in DIFFERENCES} == {}
    assert set(DIFFERENCES) == set(differences)
    assert compared > 10_000


def oracle(part: bytes) -> Any:
    hl7apy = pytest.importorskip("hl7apy.parser", reason="hl7apy is the oracle")
    from hl7apy.consts import VALIDATION_LEVEL

    text = part.decode("utf-8", "replace").lstrip("\ufeff \r\n").replace("\r\n", "\r").replace("\n", "\r")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return hl7apy.parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)
        except Exception:  # noqa: BLE001 (an oracle that gives up is listed, not followed)
            return None


def compare(ours: Message, theirs: Any) -> Iterator[tuple[str, list[str], list[str]]]:
    """(SEG(n)-field, our values, hl7apy's) for every field that the mapping reads and the message's version defines.

    Values are compared in order, empty ones left out: hl7apy packs components that its version does not define.
    """
    for name, numbers in COMPARED.items():
        mine = ours.all(name)
        other = [segment for segment in theirs.children if segment.name == name]
        yield f"{name} count", [str(len(mine))], [str(len(other))]
        for place, (one, two) in enumerate(zip(mine, other, strict=False)):
            for number in numbers:
                if f"{name}_{number}" in two.structure_by_name:
                    found = [field.to_er7() for field in two.children if field.name == f"{name}_{number}"]
                    yield f"{name}({place})-{number}", values(one.raw(number), ours), values("~".join(found), ours)


def values(text: str, message: Message) -> list[str]:
    signs = message.signs
    marks = re.escape("".join((signs.component, signs.repetition or "~", signs.subcomponent, "~")))
    found = [value.strip() for value in re.split(f"[{marks}]", text)]
    return [value.lstrip("0") if value.isdigit() else value for value in found if value]
