"""Members derived again while nothing else is to be done, a few at a time: what `verify` would find is known sooner.

A check reads the facts and the view of the store and compares; it corrects nothing. How much of the store was looked at
lately, and what was found, is kept as the reference `recheck`, for metrics.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

import msgspec

from models.reference import Reference
from models.time import Instant
from services.member.derive import derive
from services.runtime.recall import Circle, circles, facilities_of, with_registry
from services.runtime.store.contract import Batch, Reader, Store
from services.runtime.workset import Member, Workset

log = logging.getLogger(__name__)

NAME = "recheck"
MEMBERS = 10
"""So many members a time, ..."""
EVERY = timedelta(seconds=1)
"""... and no sooner again than after this: a hundredth of a core, and a million members in 28 hours."""
WRITTEN_EVERY = timedelta(minutes=1)
LATELY_H = 24


class Rechecked(msgspec.Struct):
    """What was checked so far.

    Args:
        after: the id that was looked at last; the round goes on behind it.
        hours: members looked at lately, by hour since 1970.
        same, different: how many members, ever. different_at: when the last difference was found.
    """

    after: str = ""
    hours: dict[int, int] = {}
    same: int = 0
    different: int = 0
    different_at: Instant | None = None

    def lately(self, at: Instant) -> int:
        """How many members were looked at in the last 24 hours."""
        hour = _hour(at)
        return sum(n for each, n in self.hours.items() if hour - LATELY_H < each <= hour)

    def note(self, same: int, different: int, at: Instant) -> None:
        """More members were looked at."""
        self.same, self.different, hour = self.same + same, self.different + different, _hour(at)
        self.hours[hour] = self.hours.get(hour, 0) + same + different
        self.hours = {each: n for each, n in self.hours.items() if hour - LATELY_H < each <= hour}
        if different:
            self.different_at = at


def rechecked(reader: Reader) -> Rechecked:
    """What the store says was checked so far."""
    blob = reader.reference(NAME)
    return msgspec.json.decode(blob, type=Rechecked) if blob else Rechecked()


class Checker:
    """Checks the members of one store in rounds. For the thread that runs the pipeline: nothing changes meanwhile."""

    def __init__(self, store: Store, reference: Reference, now: Callable[[], Instant]) -> None:
        self._store, self._reference, self._now = store, reference, now
        self._found = rechecked(store)
        self._checked_at = self._written_at = now()

    def check(self) -> None:
        """Look at the next few members, unless it was done a moment ago."""
        at = self._now()
        if at - self._checked_at < EVERY:
            return
        self._checked_at = at
        ids = self._store.member_ids(self._found.after, MEMBERS)
        self._found.after = ids[-1] if len(ids) == MEMBERS else ""
        same, different = self._compared(ids)
        self._found.note(same, different, at)
        if different:
            log.error("members derived again are not what is stored: run `verify`", extra={"count": different})
        if different or at - self._written_at >= WRITTEN_EVERY:
            self._written_at = at
            self._store.commit(Batch(reference={NAME: msgspec.json.encode(self._found)}))

    def _compared(self, ids: list[str]) -> tuple[int, int]:
        """How many members are as they should be, and how many are not."""
        facilities, same, different = facilities_of(self._store), 0, 0
        for around in circles(Workset(self._store), ids, self._reference.shadows):
            for member in around.members.values():
                at = member.derived_at
                if at is None or member.waits or member.is_set_aside:
                    continue
                reference = with_registry(self._reference, facilities, at)
                is_same = _is_same(around, member, reference, at)
                same, different = same + is_same, different + (not is_same)
        return same, different


def _is_same(around: Circle, member: Member, reference: Reference, at: Instant) -> bool:
    try:
        return derive(around.facts(around.links(at), at)[member.member_id], reference, at) == member.view
    except Exception as error:  # noqa: BLE001 - whose facts break our rules differ; the rest is compared (design §8)
        log.error("derive failed", extra={"error": type(error).__name__})  # noqa: TRY400 - a traceback may show a person
        return False


def _hour(at: Instant) -> int:
    return int(at.timestamp()) // 3600
