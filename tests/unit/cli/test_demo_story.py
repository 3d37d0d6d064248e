"""The demo's feed holds every kind of trouble, is made up, and is the same every time."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.hl7v2 import Hl7v2Reader
from connectors.hl7v2.book import read_book
from connectors.tabular.reader import TabularReader
from services.cli.demo.story import LENGTH, Story, Told, story

START = datetime(2025, 3, 1, 17, 0, tzinfo=UTC)
STORY = story(START)
HL7 = [line for line in STORY.lines if line.kind == "hl7v2"]


def trigger(line: Told) -> str:
    found = re.search(rb"ADT[\^*](A\d\d)", line.body)
    return found[1].decode() if found else ""


def field(line: Told, segment: str, number: int) -> str:
    for text in re.split(r"[\r\n]+", line.body.decode("latin-1")):
        parts = text.split("|")
        if parts[0] == segment:
            place = number - (segment == "MSH")
            return parts[place] if place < len(parts) else ""
    return ""


def triggers(*names: str) -> Callable[[], bool]:
    return lambda: {trigger(line) for line in HL7} >= set(names)


def noted(text: str) -> Callable[[], bool]:
    return lambda: any(text in line.note for line in HL7)


def stays_of(mrn: str) -> set[str]:
    return {field(line, "PV1", 19) for line in HL7 if field(line, "PID", 3).startswith(mrn)}


def two_feeds_tell_one_admission() -> bool:
    def told(feed: str, *, numbered: bool) -> set[tuple[str, ...]]:
        lines = (line for line in HL7 if line.feed == feed and bool(field(line, "PV1", 19)) == numbered)
        return {(trigger(line), field(line, "PID", 3), field(line, "PV1", 44)) for line in lines}

    return {name for name, *_ in told("hie-north", numbered=True) & told("hie-south", numbered=False)} == {"A01", "A03"}


def updates_of_the_busiest_visit() -> int:
    return max(Counter(field(line, "PV1", 19) for line in HL7 if trigger(line) == "A08").values())


def starts_under(number: str) -> set[str]:
    return {field(line, "PV1", 44) for line in HL7 if number in field(line, "PV1", 19)}


TROUBLES: dict[str, Callable[[], bool]] = {
    "exact duplicates": lambda: max(Counter(line.body for line in HL7).values()) == 4,
    "same MSH-10, other bytes": lambda: len({line.body for line in HL7 if field(line, "MSH", 10) == "N900001"}) == 2,
    "late discharge": noted("five days late"),
    "discharge before admission": noted("before its admission"),
    "cancelled admission and discharge": triggers("A11", "A13"),
    "an update that moves the discharge": noted("moves the discharge"),
    "a storm of updates": lambda: updates_of_the_busiest_visit() > 50,
    "merge in mid stay": triggers("A40"),
    "wrong patient": triggers("A45"),
    "emergency to inpatient by A06": triggers("A06"),
    "emergency to inpatient by a new number": lambda: len(stays_of("R4037")) == 2,
    "observation": lambda: any(field(line, "PV1", 18) == "OBS" and trigger(line) == "A04" for line in HL7),
    "inpatient reversed": triggers("A07"),
    "transfer": lambda: any(field(line, "PV1", 36) == "02" for line in HL7),
    "to a nursing facility": lambda: any(field(line, "PV1", 36) == "03" for line in HL7),
    "leave of absence": triggers("A21", "A22"),
    "readmission": noted("readmitted"),
    "death": lambda: any(field(line, "PID", 30) == "Y" and field(line, "PV1", 36) == "20" for line in HL7),
    "against medical advice": lambda: any(field(line, "PV1", 36) == "07" for line in HL7),
    "planned and called off": triggers("A05", "A38"),
    "a visit number used again": lambda: len(starts_under("REUSED-1")) == 2,
    "two exchanges, one without number": two_feeds_tell_one_admission,
    "not on the roster": lambda: sum("Bamboo" in field(line, "PID", 5) for line in HL7) >= 6,
    "newborn": lambda: any("BABY GIRL" in field(line, "PID", 5) for line in HL7),
    "wrong character set": lambda: any(b"\xc9" in line.body and b"UTF-8" in line.body for line in HL7)
    and any(b"\xc9" in line.body and b"ASCII" in line.body for line in HL7),
    "LF line ends": lambda: any(b"\n" in line.body and b"\r" not in line.body for line in HL7),
    "CRLF line ends": lambda: any(b"\r\nPID" in line.body for line in HL7),
    "malformed": lambda: any(not line.body.startswith(b"MSH") for line in HL7),
    "an impossible day": lambda: any(field(line, "PV1", 45) == "20259999999999" for line in HL7),
    "unknown trigger": triggers("A57"),
    "delimiters of its own": lambda: any(line.body.startswith(b"MSH#*!?@#") for line in HL7),
    "test message": lambda: any(field(line, "MSH", 11) == "T" for line in HL7),
    "cancelled transfer and deleted visit": triggers("A12", "A23"),
    "not interpreted": lambda: any(b"ORU^R01" in line.body for line in HL7),
}  # fmt: skip


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_story_holds(trouble: str) -> None:
    assert TROUBLES[trouble]()


def test_the_same_start_gives_the_same_bytes() -> None:
    assert story(START) == STORY
    assert story(START + timedelta(days=1)) != STORY


def test_it_is_told_in_order_and_ends_in_time() -> None:
    assert 280 <= len(HL7) <= 340
    times = [line.at for line in STORY.lines]
    assert times == sorted(times)
    assert LENGTH - timedelta(days=1) < times[-1] <= LENGTH
    assert {line.feed for line in HL7} == {"hie-north", "hie-south"}


@pytest.mark.parametrize("kind", ["facilities", "roster", "care_events", "claims"])
def test_its_tables_are_read_without_a_fault(kind: str) -> None:
    tables = {"facilities": [STORY.facilities_csv.encode()], "roster": [STORY.roster_csv.encode()]}
    bodies = tables.get(kind) or [line.body for line in STORY.lines if line.kind == kind]
    reader = TabularReader(kind, zone=ZoneInfo("America/Los_Angeles"))
    readings = [reading for body in bodies for reading in reader.read("demo", START + LENGTH, body)]
    assert {reading.outcome for reading in readings} == {"interpreted"}
    assert len(readings) >= {"facilities": 4, "roster": 40, "care_events": 5, "claims": 3}[kind]


def test_nobody_happens_in_the_future_of_who_tells_it() -> None:
    for line in HL7:
        sent = field(line, "MSH", 7)
        if sent and line.body.startswith(b"MSH|") and not line.note.startswith("a discharge on no"):
            local = (START + line.at).astimezone(ZoneInfo("America/Los_Angeles")).strftime("%Y%m%d%H%M%S")
            assert sent <= local
            assert max(field(line, "PV1", 44), field(line, "PV1", 45)) <= local or trigger(line) == "A05"


def test_the_reader_quarantines_what_is_noted_so_and_nothing_else() -> None:
    reader = Hl7v2Reader(read_book().profile_of)
    for line in HL7:
        (reading,) = reader.read(line.feed, START + line.at, line.body)
        assert (reading.outcome == "quarantined") == line.note.endswith(": quarantined"), line.note


def test_a_story_is_data() -> None:
    assert isinstance(STORY, Story)
    assert any(line.note for line in STORY.lines)
