"""The whole report as a value: what `--json` prints, and what the text and the draft are made of."""

from typing import Literal

import msgspec

from services.onboarding.clocks import ClockFindings
from services.onboarding.patients import PatientFindings
from services.onboarding.places import PlaceFindings
from services.onboarding.traffic import TrafficFindings
from services.onboarding.visits import VisitFindings
from services.onboarding.wire import WireFindings

Verdict = Literal["pass", "fail", "unknown"]


class Gate(msgspec.Struct, frozen=True):
    """One go-live gate of interop §6.4: what is asked, what the sample shows, and the verdict."""

    name: str
    asked: str
    found: str
    verdict: Verdict


class Question(msgspec.Struct, frozen=True):
    """A question of meaning for the sender (interop §6.2), and what the sample says to it.

    `raised`: the sample shows something that must be answered before go-live; else it is merely worth asking.
    """

    ask: str
    evidence: list[str]
    raised: bool


class StrictFinding(msgspec.Struct, frozen=True):
    """A departure from the standard's grammar: where, of which kind, in how many of the checked messages."""

    where: str
    kind: str
    messages: int
    example: int


class StrictFindings(msgspec.Struct, frozen=True):
    """What hl7apy says of the checked messages; `unreadable` are those that it could not parse at all."""

    checked: int
    valid: int
    unreadable: int
    findings: list[StrictFinding]


class Report(msgspec.Struct, frozen=True):
    """Everything that a sample says of its feed. Ordinals count messages from 1, over all files in order.

    `sources` are the files with the number of messages of each; `other_lines` are journal lines and files of other
    kinds or feeds, left out; `count_mismatches` are files whose trailers count otherwise than we do.
    """

    feed: str
    profile: str
    sources: list[tuple[str, int]]
    other_lines: int
    count_mismatches: int
    wire: WireFindings
    traffic: TrafficFindings
    clocks: ClockFindings
    patients: PatientFindings
    visits: VisitFindings
    places: PlaceFindings
    gates: list[Gate]
    questions: list[Question]
    strict: StrictFindings | None = None

    @property
    def passes(self) -> bool:
        """No gate that the sample can decide is failed."""
        return all(gate.verdict != "fail" for gate in self.gates)
