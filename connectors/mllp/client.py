"""An MLLP sender that waits for each answer, and believes only an answer to what it sent."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Any, Self

import msgspec

from connectors.mllp.acks import read_ack
from connectors.mllp.framing import Decoder, frame
from connectors.mllp.header import Header, read_header
from connectors.mllp.modes import Wanted, wanted
from connectors.mllp.trust import PORT, why_not
from models.errors import MessageIsWrong, WorldIsAway

_READ_BYTES = 65536
_HANDSHAKE_SHARE = 0.9


class OutOfStep(WorldIsAway):
    """An answer was for another message: from here on nobody knows what was received. Sending stopped."""


class NoHandshake(WorldIsAway):
    """TLS did not come about: a certificate, a name or a port must be corrected. Nothing was sent in clear text."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of one message. `code` is the last MSA-1 received, empty where the message asked for no answer.

    `millis` is the time from the last byte sent to that answer, `attempts` how often the message was sent.
    """

    control_id: str
    code: str
    millis: float
    answer: bytes
    attempts: int = 1

    @property
    def sent(self) -> bool:
        """The receiver took responsibility (AA, CA), or was not asked to say so."""
        return self.code in ("AA", "CA", "")


class Client:
    """One connection to one receiver; `async with` opens and closes it. One message at a time."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        timeout_s: float = 10,
        tls: ssl.SSLContext | None = None,
        server_name: str | None = None,
    ) -> None:
        self._host, self._port, self._timeout, self._tls, self._server_name = host, port, timeout_s, tls, server_name
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._decoder = Decoder()
        self._answers: list[bytes] = []
        self._heard = False  # anything on this connection
        self._may_follow: set[bytes] = set()  # sent, and an application answer on error or success only may come

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def connect(self) -> None:
        """Connect, unless connected.

        Raises:
            WorldIsAway: nobody answers at that address.
            NoHandshake: somebody does, and TLS did not come about.
        """
        if self._streams is not None:
            return
        self._decoder, self._answers, self._may_follow, self._heard = Decoder(), [], set(), False
        secret: dict[str, Any] = {}
        if self._tls is not None:
            # A little less than the whole: who connects and then says nothing speaks no TLS.
            patience = self._timeout * _HANDSHAKE_SHARE
            secret = {"ssl": self._tls, "server_hostname": self._server_name, "ssl_handshake_timeout": patience}
        try:
            async with asyncio.timeout(self._timeout):
                self._streams = await asyncio.open_connection(self._host, self._port, **secret)
        except (OSError, TimeoutError) as error:
            self._check_handshake(error)
            if self._tls is not None and isinstance(error, ConnectionResetError | ConnectionAbortedError):
                raise NoHandshake(self._told("the connection was closed in the TLS handshake", PORT)) from error
            raise self._away(f"no connection ({type(error).__name__})", "Is the listener running there?") from error

    def _check_handshake(self, error: Exception) -> None:
        if self._tls is not None and (words := why_not(error)):
            raise NoHandshake(self._told(*words)) from error

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is None:
            return
        (_, writer), self._streams = self._streams, None
        writer.close()
        try:
            async with asyncio.timeout(self._timeout):
                await writer.wait_closed()
        except (OSError, TimeoutError):
            writer.transport.abort()

    async def send(self, message: bytes) -> Outcome:
        """Send one message and wait for its answers.

        A message in enhanced mode is answered twice if its MSH-16 is AL; an answer on error or success only is not
        waited for.

        Raises:
            MessageIsWrong: it has no MSH, or bytes that cannot be framed. Nothing was sent.
            WorldIsAway: the connection broke, or no answer came in time. Sending the same bytes again is safe.
            NoHandshake: TLS did not come about.
            OutOfStep: the answer was for another message.
        """
        header = _checked(message)
        await self.connect()
        assert self._streams is not None
        asked = wanted(header, "auto")
        try:
            async with asyncio.timeout(self._timeout):
                self._streams[1].write(frame(message))
                await self._streams[1].drain()
                started = time.perf_counter()
                code, answer = await self._listen(header, asked)
        except (OSError, TimeoutError) as error:
            await self.close()
            self._check_handshake(error)  # in TLS 1.3 the receiver judges our certificate after the handshake
            raise self._away(*self._unanswered(error)) from error
        except WorldIsAway:
            await self.close()
            raise
        millis = (time.perf_counter() - started) * 1000
        return Outcome(header.control_id.decode("utf-8", "replace"), code, millis, answer)

    def _unanswered(self, error: Exception) -> tuple[str, str]:
        """What to say of a message without an answer: whom nothing was ever said may be waiting for something else."""
        what, hint = f"no answer ({type(error).__name__})", "Sending the same message again is safe."
        if self._heard or not isinstance(error, ConnectionError):
            return what, hint
        if self._tls is None:
            return what, f"{hint} Does the receiver want TLS (--ca)?"
        return "closed right after the TLS handshake", (
            f"{hint} Receivers do so that want a certificate of ours, or another one (--cert, --key)."
        )

    async def _listen(self, header: Header, asked: Wanted) -> tuple[str, bytes]:
        enhanced = asked.mode == "enhanced"
        if enhanced and asked.application in ("ER", "SU"):
            self._may_follow.add(header.control_id)
        if enhanced and asked.accept != "AL" and asked.application != "AL":
            return "", b""
        code, answer = await self._answer(header.control_id)
        two_stages = enhanced and asked.application == "AL" and code == "CA"
        return await self._answer(header.control_id) if two_stages else (code, answer)

    async def _answer(self, control_id: bytes) -> tuple[str, bytes]:
        while True:
            answer = await self._next()
            code, about = read_ack(answer)
            if about == control_id and code:
                return code, answer
            if about not in self._may_follow:
                raise OutOfStep(
                    f"{self._host}:{self._port}: an answer ({code or 'no MSA'}) was for another message.\n"
                    "  What was received is unknown: look there, then send again; repeats are harmless."
                )
            self._may_follow.discard(about)

    async def _next(self) -> bytes:
        assert self._streams is not None
        while not self._answers:
            data = await self._streams[0].read(_READ_BYTES)
            if not data:
                raise ConnectionResetError("closed without an answer")
            self._heard = True
            self._answers += [block for block in self._decoder.feed(data) if isinstance(block, bytes)]
        return self._answers.pop(0)

    def _away(self, what: str, hint: str) -> WorldIsAway:
        return WorldIsAway(self._told(what, hint))

    def _told(self, what: str, hint: str) -> str:
        return f"{self._host}:{self._port}: {what}\n  {hint}"


async def send(
    host: str,
    port: int,
    messages: Iterable[bytes],
    *,
    timeout_s: float = 10,
    tls: ssl.SSLContext | None = None,
    server_name: str | None = None,
    retries: int = 0,
    retry_delay_s: float = 1,
) -> AsyncIterator[Outcome]:
    """Send messages over one connection, in order, each after the answer to the one before.

    A refusal (AE, AR, CE, CR) is an outcome; what to do about it is the caller's choice. A message without an answer
    is sent again over a new connection, `retries` times, each time waiting longer.

    Raises:
        MessageIsWrong, WorldIsAway, NoHandshake, OutOfStep: as `Client.send`, after the outcomes of those before.
    """
    client = Client(host, port, timeout_s=timeout_s, tls=tls, server_name=server_name)
    try:
        for message in messages:
            attempt = 1
            while True:
                try:
                    outcome = await client.send(message)
                    break
                except (OutOfStep, NoHandshake):
                    raise
                except WorldIsAway:
                    if attempt > retries:
                        raise
                await asyncio.sleep(retry_delay_s * attempt)
                attempt += 1
            yield msgspec.structs.replace(outcome, attempts=attempt)
    finally:
        await client.close()


def _checked(message: bytes) -> Header:
    header = read_header(message)
    if header is None:
        raise MessageIsWrong("no_msh", "MSH", f"{len(message)} bytes without an MSH segment", "Send HL7 v2 messages.")
    if b"\x0b" in message or b"\x1c" in message:
        raise MessageIsWrong(
            "framing_bytes", "message", "it holds 0x0B or 0x1C", "Escape them: MLLP cannot carry them."
        )
    return header
