"""A statement with its times resolved: what the sender meant, in this registry and these zones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from zoneinfo import ZoneInfo

from models.events import NEGATIONS, PatientClass, Statement, Teller
from models.reference import FeedHabits, Reference
from models.time import Instant, Precision, Stamp, resolve

Version = tuple[Instant, Instant, bool, Instant, str]

FUTURE_TOLERANCE = timedelta(minutes=15)
"""A time further ahead of its receipt than this is clamped for clocks (interop R-65)."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A statement as one member's facts hold it: who told it, and since when its patient is known to be the member."""

    statement: Statement
    tellers: tuple[Teller, ...]
    linked_at: Instant


@dataclass(frozen=True, slots=True)
class Said:
    """A `Heard` statement, resolved.

    `version` orders statements (design §4); `told_at` is the later of first receipt and link; `patient_class` has the
    facility's setting applied; `admitted` and `discharged` are None when not stated.
    """

    heard: Heard
    facility_id: str
    patient_class: PatientClass
    recorded: Instant
    occurred: Instant
    admitted: Instant | None
    discharged: Instant | None
    expected: Instant | None
    first_receipt: Instant
    told_at: Instant
    name: str
    version: Version
    zone_flags: tuple[str, ...]

    @property
    def kind(self) -> str:
        return self.heard.statement.kind

    @property
    def statement(self) -> Statement:
        return self.heard.statement

    @property
    def feed(self) -> str:
        return self.heard.statement.feed


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


class Resolver:
    """Resolves a member's statements against the reference data."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def facility_of(self, statement: Statement) -> str:
        """The registry's id of the first stated facility that it knows; else the first stated one, as stated."""
        for stated in statement.facilities:
            known = self._reference.facilities.get(stated.upper())
            if known is not None:
                return known.facility_id
        return statement.facilities[0] if statement.facilities else ""

    def authority(self, stated: str, facility_id: str) -> str:
        """Who assigned a visit number: the facility, under whatever name, unless somebody else is stated."""
        known = self._reference.facilities.get(stated.upper())
        return known.facility_id if known else stated.upper() or facility_id

    def resolve(self, heard: Heard) -> list[Said]:
        """Resolve one statement; its zone is the facility's, else the feed's, else the setting's (R-65).

        An update is said again by every teller with clocks of its own: what it states may have died in between.
        """
        statement = heard.statement
        facility_id = self.facility_of(statement)
        facility = self._reference.facilities.get(facility_id.upper())
        habits = self._reference.feeds.get(statement.feed, FeedHabits())
        named = (facility.time_zone if facility else "") or habits.time_zone
        zone = _zone(named) if named else self._reference.zone
        flags: set[str] = set()

        def instant(stamp: Stamp | None) -> Instant | None:
            if stamp is None:
                return None
            if stamp.offset is None and not named:
                flags.add("tz_assumed")
            resolved = resolve(stamp, zone)
            flags.update(resolved.flags)
            return resolved.at

        first = heard.tellers[0]
        admitted = instant(statement.admitted)
        discharged = instant(_end_of_day(statement.discharged))
        patient_class = in_setting(statement.patient_class, facility.setting if facility else "")
        expected = instant(statement.expected)
        clocks = _clocks(heard, instant, admitted, discharged)
        return [
            Said(
                heard=heard,
                facility_id=facility_id,
                patient_class=patient_class,
                recorded=recorded,
                occurred=occurred,
                admitted=admitted,
                discharged=discharged,
                expected=expected,
                first_receipt=first.received_at,
                told_at=max(first.received_at, heard.linked_at),
                name=first.name,
                version=(recorded, occurred, statement.kind in NEGATIONS, told.received_at, told.name),
                zone_flags=tuple(sorted(flags)),
            )
            for (recorded, occurred), told in clocks.items()
        ]


Clocks = dict[tuple[Instant, Instant], Teller]
"""(recorded, occurred) pairs, each with who told it first."""


def _clocks(
    heard: Heard,
    instant: Callable[[Stamp | None], Instant | None],
    admitted: Instant | None,
    discharged: Instant | None,
) -> Clocks:
    """The clocks of a statement by R-64: one pair, but for an update, whose tellers hold them."""
    statement, first = heard.statement, heard.tellers[0]
    if statement.kind != "update":
        stated = {"admit": admitted, "to_inpatient": admitted, "discharge": discharged}.get(statement.kind)
        sent = instant(statement.sent) or instant(first.sent)
        recorded = instant(statement.recorded)
        occurred = instant(statement.occurred) or stated or recorded or sent or first.received_at
        return {(recorded or occurred, occurred): first}
    found: Clocks = {}
    for teller in heard.tellers:
        occurred_at = instant(teller.occurred)
        clock = instant(teller.recorded) or occurred_at or instant(teller.sent) or teller.received_at
        found.setdefault((clock, occurred_at or clock), teller)
    return found


def _end_of_day(stamp: Stamp | None) -> Stamp | None:
    """A discharge known by its date alone is over by the end of that day (contract)."""
    if stamp is None or stamp.precision != "day":
        return stamp
    return Stamp(stamp.wall.replace(hour=23, minute=59, second=59), stamp.offset, "day")


def in_setting(stated: PatientClass, setting: str) -> PatientClass:
    """Let the facility's setting override a class that PV1-2 cannot express. Source: care-rules §0.4."""
    match setting:
        case "snf" | "ltc" if stated in ("inpatient", "other", ""):
            return setting
        case "ed" if stated in ("inpatient", "other", "outpatient", ""):
            return "emergency"
        case "clinic" if stated in ("other", ""):
            return "outpatient"
        case "psych" | "sud_res" | "irf" | "ltach" if stated in ("other", ""):
            return "inpatient"
    return stated


def precision_of(stamp: Stamp | None) -> Precision:
    """How precise a stated time was."""
    return stamp.precision if stamp else "second"


def clamped(at: Instant, receipt: Instant) -> Instant:
    """The time a clock may start from: nothing starts in the future of the message that told it."""
    return receipt if at - receipt > FUTURE_TOLERANCE else at


def is_ahead(said: Said) -> bool:
    """Whether a stated discharge lies in the future of its message; today's date alone does not."""
    if said.discharged is None:
        return False
    is_day = precision_of(said.statement.discharged) == "day"
    return said.discharged - said.first_receipt > (timedelta(days=1) if is_day else FUTURE_TOLERANCE)


def first_told(said: Sequence[Said]) -> Said:
    """The statement that was received first; ties by name."""
    return min(said, key=lambda s: (s.first_receipt, s.name))
