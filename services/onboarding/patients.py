"""Patients: identifiers and who assigns them, where member ids stand, placeholders (interop §4.3). No value is kept."""

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from connectors.hl7v2.delimiters import Delimiters
from connectors.hl7v2.profile import FeedProfile
from connectors.hl7v2.reader import Segment
from services.identity import normalise
from services.onboarding.sample import Sample
from services.onboarding.words import Share, Words

# Cheap and generous: what it finds is then read as `services.identity.normalise` reads it.
_CANDIDATE = re.compile(
    r"(?<![A-Za-z0-9])(?:\d{8}[A-Za-z](?![A-Za-z])|[1-9][A-Za-z][A-Za-z0-9]\d-?[A-Za-z][A-Za-z0-9]\d)"
)
_SEARCHED = re.compile(r"PID|IN\d|PD1|Z[A-Z0-9]{2}")
_TYPES = frozenset({"AN", "DL", "EI", "EPI", "FI", "GI", "HC", "JHN", "LR", "MA", "MB", "MC", "MCD", "MR", "MRN", "NI",
                    "NPI", "PI", "PN", "PRN", "PT", "RI", "SB", "SN", "SS", "U", "UPIN", "VN", "XX"})  # fmt: skip
"""CX.5, table 0203 and what senders write instead: no person is called so."""


class Identifiers(msgspec.Struct, frozen=True):
    """PID-3 repetitions of one authority (CX.4) and type (CX.5)."""

    authority: str
    type: str
    count: int


class MemberIds(msgspec.Struct, frozen=True):
    """Values that look like a member's number (`cin`, `mbi`), where they stand and how many messages have one."""

    where: str
    kind: str
    type: str
    count: int


class PatientFindings(msgspec.Struct, frozen=True):
    """Of ADT messages that were read, except `patients` (distinct source patients) and `identifiers` (repetitions).

    `record_number` is how many messages have a PID-3 repetition that the profile takes for the record number; in the
    others the first repetition names the patient. `authority_absent` are record numbers without CX.4. `recognised` is
    how many messages the profile takes evidence of each kind from. `first_of_january` birth dates are evidence of a
    year only where they exceed 1 %. `several_facilities` are patients whom more than one facility speaks of.
    """

    patients: int
    messages: int
    unidentified: int
    record_number: Share
    identifiers: list[Identifiers]
    authority_absent: Share
    member_ids: list[MemberIds]
    recognised: dict[str, int]
    any_member_id: Share
    birth_date_absent: Share
    first_of_january: Share
    placeholder_names: Share
    identity_unknown: int
    social_security: Share
    several_facilities: Share


class Patients:
    """Collects `PatientFindings`."""

    def __init__(self, profile: FeedProfile) -> None:
        self._mrn_lines = [line for at, lines in profile.by_field if at[:2] == ("PID", 3) for line in lines]
        self._authorities, self._types = Words(), Words(known=_TYPES)
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._member_ids: Counter[tuple[str, str, str]] = Counter()
        self._recognised: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._facility_of: dict[str, str] = {}
        self._shared: set[str] = set()

    def see(self, sample: Sample) -> None:
        """Take in a message."""
        known, pid = sample.known, sample.first("PID")
        if known is None or pid is None:
            return
        self._counts["messages"] += 1
        kinds = {kind for kind, _ in known.persona.identifiers}
        self._recognised.update(kinds)
        self._counts["recognised"] += bool(kinds)
        self._see_identifiers(pid, sample)
        self._see_member_ids(sample)
        self._see_person(pid)
        self._see_facility(sample)

    def _see_identifiers(self, pid: Segment, sample: Sample) -> None:
        has_record_number = False
        for value in pid.repetitions(3):
            number = pid.part(value)
            if not number:
                continue
            authority, kind = pid.part(value, 4) or pid.part(value, 4, 2), pid.part(value, 5)
            self._authorities.see(authority, sample.witness)
            self._types.see(kind, sample.witness)
            self._pairs[authority, kind] += 1
            line = next((line for line in self._mrn_lines if line.read(number, kind)), None)
            if line and line.kind == "mrn":
                has_record_number = True
                self._counts["mrn"] += 1
                self._counts["mrn_alone"] += not authority
        self._counts["record_number"] += has_record_number

    def _see_member_ids(self, sample: Sample) -> None:
        assert sample.message is not None
        found: set[tuple[str, str, str]] = set()
        for line in sample.message.lines:
            if _SEARCHED.match(line):
                found.update(_member_ids(line, sample.message.signs))
        self._member_ids.update(found)

    def _see_person(self, pid: Segment) -> None:
        born = pid.text(7)
        self._counts["unborn"] += normalise.birth_date(born) is None
        self._counts["january"] += born.replace("-", "")[4:8] == "0101"
        surname, given = pid.text(5), pid.text(5, 2)
        self._counts["named"] += bool(surname)
        if surname and (
            not normalise.surname(surname) or (given and normalise.given(given) in {"", normalise.NEWBORN})
        ):
            self._counts["placeholder"] += 1
        self._counts["unknown"] += pid.text(31).upper() == "Y"
        self._counts["ssn"] += bool(pid.text(19))

    def _see_facility(self, sample: Sample) -> None:
        patient, said = sample.patient, sample.statement
        if not patient:
            self._counts["unidentified"] += 1
        elif patient not in self._facility_of:
            self._facility_of[patient] = said.facilities[0] if said and said.facilities else ""
        elif said and said.facilities and said.facilities[0] != self._facility_of[patient]:
            if self._facility_of[patient]:
                self._shared.add(patient)
            self._facility_of[patient] = said.facilities[0]

    def findings(self) -> PatientFindings:
        messages = self._counts["messages"]
        return PatientFindings(
            patients=len(self._facility_of),
            messages=messages,
            unidentified=self._counts["unidentified"],
            record_number=Share(self._counts["record_number"], messages),
            identifiers=list(self._identifiers()),
            authority_absent=Share(self._counts["mrn_alone"], self._counts["mrn"]),
            member_ids=[MemberIds(where, kind, type_, n) for (where, kind, type_), n in self._found()],
            recognised=dict(sorted(self._recognised.items())),
            any_member_id=Share(self._counts["recognised"], messages),
            birth_date_absent=Share(self._counts["unborn"], messages),
            first_of_january=Share(self._counts["january"], messages),
            placeholder_names=Share(self._counts["placeholder"], self._counts["named"]),
            identity_unknown=self._counts["unknown"],
            social_security=Share(self._counts["ssn"], messages),
            several_facilities=Share(len(self._shared), len(self._facility_of)),
        )

    def _identifiers(self) -> Iterator[Identifiers]:
        told: Counter[tuple[str, str]] = Counter()
        for (authority, kind), count in self._pairs.items():
            told[self._authorities.name(authority), self._types.name(kind)] += count
        yield from (Identifiers(authority, kind, count) for (authority, kind), count in told.most_common())

    def _found(self) -> list[tuple[tuple[str, str, str], int]]:
        told: Counter[tuple[str, str, str]] = Counter()
        for (where, kind, type_), count in self._member_ids.items():
            told[where, kind, self._types.name(type_)] += count
        return sorted(told.items(), key=lambda one: (-one[1], one[0]))


def _member_ids(line: str, signs: Delimiters) -> Iterator[tuple[str, str, str]]:
    """(place, kind, CX.5) of every first component in a segment that reads as a member's number."""
    fields = {line.count(signs.field, 0, hit.start()) for hit in _CANDIDATE.finditer(line)}
    if not fields:
        return
    segment = Segment(line.split(signs.field), signs)
    for field in fields:
        for value in segment.repetitions(field):
            text = segment.part(value)
            kind = "mbi" if normalise.mbi(text) else "cin" if _is_cin(text) else ""
            if kind:
                yield f"{segment.name}-{field}", kind, segment.part(value, 5)


def _is_cin(text: str) -> bool:
    """Eight digits and a letter, and at most the check digits after it: 9 characters of 14."""
    return len(text) <= 14 and bool(normalise.cin(text))
