"""A keeper in memory, a raw socket, and messages: what the MLLP tests share."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from connectors.mllp.acks import read_ack
from connectors.mllp.contract import Kept
from connectors.mllp.framing import Decoder, frame
from connectors.mllp.header import read_header
from connectors.mllp.listener import Listener, Slots
from connectors.mllp.settings import ListenerSettings
from models.errors import WorldIsAway
from models.ledger import Answered
from models.time import Instant
from tests.patience import PATIENCE_S

START = datetime(2025, 6, 5, 17, 5, tzinfo=UTC)


def adt(
    control_id: str = "1", *, trigger: str = "A01", version: str = "2.5.1", sender: str = "HIS|H1", pid: str = "1234",
    processing: str = "P", accept: str = "", application: str = "", charset: str = "",
) -> bytes:  # fmt: skip
    msh = (
        rf"MSH|^~\&|{sender}|WH|PLAN|20250605100500-0700||ADT^{trigger}^ADT_A01|{control_id}|{processing}|{version}"
        rf"|||{accept}|{application}||{charset}"
    )
    return f"{msh.rstrip('|')}\rEVN|{trigger}|20250605100500\rPID|1||{pid}^^^H1^MR||DOE^JANE\rPV1|1|I\r".encode()


class MemoryKeeper:
    """Keeps in a list; may be told to fail, to wait, or to keep one message only after another."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, Instant, bytes]] = []
        self.answers: dict[int, bytes | None] = {}
        self.ledger: list[Answered] = []
        self.thrown_away: list[tuple[str, int, bytes, str]] = []
        self.events: list[str] = []
        self.concurrent = self.most_concurrent = 0
        self.fail = False
        self.fail_replace = False
        self.gate: asyncio.Event | None = None
        self.after: dict[bytes, bytes] = {}
        self._known: dict[tuple[str, bytes, bytes], int] = {}
        self._now = START

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, _, body in self.lines]

    def now(self) -> Instant:
        self._now += timedelta(milliseconds=1)
        return self._now

    async def keep(self, feed: str, received_at: Instant, body: bytes, answer: bytes | None) -> Kept:
        self.concurrent += 1
        self.most_concurrent = max(self.most_concurrent, self.concurrent)
        header = read_header(body)
        control_id = header.control_id if header else b""
        seq, repeat = self._append(feed, received_at, body, answer, control_id)
        try:
            if self.gate is not None:
                await self.gate.wait()
            if earlier := self.after.get(control_id):
                await until(lambda: f"kept {earlier.decode()}" in self.events)
            if self.fail:
                raise WorldIsAway("disk full")
        finally:
            self.concurrent -= 1
        self.events.append(f"kept {control_id.decode()}")
        return Kept(seq=seq, repeat=repeat, answer=self.answers[seq] if repeat else None)

    def _append(
        self, feed: str, received_at: Instant, body: bytes, answer: bytes | None, control_id: bytes
    ) -> tuple[int, bool]:
        key = (feed, control_id, hashlib.sha256(body).digest())
        if key in self._known and control_id:
            return self._known[key], True
        self.lines.append((feed, received_at, body))
        seq = self._known[key] = len(self.lines)
        self.answers[seq] = answer
        return seq, False

    async def replace_answer(self, seq: int, answer: bytes) -> None:
        if self.fail_replace:
            raise WorldIsAway("disk full")
        await asyncio.sleep(0.01)
        self.answers[seq] = answer

    def answered(self, row: Answered) -> None:
        self.events.append(f"answered {row.control_id}")
        self.ledger.append(row)

    def discarded(self, feed: str, size: int, head: bytes, reason: str) -> None:
        self.thrown_away.append((feed, size, head, reason))


class RawSender:
    """A socket that sends exactly the bytes it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._decoder = Decoder()
        self._answers: list[bytes] = []

    async def raw(self, data: bytes) -> None:
        try:
            self.writer.write(data)
        except RuntimeError as error:  # uvloop's word for a connection that was cut
            raise ConnectionResetError from error
        await self.writer.drain()

    async def send(self, *messages: bytes) -> None:
        await self.raw(b"".join(map(frame, messages)))

    async def answer(self, timeout_s: float = PATIENCE_S) -> bytes:
        async with asyncio.timeout(timeout_s):
            while not self._answers:
                data = await self.reader.read(65536)
                if not data:
                    raise EOFError("closed without an answer")
                self._answers += [block for block in self._decoder.feed(data) if isinstance(block, bytes)]
        return self._answers.pop(0)

    async def code(self) -> tuple[str, str]:
        code, about = read_ack(await self.answer())
        return code, about.decode()

    async def ask(self, message: bytes) -> str:
        await self.send(message)
        return (await self.code())[0]

    async def silent_until_closed(self) -> bool:
        """True if nothing more came before the other side closed."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return not self._answers and await self.reader.read() == b""
            except ConnectionError:
                return True


class House:
    """A running listener and what is around it."""

    def __init__(self, listener: Listener, keeper: MemoryKeeper) -> None:
        self.listener, self.keeper = listener, keeper
        self.port = listener.addresses[0][1]

    @asynccontextmanager
    async def sender(self, **options: object) -> AsyncIterator[RawSender]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, **options)
        try:
            yield RawSender(reader, writer)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def judge(feed: str, received_at: Instant, body: bytes) -> str | None:
    """Unreadable is what has no PID."""
    return None if b"\rPID" in body else "no PID segment"


@asynccontextmanager
async def house(
    *, keeper: MemoryKeeper | None = None, judged=judge, slots: Slots | None = None, **settings: object
) -> AsyncIterator[House]:
    keeper = keeper or MemoryKeeper()
    patient = {"ack_deadline_s": PATIENCE_S, "tls_handshake_timeout_s": PATIENCE_S}
    listener = Listener(ListenerSettings(**{"feed": "F1", "port": 0, **patient, **settings}), keeper, judged, slots)
    await listener.start()
    try:
        yield House(listener, keeper)
    finally:
        await listener.stop()


async def until(true) -> None:
    """Wait for something that other tasks bring about."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110 - what is awaited has no event: counters, lists
            await asyncio.sleep(0.005)
