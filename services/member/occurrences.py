"""What happens to an encounter: occurrences, and the legs in which it climbs to a bed."""

from dataclasses import dataclass, field
from typing import Literal

from models.events import PatientClass
from models.time import Instant, Precision
from services.member.said import Said, clamped, first_told

RANK: dict[str, int] = {"": 0, "other": 0, "outpatient": 0, "emergency": 1, "observation": 2}
"""How far a class is on the way into a bed; the beds (`inpatient`, `snf`, `ltc`) rank 3."""
BEDS = frozenset({"inpatient", "snf", "ltc"})


def rank(patient_class: PatientClass) -> int:
    """Order classes: a later statement may raise an encounter's class; only A07 takes it back."""
    return RANK.get(patient_class, 3)


OccurrenceEvent = Literal["planned", "admitted", "discharged", "level_changed"]


@dataclass(slots=True)
class Occurrence:
    """Something that happened to an encounter between two cancels, and the statements that told it.

    `at` is its event time, `precision` how well it is known; `ended_by` is the statement that took it back, None while
    it stands. `disposition` belongs to discharges. `clock_at` is where clocks start: `at`, unless whoever stated it
    dated it ahead of its own receipt. `first` told it first: ids hang on that message's name. `told_at` is when it was
    both received and known to be about the member.
    """

    event: OccurrenceEvent
    patient_class: PatientClass
    at: Instant
    told: list[Said]
    precision: Precision = "second"
    disposition: str = ""
    ended_by: Said | None = None
    clock_at: Instant | None = None
    moved_by: Said | None = None
    flags: set[str] = field(default_factory=set)
    first: Said = field(init=False)
    told_at: Instant = field(init=False)

    def __post_init__(self) -> None:
        self.first = first_told(self.told)
        self.told_at = min(s.told_at for s in self.told)

    def hear(self, s: Said) -> None:
        """Another statement tells it."""
        self.told.append(s)
        if s.order < self.first.order:
            self.first = s
        if s.told_at < self.told_at:
            self.told_at = s.told_at

    def move(self, at: Instant, s: Said) -> None:
        """Take the time that a statement gives."""
        if self.moved_by is None or at != self.at:
            self.moved_by = s
        self.at, self.clock_at = at, clamped(at, s.first_receipt)

    @property
    def because(self) -> tuple[str, ...]:
        """The messages it rests on: who told it first, and who gave it its time. One more teller changes nothing."""
        return tuple(sorted({self.first.name, (self.moved_by or self.first).name}))

    @property
    def starts_at(self) -> Instant:
        """Where clocks start."""
        return self.clock_at or self.at


@dataclass(slots=True)
class Leg:
    """A stretch of an encounter in one class; `opened_by` is the statement that opened it."""

    patient_class: PatientClass
    started_at: Instant | None
    admission: Occurrence
    opened_by: Said
    precision: Precision = "second"
    level_change: Occurrence | None = None
