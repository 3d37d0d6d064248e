"""Deal out what the journal tells: many processes read it, and all that concerns one patient or member comes together.

Every source patient and every member has a home among the shares, by its name. Each reader takes every n-th chunk of
the journal, and writes what it tells into one file for each share. Each share then absorbs what all readers told it, in
the order of the journal. So no two processes change the same row, and rows, and what was news, are those of one process
that absorbs everything.
"""

import heapq
import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zlib import crc32

import msgspec

from models.events import Event
from models.reference import Reference
from models.time import Instant
from models.traffic import FeedCount, slot_begins
from services.intake.reading import LineReader
from services.member.facts import Facts, absorb
from services.member.shelf import Shelves
from services.runtime.isolating import isolated
from services.runtime.pipeline import Sorted, read_lines
from services.runtime.portions import portions
from services.runtime.recall import registry_blobs
from services.runtime.store.contract import Batch, JournalLine, Reader, Store
from services.runtime.tallying import MESSAGE_KINDS, tally
from services.runtime.workset import Workset, patients_of

log = logging.getLogger(__name__)

CHUNK = 1_000
"""Journal lines that one reader takes before it leaves as many to each of the others."""
_COUNTS = 1_000
_LENGTH_BYTES = 8

Message = tuple[str, str, Instant]
"""Feed, name, receipt."""
Place = tuple[int, Message]
"""A message, and the number of the first line that was read with it."""


class Piece(msgspec.Struct, array_like=True):
    """What lines that were read together tell one share.

    Args:
        first: the number of the first of the lines.
        alone: messages that tell only this share something, each as often as it was read. along: that tell others too.
    """

    first: int
    patients: dict[str, list[Event]] = {}
    members: dict[str, list[Event]] = {}
    facilities: list[Event] = []
    alone: list[Message] = []
    along: set[Message] = set()


class News(NamedTuple):
    """Messages that told something new: how many by feed and slot, and which of those that tell several shares."""

    counted: Counter[tuple[str, Instant]]
    along: set[Place]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Piece).decode


def home_of(name: str, shares: int) -> int:
    """The share that a source patient or a member belongs to."""
    return crc32(name.encode(errors="surrogatepass")) % shares


class Dealer:
    """One of the readers.

    Args:
        number: which of the `shares` readers, from 0.
        folder: where the files go.
        store: where it counts what feeds sent, every message as a repeated one.
    """

    def __init__(
        self,
        number: int,
        shares: int,
        folder: Path,
        store: Store,
        readers: Mapping[str, LineReader],
        reference: Reference,
    ) -> None:
        self._number, self._shares, self._folder, self._store = number, shares, folder, store
        self._readers, self._reference = readers, reference
        self._files: list[BinaryIO] = []
        self._counts: list[FeedCount] = []
        self._along = Counter[Place]()

    def deal(self, original: Reader, last: int) -> Counter[Place]:
        """Read this reader's chunks of the lines up to a number; the messages that tell several shares, or none."""
        with ExitStack() as stack:
            files = (_file(self._folder, self._number, home) for home in range(self._shares))
            self._files = [stack.enter_context(file.open("wb")) for file in files]
            for after in range(self._number * CHUNK, last, self._shares * CHUNK):
                for lines in portions(original, after, min(after + CHUNK, last)):
                    isolated(self._deal, _give_up, lines)
        self._store.commit(Batch(traffic=self._counts))
        return self._along

    def _deal(self, lines: Sequence[JournalLine]) -> None:
        heard = read_lines(self._readers, lines)
        pieces, along = _pieces(heard, lines[0].seq, self._shares)
        encoded = list(map(_encode, pieces))
        counts = tally(heard.read, (), self._reference)
        # Nothing may fail from here on: a portion that fails is dealt again in halves.
        for file, piece in zip(self._files, encoded, strict=True):
            file.write(len(piece).to_bytes(_LENGTH_BYTES) + piece)
        self._along += along
        self._counts += counts
        if len(self._counts) >= _COUNTS:
            self._store.commit(Batch(traffic=self._counts))
            self._counts = []


def absorb_share(number: int, shares: int, folder: Path, store: Store, digest: str) -> News:
    """Absorb what all readers told a share into an empty store."""
    shelves, facilities, news = Shelves(), Facts(), News(Counter(), set())
    files = (_read(_file(folder, reader, number)) for reader in range(shares))
    for piece in heapq.merge(*files, key=attrgetter("first")):
        work = Workset(store, shelves)
        work.tell(piece.patients, piece.members)
        # Nobody is derived here; as after any bulk load, every member waits to be.
        store.commit(Batch(patients=work.patient_rows(), members=work.member_rows(), wake=set(piece.members)))
        facilities = absorb(facilities, piece.facilities)
        news.counted.update((message[0], slot_begins(message[2])) for message in piece.alone if message in work.fresh)
        news.along.update((piece.first, message) for message in piece.along & work.fresh)
    store.commit(Batch(reference={"digest": digest.encode(), **(registry_blobs(facilities) if facilities else {})}))
    return news


def corrections(dealt: Counter[Place], news: Sequence[News]) -> list[FeedCount]:
    """What makes the counts of all dealers right: messages that told something new were no repeated ones."""
    counted = Counter[tuple[str, Instant]]()
    for each in news:
        counted.update(each.counted)
    for place in set[Place]().union(*(each.along for each in news)):
        _, (feed, _, received_at) = place
        counted[feed, slot_begins(received_at)] += dealt[place]
    return [FeedCount(feed, since, repeated=-n, last_at=since) for (feed, since), n in sorted(counted.items())]


def _pieces(heard: Sorted, first: int, shares: int) -> tuple[list[Piece], Counter[Place]]:
    pieces = [Piece(first) for _ in range(shares)]
    pieces[0].facilities = heard.facilities
    for key, events in heard.patients.items():
        pieces[home_of(key, shares)].patients[key] = events
    for member_id, events in heard.members.items():
        pieces[home_of(member_id, shares)].members[member_id] = events
    along = Counter[Place]()
    for line, readings in heard.read:
        if line.kind not in MESSAGE_KINDS:
            continue
        for reading in readings:
            if not reading.events:
                continue
            message = line.feed, reading.name, line.received_at
            homes = {home_of(key, shares) for event in reading.events for key in patients_of(event)}
            if len(homes) == 1:
                pieces[homes.pop()].alone.append(message)
                continue
            along[first, message] += 1
            for home in homes:
                pieces[home].along.add(message)
    return pieces, along


def _give_up(_line: JournalLine, error: Exception) -> None:
    # Without the traceback: its lines may show a person's values.
    log.error("a line could not be processed", extra={"error": type(error).__name__})


def _file(folder: Path, reader: int, home: int) -> Path:
    return folder / f"told-{reader}-{home}"


def _read(file: Path) -> Iterator[Piece]:
    with file.open("rb") as stream:
        while length := stream.read(_LENGTH_BYTES):
            yield _decode(stream.read(int.from_bytes(length)))
    file.unlink()
