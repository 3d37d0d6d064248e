"""The sender: it waits for each answer, and believes only an answer to what it sent."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from connectors.mllp.acks import build_ack
from connectors.mllp.client import Client, OutOfStep, send
from connectors.mllp.framing import Decoder, frame
from connectors.mllp.header import read_header
from models.errors import MessageIsWrong, WorldIsAway
from tests.unit.mllp.support import PATIENCE_S, START, adt, house

Script = Callable[[bytes, int], bytes | None]


@asynccontextmanager
async def receiver(script: Script) -> AsyncIterator[int]:
    """A receiver that answers message n with `script(message, n)`; None closes the connection."""
    count, open_now = 0, set[asyncio.StreamWriter]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        open_now.add(writer)
        decoder = Decoder()
        try:
            while data := await reader.read(65536):
                for block in decoder.feed(data):
                    assert isinstance(block, bytes)
                    count += 1
                    answer = script(block, count)
                    if answer is None:
                        return
                    writer.write(answer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in open_now:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in open_now), return_exceptions=True)
        await server.wait_closed()


def ack(message: bytes, code: str, about: str | None = None) -> bytes:
    header = read_header(adt(about) if about else message)
    assert header is not None
    return frame(build_ack(header, code, b"X", START))


async def codes(port: int, *messages: bytes, **options: object) -> list[tuple[str, str, bool]]:
    options = {"timeout_s": PATIENCE_S, "retry_delay_s": 0, **options}
    return [(each.control_id, each.code, each.sent) async for each in send("127.0.0.1", port, messages, **options)]


async def test_each_message_waits_for_its_answer() -> None:
    async with house() as at:
        outcomes = [each async for each in send("127.0.0.1", at.port, [adt("1"), adt("2")])]
        assert [(each.control_id, each.code, each.attempts) for each in outcomes] == [("1", "AA", 1), ("2", "AA", 1)]
        assert [each.answer for each in outcomes] == [at.keeper.answers[1], at.keeper.answers[2]]
        assert all(each.millis >= 0 for each in outcomes)


@pytest.mark.parametrize("code", ["AE", "AR", "CE", "CR"])
async def test_a_refusal_is_an_outcome(code: str) -> None:
    async with receiver(lambda message, n: ack(message, code if n == 1 else "AA")) as port:
        assert await codes(port, adt("1"), adt("2")) == [("1", code, False), ("2", "AA", True)]


async def test_an_answer_to_another_message_stops_everything() -> None:
    seen: list[bytes] = []

    def script(message: bytes, n: int) -> bytes:
        seen.append(message)
        return ack(message, "AA", "99" if n == 2 else None)

    async with receiver(script) as port:
        outcomes = []
        with pytest.raises(OutOfStep, match="another message"):  # noqa: PT012
            async for each in send("127.0.0.1", port, [adt("1"), adt("2"), adt("3")], retries=5):
                outcomes.append(each.control_id)  # noqa: PERF401 - what came before the error counts
        assert outcomes == ["1"]
        assert seen == [adt("1"), adt("2")]


async def test_silence_is_no_answer() -> None:
    async with receiver(lambda message, n: b"") as port, Client("127.0.0.1", port, timeout_s=PATIENCE_S) as client:
        client._timeout = 0.1  # of the answer alone: connecting may take its time
        with pytest.raises(WorldIsAway, match=r"no answer \(TimeoutError\)\n.*safe"):
            await client.send(adt("1"))


async def test_a_message_without_an_answer_is_sent_again() -> None:
    async with receiver(lambda message, n: None if n <= 2 else ack(message, "AA")) as port:
        outcomes = [each async for each in send("127.0.0.1", port, [adt("1")], retries=2, retry_delay_s=0)]
        assert [(each.code, each.attempts) for each in outcomes] == [("AA", 3)]
    async with receiver(lambda message, n: None) as port:
        with pytest.raises(WorldIsAway):
            await codes(port, adt("1"), retries=2)


async def test_retries_against_a_listener_whose_disk_was_full_lose_and_double_nothing() -> None:
    async with house() as at:
        at.keeper.fail = True
        asyncio.get_running_loop().call_later(0.1, setattr, at.keeper, "fail", False)
        assert await codes(at.port, adt("1"), adt("2"), retries=20, retry_delay_s=0.05) == [
            ("1", "AA", True),
            ("2", "AA", True),
        ]
        assert at.keeper.bodies == [adt("1"), adt("2")]


async def test_both_stages_of_enhanced_mode_are_waited_for() -> None:
    async with house() as at:
        messages = [
            adt("1", accept="AL", application="AL"),
            adt("2", accept="AL", application="NE"),
            adt("3", accept="NE", application="NE"),
            adt("4", accept="AL", application="AL").split(b"\rPID")[0],
            adt("5"),
        ]
        assert await codes(at.port, *messages) == [
            ("1", "AA", True), ("2", "CA", True), ("3", "", True), ("4", "AE", False), ("5", "AA", True),
        ]  # fmt: skip


async def test_an_application_answer_on_error_only_does_not_confuse_the_next_message() -> None:
    async with house() as at:
        unreadable = adt("1", accept="AL", application="ER").split(b"\rPID")[0]
        assert await codes(at.port, unreadable, adt("2")) == [("1", "CA", True), ("2", "AA", True)]


async def test_nobody_there_is_told_with_the_address() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # it is nobody else's, and nobody listens
        port = deaf.getsockname()[1]
        with pytest.raises(WorldIsAway, match=rf"127\.0\.0\.1:{port}: no connection"):
            await codes(port, adt("1"))


@pytest.mark.parametrize("message", [b"PID|1\r", adt("1") + b"NTE|\x1c\r"])
async def test_what_cannot_be_sent_is_not_sent(message: bytes) -> None:
    async with house() as at:
        with pytest.raises(MessageIsWrong):
            await codes(at.port, message)
        assert at.keeper.lines == []


async def test_one_client_sends_many_times() -> None:
    async with house() as at, Client("127.0.0.1", at.port) as client:
        assert [(await client.send(adt(str(number)))).code for number in range(3)] == ["AA"] * 3
        assert at.listener.stats.connections == 1


async def test_a_foreign_client_is_answered(tmp_path: Path) -> None:
    """python-hl7's `mllp_send`, as its users run it."""
    (tmp_path / "messages.hl7").write_bytes(b"".join(frame(adt(f"M{number}")) for number in range(5)))
    tool = Path(sys.executable).with_name("mllp_send")
    async with house() as at:
        ran = await asyncio.to_thread(
            subprocess.run,
            [tool, "--port", str(at.port), "--file", tmp_path / "messages.hl7", "127.0.0.1"],
            capture_output=True, check=True, timeout=PATIENCE_S,
        )  # fmt: skip
        assert at.keeper.bodies == [adt(f"M{number}").rstrip(b"\r") for number in range(5)]
        assert ran.stdout.count(b"MSA|AA|M") == 5
        assert ran.stderr == b""
