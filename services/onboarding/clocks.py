"""Times: which are stated, how precisely, with which offset, and how far apart the three clocks are (§2.4)."""

from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from connectors.hl7v2.paths import Path
from connectors.hl7v2.profile import FeedProfile
from connectors.hl7v2.times import BadTime, stamp, with_offset
from connectors.hl7v2.triggers import ADMISSIONS
from models.time import Instant, Stamp, resolve
from services.onboarding.sample import Sample
from services.onboarding.wire import percentile
from services.onboarding.words import Share

_AHEAD = timedelta(minutes=15)
"""Further in the future than clocks run apart (R-65)."""
_UTC = ZoneInfo("UTC")
_SENT, _RECORDED, _OCCURRED = Path("MSH", 7), Path("EVN", 2), Path("EVN", 6)


class TimeFindings(msgspec.Struct, frozen=True):
    """Times at one place. `stated` is of the messages that should have one. Of those stated: how precise, how many
    with an offset of their own, at midnight sharp (often a date in disguise), `placeholder` (1900, zeros, a month),
    `unreadable`, and `ahead`: later than MSH-7 by more than a quarter of an hour.
    """

    where: str
    of: str
    stated: Share
    precision: dict[str, int]
    offset: int
    midnight: int
    placeholder: int
    unreadable: int
    ahead: int


class Lag(msgspec.Struct, frozen=True):
    """Seconds from one clock to another; `n` is how many messages state both."""

    n: int
    p50: int | None = None
    p99: int | None = None
    max: int | None = None


class ClockFindings(msgspec.Struct, frozen=True):
    """`first_sent` and `last_sent` are MSH-7 as written. `sending` is from EVN-2 to MSH-7, `receiving` from MSH-7 to
    our receipt, which only a journal knows. `busiest_minute` is how many messages share one minute of MSH-7.
    """

    first_sent: str
    last_sent: str
    places: list[TimeFindings]
    sending: Lag
    receiving: Lag
    receiving_note: str
    busiest_minute: Share


class _Place:
    """The times at one place, in messages of some triggers (None: every ADT message)."""

    def __init__(self, path: Path, of: str, triggers: frozenset[str] | None, *, may_be_ahead: bool = False) -> None:
        self.path, self.of, self.triggers, self._may_be_ahead = path, of, triggers, may_be_ahead
        self.due = self.stated = 0
        self._counts: Counter[str] = Counter()

    def see(self, sample: Sample, sent: Stamp | None) -> Stamp | None:
        self.due += 1
        segment = sample.first(self.path.segment)
        text = segment.text(self.path.field, self.path.component, self.path.subcomponent) if segment else ""
        if not text:
            return None
        self.stated += 1
        try:
            found = stamp(text)
        except BadTime:
            self._counts["unreadable"] += 1
            return None
        if found is None:
            self._counts["placeholder"] += 1
            return None
        self._counts[found.precision] += 1
        self._counts["offset"] += found.offset is not None
        self._counts["midnight"] += found.precision != "day" and not (found.wall.hour or found.wall.minute)
        if not self._may_be_ahead and sent is not None:
            ahead = seconds_between(sent, found)
            self._counts["ahead"] += ahead is not None and ahead > _AHEAD.total_seconds()
        return found

    def findings(self) -> TimeFindings:
        precision = {name: self._counts[name] for name in ("day", "hour", "minute", "second") if self._counts[name]}
        rest = {name: self._counts[name] for name in ("offset", "midnight", "placeholder", "unreadable", "ahead")}
        return TimeFindings(str(self.path), self.of, Share(self.stated, self.due), precision, **rest)


class Clocks:
    """Collects `ClockFindings`; `zone` is the feed's, None while nobody knows it."""

    def __init__(self, profile: FeedProfile, zone: ZoneInfo | None) -> None:
        self._zone = zone
        self._sent, self._recorded = _Place(_SENT, "all", None), _Place(_RECORDED, "ADT", None)
        self._places = [
            _Place(_OCCURRED, "ADT", None),
            _Place(profile.admitted, "A01, A04", frozenset({"A01", "A04"})),
            _Place(profile.admitted, "A06", ADMISSIONS - {"A01", "A04"}),
            _Place(profile.discharged, "A03", frozenset({"A03"})),
            _Place(profile.expected, "A05, A14", frozenset({"A05", "A14"}), may_be_ahead=True),
        ]
        self._walls: tuple[datetime, datetime] | None = None
        self._sending: list[int] = []
        self._receiving: list[int] = []
        self._journal = 0
        self._minutes: Counter[datetime] = Counter()

    def see(self, sample: Sample) -> None:
        """Take in a message."""
        if sample.message is None:
            return
        sent = self._sent.see(sample, None)
        if sent:
            self._see_sent(sent, sample.received_at)
        self._journal += sample.received_at is not None
        if not sample.is_adt:
            return
        recorded = self._recorded.see(sample, sent)
        if sent and recorded and (lag := seconds_between(recorded, sent)) is not None:
            self._sending.append(lag)
        for place in self._places:
            if place.triggers is None or sample.trigger in place.triggers:
                place.see(sample, sent)

    def _see_sent(self, sent: Stamp, received_at: Instant | None) -> None:
        low, high = self._walls or (sent.wall, sent.wall)
        self._walls = (min(low, sent.wall), max(high, sent.wall))
        self._minutes[sent.wall.replace(second=0, microsecond=0)] += 1
        if received_at is not None and (sent.offset is not None or self._zone):
            at = resolve(sent, self._zone or _UTC).at
            self._receiving.append(round((received_at - at).total_seconds()))

    def findings(self) -> ClockFindings:
        low, high = self._walls or (None, None)
        busiest = max(self._minutes.values(), default=0)
        return ClockFindings(
            first_sent=low.isoformat() if low else "",
            last_sent=high.isoformat() if high else "",
            places=[place.findings() for place in (self._sent, self._recorded, *self._places)],
            sending=_lag(self._sending),
            receiving=_lag(self._receiving),
            receiving_note=self._note(),
            busiest_minute=Share(busiest, self._sent.stated),
        )

    def _note(self) -> str:
        if self._receiving:
            return ""
        if self._journal:
            return "not computable: MSH-7 states no offset, and the feed no time zone"
        return "not computable: files do not say when they were received; `export` of a trial run does"


def seconds_between(earlier: Stamp, later: Stamp) -> int | None:
    """Seconds from one stamp to another of the same message; None when one is a mere date.

    A stamp without offset has the other's: within one message a sender writes one clock (R-65).
    """
    if "day" in {earlier.precision, later.precision}:
        return None
    first = with_offset(earlier, later.offset) if later.offset is not None else earlier
    second = with_offset(later, first.offset) if first.offset is not None else later
    wall = int((second.wall - first.wall).total_seconds())
    return wall - 60 * ((second.offset or 0) - (first.offset or 0))


def _lag(seconds: list[int]) -> Lag:
    if not seconds:
        return Lag(0)
    ordered = sorted(seconds)
    return Lag(len(ordered), percentile(ordered, 50), percentile(ordered, 99), ordered[-1])
