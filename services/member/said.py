"""A statement with its times resolved: what the sender meant, in this registry and these zones."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache, lru_cache
from operator import attrgetter
from zoneinfo import ZoneInfo

import msgspec

from models.events import NEGATIONS, Facility, PatientClass, Statement, StatementKind, Teller
from models.reference import FeedHabits, Reference
from models.time import Instant, Precision, Stamp, resolve

Version = tuple[Instant, Instant, bool, Instant, str]
Key = tuple[str, ...]
"""What an encounter is known by: its kind of number, who assigned it, and the number."""

FUTURE_TOLERANCE = timedelta(minutes=15)
"""A time further ahead of its receipt than this is clamped for clocks (interop R-65)."""


class Heard(msgspec.Struct, frozen=True, gc=False):
    """A statement as one member's facts hold it: who told it, and since when its patient is known to be the member."""

    statement: Statement
    tellers: tuple[Teller, ...]
    linked_at: Instant


class Said(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A `Heard` statement, resolved; equal to itself alone.

    `number` names the encounter; `version` orders statements (design §4), `order` their first receipts; `told_at` is
    the later of first receipt and link; `patient_class` has the facility's setting applied; `admitted` and `discharged`
    are None when not stated.
    """

    heard: Heard
    statement: Statement
    kind: StatementKind
    feed: str
    facility_id: str
    number: Key | None
    patient_class: PatientClass
    occurred: Instant
    admitted: Instant | None
    discharged: Instant | None
    expected: Instant | None
    first_receipt: Instant
    told_at: Instant
    name: str
    version: Version
    order: tuple[Instant, str]
    zone_flags: tuple[str, ...]


# A message repeats its few times in field after field, and the messages of a visit repeat each other's.
_resolved = lru_cache(maxsize=20_000)(resolve)


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a statement speaks of: the facility, and the zone of times without offset (`named` by somebody, or not)."""

    facility_id: str
    facility: Facility | None
    zone: ZoneInfo
    named: bool


class Resolver:
    """Resolves statements against the reference data, and remembers the places that they name."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self.place = lru_cache(maxsize=10_000)(self._place)

    def _place(self, feed: str, stated: tuple[str, ...]) -> Place:
        """The first stated facility that the registry knows, else the first one as stated; its zone is the
        facility's, else the feed's, else the setting's (R-65).
        """
        facilities = self._reference.facilities
        known = next((facilities[name.upper()] for name in stated if name.upper() in facilities), None)
        facility_id = known.facility_id if known else stated[0] if stated else ""
        facility = facilities.get(facility_id.upper())
        named = (facility.time_zone if facility else "") or self._reference.feeds.get(feed, FeedHabits()).time_zone
        return Place(facility_id, facility, _zone(named) if named else self._reference.zone, bool(named))

    def authority(self, stated: str, facility_id: str) -> str:
        """Who assigned a visit number: the facility, under whatever name, unless somebody else is stated."""
        known = self._reference.facilities.get(stated.upper())
        return known.facility_id if known else stated.upper() or facility_id

    def _number(self, statement: Statement, facility_id: str) -> Key | None:
        """The ladder of R-71: PV1-19, else PV1-50, else PID-18, each within who assigned it."""
        if statement.visit:
            return ("visit", self.authority(statement.visit[0], facility_id), statement.visit[1])
        if statement.alternate_visit:
            return ("alternate_visit", facility_id, statement.alternate_visit)
        if statement.account:
            return ("account", facility_id, statement.account)
        return None

    def resolve(self, heard: Heard) -> list[Said]:
        """Resolve one statement.

        An update is said again by every teller with clocks of its own: what it states may have died in between.
        """
        statement = heard.statement
        place = self.place(statement.feed, statement.facilities)
        zone, named = place.zone, place.named
        flags: set[str] = set()

        def instant(stamp: Stamp | None) -> Instant | None:
            if stamp is None:
                return None
            # A date without a time is a day of ours, wherever it was written: days are counted in one zone.
            is_day = stamp.precision == "day"
            resolved = _resolved(stamp, self._reference.zone if is_day else zone)
            if resolved.flags:
                flags.update(resolved.flags)
            if stamp.offset is None and not named and not is_day:
                flags.add("tz_assumed")
            return resolved.at

        first = heard.tellers[0]
        admitted = instant(statement.admitted)
        discharged = instant(_end_of_day(statement.discharged))
        expected = instant(statement.expected)
        clocks = _clocks(heard, instant, admitted, discharged)
        patient_class = in_setting(statement.patient_class, place.facility.setting if place.facility else "")
        told_at, order = max(first.received_at, heard.linked_at), (first.received_at, first.name)
        number = self._number(statement, place.facility_id)
        zone_flags, negates = tuple(sorted(flags)), statement.kind in NEGATIONS
        return [
            Said(
                heard, statement, statement.kind, statement.feed, place.facility_id, number, patient_class, occurred,
                admitted, discharged, expected, first.received_at, told_at, first.name,
                (recorded, occurred, negates, told.received_at, told.name), order, zone_flags,
            )
            for (recorded, occurred), told in clocks.items()
        ]  # fmt: skip


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
        stated = discharged if statement.kind == "discharge" else None
        stated = admitted if statement.kind in ("admit", "to_inpatient") else stated
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


_order = attrgetter("order")


def first_told(said: Sequence[Said]) -> Said:
    """The statement that was received first; ties by name."""
    return said[0] if len(said) == 1 else min(said, key=_order)
