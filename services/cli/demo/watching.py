"""The figures of a running demo: what the sender measured, and what the store says."""

from collections import Counter, deque
from statistics import quantiles

import msgspec

from services.cli.demo.playing import Happened
from services.runtime.store.contract import Reader, walk_members
from services.runtime.workset import thaw_member

WINDOW_S = 3.0
_SHOWN_AS = {"on_leave": "active", "closed_inferred": "finished", "void": "cancelled"}


class Sent:
    """What went over the wire, measured at the sender."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.repeats = 0
        self._millis: list[float] = []
        self._recent: deque[float] = deque()

    @property
    def messages(self) -> int:
        return self.answers.total()

    def add(self, happened: Happened, now: float) -> None:
        """Count a message; `now` is a clock in seconds, of any origin."""
        if happened.code:
            self.answers[happened.code] += 1
            self.repeats += happened.repeat
            self._recent.append(now)
        if happened.millis:
            self._millis.append(happened.millis)

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


class Standing(msgspec.Struct, frozen=True):
    """What the store says of its members now."""

    members: int
    stays: Counter[str]
    tasks: Counter[str]
    quarantined: int
    parked: int
    lines: int


def standing(reader: Reader) -> Standing:
    """Count stays and tasks by state, as they are stored."""
    ids = list(walk_members(reader))
    stays = (stay for row in reader.members(ids).values() for stay in thaw_member(row).view.stays)
    counts = reader.counts()
    return Standing(
        members=len(ids),
        stays=Counter(_SHOWN_AS.get(stay.status, stay.status) for stay in stays),
        tasks=Counter(row.state for row in reader.tasks()),
        quarantined=counts.get("waiting", 0),
        parked=counts.get("parked", 0),
        lines=reader.head(),
    )
