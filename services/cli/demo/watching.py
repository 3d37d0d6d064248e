"""The figures of a running demo: what the senders measured, and what the store says of stays."""

from collections import Counter, deque
from collections.abc import Iterator
from statistics import quantiles

import msgspec

from models.time import Instant
from models.view import Stay
from services.cli.demo.playing import Moment
from services.cli.demo.wording import News
from services.runtime.store.contract import MemberRow, Reader, walk_members
from services.runtime.workset import thaw_member

WINDOW_S = 3.0
LATENCIES = 2_000
"""Percentiles are of so many answers at most."""
STAYS = ("planned", "active", "finished", "cancelled")
_PHASES = {"on_leave": "active", "closed_inferred": "finished", "void": "cancelled"}
"""How other states of a stay are shown."""


class FeedSeen(msgspec.Struct):
    """What one feed, or all files together, has told."""

    count: int = 0
    last_at: Instant | None = None


class Sent:
    """What went in, measured at the senders."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.files = FeedSeen()
        self.feeds: dict[str, FeedSeen] = {}
        self.repeats = 0
        self._millis: deque[float] = deque(maxlen=LATENCIES)
        self._recent: deque[float] = deque()

    @property
    def messages(self) -> int:
        """How many went over MLLP."""
        return self.answers.total()

    def add(self, moment: Moment, now: float) -> None:
        """Count a delivery; `now` is a clock in seconds, of any origin."""
        if moment.delivery is None:
            return
        seen = self.feeds.setdefault(moment.delivery.feed, FeedSeen()) if moment.code else self.files
        seen.count, seen.last_at = seen.count + 1, moment.at
        if moment.code:
            self.answers[moment.code] += 1
            self.repeats += moment.repeat
            self._millis.append(moment.millis)
            self._recent.append(now)

    def rate(self, now: float) -> float:
        """Messages a second, over the last moments."""
        while self._recent and self._recent[0] < now - WINDOW_S:
            self._recent.popleft()
        return len(self._recent) / WINDOW_S

    def latency(self) -> tuple[float, float]:
        """The median and the 99th percentile of the wait for an answer, in milliseconds; 0 before there are any."""
        if len(self._millis) < 2:
            return 0.0, 0.0
        cuts = quantiles(self._millis, n=100, method="inclusive")
        return cuts[49], cuts[98]


class Headcount(msgspec.Struct, frozen=True):
    """What the store says of its members now; `moves` counts what became of stays so far, by word."""

    members: int
    stays: Counter[str]
    tasks: Counter[str]
    moves: Counter[str]
    quarantined: int
    parked: int
    lines: int


class Ward:
    """Looks at every member's stays now and then, and tells what changed since the last look."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._views: dict[str, bytes] = {}
        self._stays: dict[str, dict[str, Stay]] = {}
        self._moves: Counter[str] = Counter()
        self._waiting = 0

    def look(self) -> tuple[Headcount, list[News]]:
        """How things stand, and what happened to stays since the last look; a message set aside is an event, too."""
        ids = list(walk_members(self._reader))
        events = [event for row in self._reader.members(ids).values() for event in self._seen(row)]
        self._moves.update(event.word for event in events)
        stays = (stay for known in self._stays.values() for stay in known.values())
        counts = self._reader.counts()
        headcount = Headcount(
            members=len(ids),
            stays=Counter(_PHASES.get(stay.status, stay.status) for stay in stays),
            tasks=Counter(row.state for row in self._reader.tasks()),
            moves=self._moves.copy(),
            quarantined=counts.get("waiting", 0),
            parked=counts.get("parked", 0),
            lines=self._reader.head(),
        )
        return headcount, sorted([*events, *self._set_aside()], key=lambda event: event.at)

    def _seen(self, row: MemberRow) -> Iterator[News]:
        if self._views.get(row.member_id) == row.view or row.derived_at is None:
            return  # most members, mostly: nothing to decode
        self._views[row.member_id] = row.view
        before = self._stays.get(row.member_id, {})
        after = {stay.stay_id: stay for stay in thaw_member(row).view.stays}
        self._stays[row.member_id] = after
        for stay_id in dict.fromkeys((*before, *after)):
            stay = after.get(stay_id) or before[stay_id]
            if word := stay_word(before.get(stay_id), after.get(stay_id)):
                yield News(row.derived_at, word, row.member_id, f"{stay.patient_class}, {stay.facility_id}")

    def _set_aside(self) -> Iterator[News]:
        for row in self._reader.quarantine(status="waiting"):
            if row.id > self._waiting and (line := self._reader.line(row.seq)):
                self._waiting = row.id
                yield News(line.received_at, "set aside", f"q-{row.id}", f"{row.reason} at {row.where}")


def stay_word(before: Stay | None, after: Stay | None) -> str:
    """What became of a stay, in a word; "" where nothing that matters did."""
    was = _PHASES.get(before.status, before.status) if before else ""
    now = _PHASES.get(after.status, after.status) if after else ""
    if now == was:
        return "corrected" if before and after and _times(before) != _times(after) else ""
    match was, now:
        case _, "active":
            return "back in bed" if was == "finished" else "admitted"
        case _, "finished":
            return "discharged"
        case "", "planned":
            return "planned"
        case "planned" | "active" | "finished", _:
            return "taken back"
    return ""


def _times(stay: Stay) -> tuple[Instant | None, Instant | None]:
    return stay.admitted_at, stay.discharged_at
