"""A made-up plan and the messages its hospitals send: full segments, as large as real ones (about 1 kB each)."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import msgspec

_SURNAMES = ("ALDER", "ASPEN", "BIRCH", "CEDAR", "CYPRESS", "HAZEL", "JUNIPER", "LAUREL", "LINDEN", "MAPLE", "ROWAN")
_GIVEN = ("AVOCET", "CONDOR", "EGRET", "FINCH", "HERON", "IBIS", "KESTREL", "LARK", "MERLIN", "ORIOLE", "PLOVER")
_CODES = ("I50.9", "J18.9", "N17.9", "E11.65", "J44.1", "A41.9", "I21.4", "K92.2", "L03.115")
_WARDS = ("MED", "TEL", "ICU", "SURG", "ONC")
FACILITIES = ("BENCH-H1", "BENCH-H2", "BENCH-H3", "BENCH-H4")
START = datetime(2025, 3, 3, 8, tzinfo=UTC)
"""Where histories begin that are loaded and not lived."""


class Told(msgspec.Struct, frozen=True, order=True):
    """A message, or a row of a table, and when its sender recorded it."""

    at: datetime
    body: bytes
    kind: str = "hl7v2"


class Person(msgspec.Struct, frozen=True):
    """The n-th member, as the plan and the hospitals know them."""

    number: int

    @property
    def member_id(self) -> str:
        return f"B{self.number:07}"

    @property
    def cin(self) -> str:
        return f"9{self.number:07}{'ABCDEFGH'[self.number % 8]}"

    @property
    def mrn(self) -> str:
        return f"R{500000 + self.number}"

    @property
    def surname(self) -> str:
        return _SURNAMES[self.number % 11]

    @property
    def given(self) -> str:
        return _GIVEN[self.number // 11 % 11]

    @property
    def born(self) -> str:
        return f"{1935 + self.number % 60}-{1 + self.number % 12:02}-{1 + self.number % 28:02}"


class Visit(msgspec.Struct, frozen=True):
    """One visit, as told at some moment."""

    person: Person
    facility: str
    number: str
    patient_class: str
    ward: str
    code: str
    admitted: datetime
    discharged: datetime | None = None


def facilities_csv() -> bytes:
    """The facility registry."""
    rows = [(name, f"Hospital {name}", "acute", "America/Los_Angeles") for name in FACILITIES]
    return _csv([("facility_id", "name", "setting", "time_zone"), *rows])


def roster_csv(numbers: Sequence[int]) -> bytes:
    """The member information file: two of three in care management, half of all at high risk."""
    header = ("member_id", "cin", "last_name", "first_name", "birth_date", "mcp_id", "coverage_start", "sex",
              "ecm_provider_id", "ecm_status", "ecm_start", "lead_cm_id", "risk_tier", "assigned_on")  # fmt: skip
    return _csv([header, *(_roster_row(Person(number)) for number in numbers)])


def _roster_row(one: Person) -> Sequence[str]:
    provider = (f"P{one.number % 9}", "enrolled", "2024-06-01", f"L{one.number % 40}") if one.number % 3 else ("",) * 4
    risk = "high" if one.number % 2 else "low"
    person = (one.member_id, one.cin, one.surname, one.given, one.born)
    return (*person, "PLAN-A", "2023-01-01", "F", *provider, risk, "2024-05-20" if one.number % 3 else "")


def stay(person: Person, start: datetime, dice: Random, *, updates: int = 2) -> Iterator[Told]:
    """Admission, updates that say something new, a transfer, discharge home. One in five is an emergency visit."""
    facility, number = dice.choice(FACILITIES), f"V{person.number}{start:%y%m%d%H%M}"
    emergency = dice.random() < 0.2
    visit = Visit(person, facility, number, "E" if emergency else "I", "ED" if emergency else "MED", "R07.9", start)
    end = start + timedelta(hours=5 if emergency else 70)
    yield told("A04" if emergency else "A01", visit, start)
    step = (end - start) / (updates + 2)
    for count in range(1, updates + 1):
        code = _CODES[(count + person.number) % len(_CODES)]
        visit = msgspec.structs.replace(visit, code=code, ward=_WARDS[count // len(_CODES) % len(_WARDS)])
        yield told("A08", visit, start + count * step)
    if not emergency:
        yield told("A02", msgspec.structs.replace(visit, ward="TEL"), end - step)
    yield told("A03", msgspec.structs.replace(visit, discharged=end), end)


def crowd(numbers: Sequence[int], start: datetime, *, seed: int, days: float = 10) -> list[Told]:
    """A stay for each of these members, begun at random within so many days, in the order in which they are told."""
    dice = Random(seed)
    begun = [(number, start + timedelta(days=days * dice.random())) for number in numbers]
    return sorted(line for number, since in begun for line in stay(Person(number), since, dice))


def history(number: int, facts: int) -> list[Told]:
    """A member of about so many facts: short stays, or for long histories stays that were told at length."""
    updates = 0 if facts < 10 else 2 if facts < 100 else 7
    dice, person, lines = Random(number), Person(number), list[Told]()
    while len(lines) < facts - 3:
        lines += stay(person, START + timedelta(days=9 * (len(lines) // (updates + 2))), dice, updates=updates)
    return lines


def told(trigger: str, visit: Visit, at: datetime) -> Told:
    """One ADT message with CR line ends, worded as an exchange would."""
    person, when = visit.person, _ts(at)
    identifiers = f"{person.mrn}^^^{visit.facility}^MR~{person.cin}^^^DHCS^MC~{person.number:09}^^^USSSA^SS"
    doctor = "1700000000^OAK^WREN^^^DR^MD^^NPI^L^^^NPI"
    pv1 = {1: "1", 2: visit.patient_class, 3: f"{visit.ward}^{101 + person.number % 30}^A^{visit.facility}^^^^MAIN",
           4: "EM", 7: doctor, 8: doctor, 10: visit.ward, 14: "7", 17: doctor, 18: "IP",
           19: f"{visit.number}^^^{visit.facility}^VN", 20: "MCAL", 36: "01" if visit.discharged else "",
           39: visit.facility, 44: _ts(visit.admitted),
           45: _ts(visit.discharged) if visit.discharged else ""}  # fmt: skip
    address = f"{person.number % 900} BRANCH STREET^^SACRAMENTO^CA^95814^USA"
    born, name = person.born.replace("-", ""), f"{person.surname}^{person.given}"
    control = f"{trigger}{visit.number}{when}"
    msh = {2: "EPICADT", 3: visit.facility, 4: "HIE", 5: "PLAN", 6: when, 8: f"ADT^{trigger}^ADT_A01", 9: control,
           10: "P", 11: "2.5.1"}  # fmt: skip
    pid = {1: "1", 3: identifiers, 5: f"{name}^Q^^^^L", 7: born, 8: "F", 10: "2106-3^White^HL70005", 11: address,
           13: f"^PRN^PH^^1^916^555{person.number % 10000:04}", 14: "^WPN^PH^^1^916^5550100", 15: "ENG", 16: "M",
           17: "CHR", 18: f"A{visit.number}", 24: "N"}  # fmt: skip
    in1 = {1: "1", 2: "MCAL", 3: "PLANA", 4: "PLAN A", 5: "PO BOX 1^^SACRAMENTO^CA^95812", 12: "20230101", 15: "MCAL",
           16: name, 17: "SEL", 18: born, 19: address, 36: person.cin}  # fmt: skip
    segments = [
        f"MSH|^~\\&|{_fields(msh, first=2)}",
        f"EVN|{trigger}|{when}||01|ADTUSER^REGISTRAR^ONE|{when}|{visit.facility}",
        f"PID|{_fields(pid)}",
        f"NK1|1|{person.surname}^ROBIN|SPO^Spouse^HL70063|{address}|^PRN^PH^^1^916^5550199",
        f"PV1|{_fields(pv1)}",
        "PV2||^^|^Shortness of breath|||||||||||||||||||N",
        f"DG1|1||{visit.code}^Diagnosis as registered^I10||{when}|A",
        f"IN1|{_fields(in1)}",
    ]
    return Told(at, "".join(f"{segment}\r" for segment in segments).encode())


def _fields(values: Mapping[int, str], *, first: int = 1) -> str:
    return "|".join(values.get(field, "") for field in range(first, max(values) + 1))


def _ts(at: datetime) -> str:
    return f"{at:%Y%m%d%H%M%S}+0000"


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()
