"""Kafka as the listener's keeper: bytes in, durable on the brokers, answered."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import timedelta
from hashlib import sha256

import msgspec

from connectors.files.contract import OVERLONG
from connectors.kafka.producer import Producer
from connectors.mllp.contract import Kept
from models.errors import WorldIsAway
from models.ledger import Answered
from models.measured import Histogram
from models.time import Instant
from models.traffic import ANSWER_BOUNDS_MICROS
from services.wiring.clock import Clock
from services.wiring.producing import record_of
from services.wiring.recalling import Recalling
from topics.raw import RawLine

log = logging.getLogger(__name__)

WITHIN = timedelta(days=7)
"""R-23: the same bytes later than that are a new message."""
REMEMBERED = 20_000
"""Messages whose answers this process knows by itself: more than can be under way at once."""

Row = tuple[bytes, Instant, Answered]
"""SHA-256 of a line's body, the line's receipt, and what was answered."""
_Key = tuple[str, bytes]


class _Said(msgspec.Struct):
    """A message that was kept, under our own number: a line gets its `seq` from whoever takes it into the journal."""

    number: int
    key: _Key
    received_at: Instant
    answer: bytes | None


class ClusterKeeper:
    """Keeps live messages on Kafka. A message that was said within seven days gets its stored answer.

    Args:
        namespace: of the topics. recalling: asks what was answered before.
        note: takes rows of the ACK ledger, without waiting (`ClusterStore.note_answered`).

    `answer_micros` counts by feed how long answers took, since the start.
    """

    def __init__(
        self,
        producer: Producer,
        namespace: str,
        clock: Clock,
        recalling: Recalling,
        note: Callable[[Sequence[Row]], None],
    ) -> None:
        self._producer, self._namespace, self._clock = producer, namespace, clock
        self._recalling, self._note = recalling, note
        self._said: OrderedDict[_Key, _Said] = OrderedDict()
        self._by_number: dict[int, _Said] = {}
        self._under_way: dict[_Key, asyncio.Future[None]] = {}
        self._discarding: set[asyncio.Task[None]] = set()
        self._count = 0
        self.answer_micros: dict[str, Histogram] = {}

    def now(self) -> Instant:
        return self._clock()

    async def keep(self, feed: str, received_at: Instant, body: bytes, answer: bytes | None) -> Kept:
        key = feed, sha256(body).digest()
        while same := self._under_way.get(key):
            await asyncio.wait({same})  # the same message twice at once: the second hears what the first does
        if known := self._known(key, received_at):
            return Kept(known.number, repeat=True, answer=known.answer)
        self._under_way[key] = done = asyncio.get_running_loop().create_future()
        try:
            before = await self._recalling.before((*key, received_at))
            if before is None:
                line = RawLine(feed, received_at, "hl7v2", body, is_live=True, answer=answer)
                await self._producer.deliver(record_of(line, self._namespace))
            said = self._remember(key, *(before or (received_at, answer)))
        finally:
            del self._under_way[key]
            done.set_result(None)
        return Kept(said.number, before is not None, said.answer)

    def is_well(self) -> bool:
        """Whether messages can be kept."""
        return not self._producer.failure

    async def replace_answer(self, seq: int, answer: bytes) -> None:
        # It reaches the database as a row of the ledger. Where that is lost, it is decided again when the message comes
        # again: the line was kept without an answer, or with one that is looked at again.
        if said := self._by_number.get(seq):
            said.answer = answer

    def answered(self, row: Answered) -> None:
        self.answer_micros.setdefault(row.feed, Histogram(ANSWER_BOUNDS_MICROS)).note(row.micros)
        if said := self._by_number.get(row.seq):
            self._note([(said.key[1], said.received_at, msgspec.structs.replace(row, seq=0))])

    def discarded(self, feed: str, size: int, head: bytes, reason: str) -> None:  # noqa: ARG002  # Keeper
        # Its first bytes are a line of their own, which the reader of overlong lines puts into quarantine.
        task = asyncio.get_running_loop().create_task(self._discard(RawLine(feed, self._clock(), OVERLONG, head)))
        self._discarding.add(task)
        task.add_done_callback(self._discarding.discard)

    async def _discard(self, line: RawLine) -> None:
        try:
            await self._producer.deliver(record_of(line, self._namespace))
        except WorldIsAway:
            log.error("the head of an overlong frame could not be kept", extra={"feed": line.feed})  # noqa: TRY400

    def _known(self, key: _Key, received_at: Instant) -> _Said | None:
        said = self._said.get(key)
        return said if said and received_at - said.received_at <= WITHIN else None

    def _remember(self, key: _Key, received_at: Instant, answer: bytes | None) -> _Said:
        self._count += 1
        said = _Said(self._count, key, received_at, answer)
        if older := self._said.pop(key, None):
            self._by_number.pop(older.number, None)
        self._said[key] = self._by_number[said.number] = said
        if len(self._said) > REMEMBERED:
            _, oldest = self._said.popitem(last=False)
            del self._by_number[oldest.number]
        return said
