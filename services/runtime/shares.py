"""A recount by several processes: each reads a share of the journal, absorbs and compares a share of the members."""

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import Protocol, Self

import msgspec

from models.reference import Reference
from models.time import Instant
from models.traffic import FeedCount
from services.intake.reading import LineReader
from services.member.counting import Counters, joined
from services.runtime.applying import Fresh, apply
from services.runtime.dealing import Dealer, News, Place, absorb_share, corrections, home_of
from services.runtime.recount import Comparison, Difference, counters_compared
from services.runtime.store.contract import MemberRow, PatientRow, Reader, Store, walk_members
from services.runtime.store.sqlite import SqliteStore
from services.runtime.store.sqlite_reader import SqliteReader
from services.runtime.workset import check_format


class Compared(msgspec.Struct, frozen=True):
    """What one share found: `Comparison`, over."""

    differences: list[Difference]
    counted: Counters
    members: int
    waiting: int


class Share:
    """What one process does: `deal`, when all have done so `absorb`, when all have done so `compare`.

    Args:
        number: which of the `shares`, from 0.
        folder: where all of them work, beside the original.
    """

    def __init__(
        self,
        number: int,
        shares: int,
        folder: Path,
        readers: Mapping[str, LineReader],
        reference: Reference,
        now: Callable[[], Instant],
    ) -> None:
        self.number, self._shares, self._folder = number, shares, folder
        self.readers, self.reference, self.now = readers, reference, now

    def is_at_home(self, name: str) -> bool:
        """Whether a source patient or a member belongs to this share."""
        return home_of(name, self._shares) == self.number

    def deal(self, original: Reader, last: int) -> Counter[Place]:
        """Read the share of the journal's lines up to a number."""
        with self._store() as store:
            dealer = Dealer(self.number, self._shares, self._folder, store, self.readers, self.reference)
            return dealer.deal(original, last)

    def absorb(self) -> News:
        """Absorb what concerns the share's members and source patients."""
        with self._store() as store:
            return absorb_share(self.number, self._shares, self._folder, store, self.reference.digest)

    def compare(self, original: Reader) -> Compared:
        """Compare the share's members."""
        with Joined(self._folder, self._shares) as fresh:
            ids = set(filter(self.is_at_home, walk_members(original)))
            ids.update(walk_members(fresh.parts[self.number]))
            comparison = Comparison(original, fresh, self.reference)
            found = list(comparison.of(sorted(ids)))
            return Compared(found, comparison.counted, comparison.members, comparison.waiting)

    def _store(self) -> SqliteStore:
        return SqliteStore.open(_folder(self._folder, self.number), now=self.now)


class Joined(Fresh):
    """The stores of all shares as one. Each row stands in one of them; what may stand in any is asked of all."""

    def __init__(self, folder: Path, shares: int) -> None:
        self.parts = [SqliteReader.open(_folder(folder, number)) for number in range(shares)]
        self.corrections: list[FeedCount] = []
        """To what feeds sent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for part in self.parts:
            part.close()

    def patients(self, keys: Collection[str]) -> dict[str, PatientRow]:
        return {key: row for part, some in self._at_home(keys) for key, row in part.patients(some).items()}

    def patient_keys(self, after: str, limit: int) -> list[str]:
        return list(islice(heapq.merge(*(part.patient_keys(after, limit) for part in self.parts)), limit))

    def patients_with(self, identifiers: Collection[tuple[str, str]]) -> set[str]:
        return set(chain.from_iterable(part.patients_with(identifiers) for part in self.parts))

    def members(self, ids: Collection[str]) -> dict[str, MemberRow]:
        return {member_id: row for part, some in self._at_home(ids) for member_id, row in part.members(some).items()}

    def member_ids(self, after: str, limit: int) -> list[str]:
        return list(islice(heapq.merge(*(part.member_ids(after, limit) for part in self.parts)), limit))

    def members_with(self, identifiers: Collection[tuple[str, str]]) -> set[str]:
        return set(chain.from_iterable(part.members_with(identifiers) for part in self.parts))

    def reference(self, name: str) -> bytes | None:
        return self.parts[0].reference(name)

    def traffic(self, feed: str, start: Instant, end: Instant, span: timedelta) -> list[FeedCount]:
        counts = [count for part in self.parts for count in part.traffic(feed, start, end, span)]
        return counts + [each for each in self.corrections if each.feed == feed and start <= each.since < end]

    def _at_home(self, names: Collection[str]) -> Iterator[tuple[SqliteReader, list[str]]]:
        for number, part in enumerate(self.parts):
            if some := [name for name in names if home_of(name, len(self.parts)) == number]:
                yield part, some


class Crew(Protocol):
    """Has one process work for each share."""

    def deal(self, last: int) -> list[Counter[Place]]:
        """`Share.deal` of all."""

    def absorb(self) -> list[News]:
        """`Share.absorb` of all."""

    def compare(self) -> list[Compared]:
        """`Share.compare` of all."""


class SharedRecount:
    """`recount.Recount` by several processes, with the same result.

    Args:
        folder: where the shares of the crew work.
        progress: called with what is being done.
    """

    def __init__(
        self,
        original: Reader,
        crew: Crew,
        folder: Path,
        shares: int,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        check_format(original)
        self._original, self._crew, self._folder, self._shares = original, crew, folder, shares
        self._progress = progress
        self.members = self.waiting = 0
        progress("reading the raw log")
        dealt = Counter[Place]()
        for each in crew.deal(original.cursor()):
            dealt.update(each)
        progress("putting together what it tells")
        self._corrections = corrections(dealt, crew.absorb())

    def compare(self) -> Iterator[Difference]:
        """See `Comparison`; afterwards `members` and `waiting` are known."""
        self._progress("comparing")
        found = self._crew.compare()
        self.members, self.waiting = sum(each.members for each in found), sum(each.waiting for each in found)
        counted: Counters = {}
        for each in found:
            joined(counted, each.counted)
        yield from heapq.merge(*(each.differences for each in found), key=attrgetter("member_id"))
        yield from counters_compared(self._original, counted)

    def apply(self, original: Store) -> None:
        """Put the recomputed facts into the original, and mark every member to be derived again."""
        with Joined(self._folder, self._shares) as fresh:
            fresh.corrections = self._corrections
            apply(fresh, original)


def _folder(folder: Path, number: int) -> Path:
    return folder / f"share-{number}"
