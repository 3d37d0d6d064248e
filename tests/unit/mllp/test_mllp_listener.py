"""The listener over raw sockets: what a sender sees, and when."""

import asyncio
import logging
import socket
import struct
import time

import pytest

from connectors.mllp.acks import read_ack
from connectors.mllp.contract import Kept
from connectors.mllp.framing import frame
from connectors.mllp.listener import Listener, Slots
from connectors.mllp.settings import ListenerSettings
from models.errors import WorldIsAway
from models.time import Instant
from tests.unit.mllp.support import MemoryKeeper, adt, house, until


def said(caplog: pytest.LogCaptureFixture) -> str:
    """All that was logged, fields too."""
    return " ".join(str(vars(record)) for record in caplog.records)


# framing.


async def test_noise_between_blocks_is_dropped_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async with house() as at, at.sender() as sender:
        for control_id in ("1", "2"):
            await sender.raw(b"JANE\r\n\0" + frame(adt(control_id)))
            assert await sender.code() == ("AA", control_id)
        assert (at.listener.stats.noise_bytes, at.listener.stats.padding_bytes) == (8, 6)
    assert sum(record.getMessage() == "bytes outside of blocks" for record in caplog.records) == 1


async def test_the_answer_does_not_wait_for_the_cr() -> None:
    async with house() as at, at.sender() as sender:
        await sender.raw(b"\x0b" + adt("1") + b"\x1c")
        assert await sender.code() == ("AA", "1")
        await sender.raw(b"\r\n" + frame(adt("2")))
        assert await sender.code() == ("AA", "2")
        assert at.listener.stats.noise_bytes == at.listener.stats.padding_bytes == 0


async def test_doubled_framing_is_read_through() -> None:
    async with house() as at, at.sender() as sender:
        await sender.raw(b"\x0b" + frame(adt("1")))
        assert await sender.code() == ("AA", "1")
        assert at.keeper.bodies == [adt("1")]


async def test_a_sender_that_starts_again_is_heard_once() -> None:
    async with house() as at, at.sender() as sender:
        await sender.raw(b"\x0b" + adt("1")[:50] + frame(adt("1")))
        assert await sender.code() == ("AA", "1")
        assert at.keeper.bodies == [adt("1")]
        assert at.listener.stats.frame_restarts == 1


async def test_a_message_may_come_byte_by_byte() -> None:
    async with house() as at, at.sender() as sender:
        for byte in frame(adt("1")):
            await sender.raw(bytes([byte]))
            await asyncio.sleep(0)
        assert await sender.code() == ("AA", "1")
        assert at.keeper.bodies == [adt("1")]


async def test_pipelined_messages_are_kept_together_and_answered_in_order() -> None:
    keeper = MemoryKeeper()
    keeper.after = {b"1": b"2"}
    sent = [adt(str(number)) for number in range(1, 201)]
    async with house(keeper=keeper) as at, at.sender() as sender:
        await sender.send(*sent)
        assert [(await sender.code())[1] for _ in sent] == [str(number) for number in range(1, 201)]
    assert keeper.bodies == sent
    assert keeper.events.index("kept 2") < keeper.events.index("kept 1")
    assert 1 < keeper.most_concurrent <= 64


async def test_the_bound_on_messages_under_way_holds_and_reading_pauses() -> None:
    keeper = MemoryKeeper()
    keeper.gate = asyncio.Event()
    async with house(keeper=keeper, max_in_flight=5) as at, at.sender() as sender:
        await sender.send(*(adt(str(number)) for number in range(50)))
        await until(lambda: keeper.concurrent == 5)
        await asyncio.sleep(0.05)
        assert keeper.concurrent == 5
        keeper.gate.set()
        assert [(await sender.code())[1] for _ in range(50)] == [str(number) for number in range(50)]
    assert keeper.most_concurrent == 5


# time, and what a status page sees.


async def test_a_sender_that_stalls_inside_a_block_is_cut_off() -> None:
    async with house(mid_block_timeout_s=0.1) as at, at.sender() as sender:
        assert await sender.ask(adt("1")) == "AA"
        await sender.raw(b"\x0bMSH|half")
        assert await sender.silent_until_closed()
        assert (at.listener.stats.timeouts, at.listener.stats.unfinished_blocks) == (1, 1)


async def test_a_sender_that_trickles_is_cut_off_too() -> None:
    async with house(mid_block_timeout_s=0.3) as at, at.sender() as sender:
        await sender.raw(b"\x0bMSH|")
        with pytest.raises(OSError):  # noqa: PT012 - when the reset is noticed is up to the kernel
            for _ in range(500):
                await sender.raw(b"x")
                await asyncio.sleep(0.02)
        assert at.listener.stats.timeouts == 1


async def test_silence_between_blocks_is_no_timeout_unless_asked_for() -> None:
    async with house(mid_block_timeout_s=0.05) as at, at.sender() as sender:
        await asyncio.sleep(0.2)
        assert await sender.ask(adt("1")) == "AA"
    async with house(idle_timeout_s=1) as at, at.sender() as sender:
        assert await sender.ask(adt("1")) == "AA"
        assert await sender.silent_until_closed()


async def test_keep_alive_is_set_on_accepted_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, int]] = []
    real = Listener._connect

    async def spy(self: Listener, accepted: socket.socket, *rest: object) -> None:
        await real(self, accepted, *rest)
        seen.append(
            (
                accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE),
                accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
            )
        )

    monkeypatch.setattr(Listener, "_connect", spy)
    async with house() as at, at.sender() as sender:
        assert await sender.ask(adt("1")) == "AA"
    assert seen == [(1, 180)]


async def test_an_empty_block_is_a_heartbeat() -> None:
    async with house() as at, at.sender() as sender:
        await sender.raw(frame(b"") + frame(adt("1")))
        assert await sender.code() == ("AA", "1")
        assert at.listener.stats.empty_blocks == 1
        assert len(at.keeper.lines) == 1


async def test_no_traffic_can_be_told_from_stuck_in_the_buffer() -> None:
    async with house() as at, at.sender() as sender:
        await until(lambda: at.listener.stats.open_connections == 1)
        assert at.listener.stats.oldest_block_s is None
        await sender.raw(b"\x0b" + b"x" * 1000)
        await until(lambda: at.listener.stats.buffered_bytes == 1000)
        age = at.listener.stats.oldest_block_s
        assert age is not None
        await asyncio.sleep(0.02)
        assert at.listener.stats.oldest_block_s > age
    await until(lambda: at.listener.stats.open_connections == 0)


# size.


async def test_a_message_over_the_hard_limit_is_refused_and_the_feed_goes_on() -> None:
    huge = adt("1") + b"NTE|" + b"x" * 20_000
    async with house(hard_limit=10_000, ack_mode="aa_only") as at, at.sender() as sender:
        await sender.send(huge, adt("2"))
        refusal = await sender.answer()
        assert read_ack(refusal) == ("AR", b"1")
        assert b"\rERR|" in refusal
        assert await sender.code() == ("AA", "2")
        assert at.keeper.thrown_away == [("F1", len(huge), huge[:4096], "over_hard_limit")]
        assert at.keeper.bodies == [adt("2")]
        assert at.listener.stats.oversize == 1


async def test_a_message_without_an_end_closes_the_connection() -> None:
    async with house(hard_limit=10_000, discard_limit=50_000) as at, at.sender() as sender:
        await sender.raw(b"\x0b" + adt("1") + b"x" * 100_000)
        assert await sender.silent_until_closed()
        assert [reason for *_, reason in at.keeper.thrown_away] == ["over_hard_limit"]


async def test_a_message_of_many_megabytes_passes() -> None:
    large = adt("1") + b"OBX|1|ED|" + b"A" * (15 << 20)
    async with house() as at, at.sender() as sender:
        assert await sender.ask(large) == "AA"
        assert at.keeper.bodies == [large]
        assert at.listener.stats.large_blocks == 1


# keep first, answer after.


async def test_no_answer_before_the_bytes_are_durable() -> None:
    keeper = MemoryKeeper()
    keeper.gate = asyncio.Event()
    async with house(keeper=keeper) as at, at.sender() as sender:
        await sender.send(adt("1"))
        await until(lambda: keeper.concurrent == 1)
        with pytest.raises(TimeoutError):
            await sender.answer(timeout_s=0.1)
        keeper.gate.set()
        assert await sender.code() == ("AA", "1")
    assert keeper.events == ["kept 1", "answered 1"]


async def test_the_answer_is_stored_with_the_line() -> None:
    async with house() as at, at.sender() as sender:
        await sender.send(adt("1"))
        assert at.keeper.answers == {1: await sender.answer()}


async def test_a_message_is_not_read_before_its_answer() -> None:
    def broken(feed: str, received_at: Instant, body: bytes) -> str | None:
        raise AssertionError("asked to read")

    async with house(judged=broken) as at, at.sender() as sender:
        assert await sender.ask(adt("1")) == "AA"


async def test_a_full_disk_means_no_answer_and_a_closed_connection() -> None:
    async with house() as at:
        async with at.sender() as sender:
            assert await sender.ask(adt("1")) == "AA"
            at.keeper.fail = True
            await sender.send(adt("2"))
            assert await sender.silent_until_closed()
        at.keeper.fail = False
        async with at.sender() as sender:
            assert await sender.ask(adt("2")) == "AA"
        assert at.listener.stats.storage_failures == 1


async def test_answers_of_earlier_messages_still_arrive_when_a_later_one_cannot_be_kept() -> None:
    class FullAfterOne(MemoryKeeper):
        async def keep(self, feed: str, received_at: Instant, body: bytes, answer: bytes | None) -> Kept:
            kept = await super().keep(feed, received_at, body, answer)
            if kept.seq > 1:
                raise RuntimeError("a bug is no reason to answer AA either")
            return kept

    async with house(keeper=FullAfterOne()) as at, at.sender() as sender:
        await sender.send(adt("1"), adt("2"), adt("3"))
        assert await sender.code() == ("AA", "1")
        assert await sender.silent_until_closed()
        assert [row.control_id for row in at.keeper.ledger] == ["1"]


# what is answered.


async def test_unreadable_content_is_accepted_by_default_and_refused_where_asked() -> None:
    unreadable = b"MSH|^~\\&|HIS|H1|WH|PLAN|2025||ADT^A01|7|P|2.5\rPV1|1|I\r"
    async with house() as at, at.sender() as sender:
        assert await sender.ask(unreadable) == "AA"
    async with house(on_unparsable="AE") as at, at.sender() as sender:
        await sender.send(unreadable)
        answer = await sender.answer()
        assert read_ack(answer) == ("AE", b"7")
        assert b"no PID segment" in answer
        assert at.keeper.answers == {1: answer}
        assert await sender.ask(adt("8")) == "AA"
        assert at.keeper.bodies == [unreadable, adt("8")]


async def test_a_bug_in_the_reader_is_an_ae_and_not_a_stopped_feed(caplog: pytest.LogCaptureFixture) -> None:
    def broken(feed: str, received_at: Instant, body: bytes) -> str | None:
        raise ValueError("DOE^JANE")

    async with house(on_unparsable="AE", judged=broken) as at, at.sender() as sender:
        assert await sender.ask(adt("1")) == "AE"
        assert len(at.keeper.lines) == 1
    assert "ValueError" in {getattr(record, "error", "") for record in caplog.records}
    assert "JANE" not in said(caplog)


async def test_events_of_no_interest_are_accepted() -> None:
    async with house() as at, at.sender() as sender:
        assert await sender.ask(adt("1", trigger="A20")) == "AA"


@pytest.mark.parametrize(
    ("settings", "sender_fields", "code"),
    [
        ({}, "HIS|H1", "AA"),
        ({}, "HIS^1.2^ISO|H1", "AA"),
        ({}, "HIS|H2", "AR"),
        ({}, "|", "AR"),
        ({"on_disallowed": "quarantine"}, "HIS|H2", "AA"),
        ({"ack_mode": "aa_only"}, "HIS|H2", "AA"),
        ({"allow": frozenset({("*", "H2")})}, "HIS|H2", "AA"),
    ],
)
async def test_a_sender_that_is_not_allowed_is_refused_but_kept(
    settings: dict[str, object], sender_fields: str, code: str
) -> None:
    async with house(**{"allow": frozenset({("HIS", "H1")}), **settings}) as at, at.sender() as sender:
        assert await sender.ask(adt("1", sender=sender_fields)) == code
        assert len(at.keeper.lines) == 1


async def test_test_traffic_is_kept_and_accepted() -> None:
    async with house() as at, at.sender() as sender:
        for control_id, processing in (("1", "P"), ("2", ""), ("3", "T"), ("4", "D")):
            assert await sender.ask(adt(control_id, processing=processing)) == "AA"
        assert len(at.keeper.lines) == 4
        assert at.listener.stats.test_messages == 2


async def test_enhanced_mode_commits_first_and_then_tells_what_was_read() -> None:
    async with house() as at, at.sender() as sender:
        await sender.send(adt("1", accept="AL", application="AL"), adt("2"))
        assert [await sender.code() for _ in range(3)] == [("CA", "1"), ("AA", "1"), ("AA", "2")]
        unreadable = adt("3", accept="AL", application="ER").split(b"\rPID")[0]
        await sender.send(unreadable)
        assert [await sender.code() for _ in range(2)] == [("CA", "3"), ("AE", "3")]
        await sender.send(adt("4", accept="NE", application="NE"), adt("5"))
        assert await sender.code() == ("AA", "5")
        assert [(row.control_id, row.code) for row in at.keeper.ledger] == [
            ("1", "CA"), ("1", "AA"), ("2", "AA"), ("3", "CA"), ("3", "AE"), ("5", "AA"),
        ]  # fmt: skip


async def test_a_feed_that_wants_no_answers_gets_none() -> None:
    async with house(ack_mode="none") as at, at.sender() as sender:
        await sender.send(adt("1"), adt("1"))
        sender.writer.write_eof()
        assert await sender.silent_until_closed()
        assert at.keeper.bodies == [adt("1")]


# messages without an address, answers without a use.


async def test_a_message_without_a_control_id_is_answered() -> None:
    async with house() as at, at.sender() as sender:
        await sender.send(adt(""))
        assert await sender.code() == ("AA", "")
        assert at.listener.stats.no_control_id == 1


async def test_what_is_no_message_is_kept_and_the_connection_closes() -> None:
    async with house() as at, at.sender() as sender:
        at.keeper.gate = asyncio.Event()
        await sender.send(adt("1"), b"<ClinicalDocument/>", adt("2"))
        await until(lambda: at.keeper.concurrent == 2)
        await sender.send(adt("3"))
        await asyncio.sleep(0.05)
        at.keeper.gate.set()
        assert await sender.code() == ("AA", "1")
        assert await sender.silent_until_closed()
        assert at.keeper.bodies == [adt("1"), b"<ClinicalDocument/>"]
        assert at.listener.stats.no_msh == 1


async def test_a_late_answer_is_not_sent() -> None:
    keeper = MemoryKeeper()
    async with house(keeper=keeper) as at, at.sender() as sender:
        assert await sender.ask(adt("1")) == "AA"
    keeper.gate = asyncio.Event()
    async with house(keeper=keeper, ack_deadline_s=0.1) as at:
        async with at.sender() as sender:
            await sender.send(adt("2"))
            assert await sender.silent_until_closed()
        assert at.listener.stats.late == 1
        keeper.gate.set()
        await until(lambda: "kept 2" in keeper.events)
    async with house(keeper=keeper) as at, at.sender() as sender:
        await sender.send(adt("2"))
        assert await sender.answer() == keeper.answers[2]
    assert [(row.control_id, row.repeat) for row in keeper.ledger] == [("1", False), ("2", True)]


async def test_an_answer_is_late_also_when_the_whole_process_stood_still() -> None:
    class Frozen(MemoryKeeper):
        async def keep(self, feed: str, received_at: Instant, body: bytes, answer: bytes | None) -> Kept:
            time.sleep(0.2)  # noqa: ASYNC251 - that is the point
            return await super().keep(feed, received_at, body, answer)

    async with house(keeper=Frozen(), ack_deadline_s=0.1) as at, at.sender() as sender:
        await sender.send(adt("1"))
        assert await sender.silent_until_closed()
        assert (at.listener.stats.late, at.keeper.ledger) == (1, [])


# order and repeats.


async def test_receipt_times_follow_arrival_on_each_connection() -> None:
    async with house() as at, at.sender() as one, at.sender() as two:
        for number in range(10):
            await one.send(adt(f"a{number}"))
            await two.send(adt(f"b{number}"))
        for _ in range(10):
            await one.answer()
            await two.answer()
        times = [received_at for _, received_at, _ in at.keeper.lines]
        assert times == sorted(times)
        order = [row.control_id for row in at.keeper.ledger]
        assert [each for each in order if each[0] == "a"] == [f"a{number}" for number in range(10)]


async def test_a_repeat_gets_the_stored_answer_byte_for_byte_on_any_connection() -> None:
    async with house() as at:
        async with at.sender() as sender:
            await sender.send(adt("1"))
            first = await sender.answer()
        async with at.sender() as sender:
            await sender.send(adt("1"))
            assert await sender.answer() == first
        assert len(at.keeper.lines) == 1
        assert [row.repeat for row in at.keeper.ledger] == [False, True]
        assert at.listener.stats.repeats == 1


@pytest.mark.parametrize("count", [2, 5])
async def test_the_same_message_pipelined_is_kept_once_and_answered_alike(count: int) -> None:
    for settings in ({}, {"on_unparsable": "AE"}):
        async with house(**settings) as at, at.sender() as sender:
            await sender.send(*[adt("1")] * count)
            assert len({await sender.answer() for _ in range(count)}) == 1
            assert len(at.keeper.lines) == 1


async def test_the_same_control_id_with_other_bytes_is_another_message() -> None:
    async with house() as at, at.sender() as sender:
        assert await sender.ask(adt("1")) == "AA"
        assert await sender.ask(adt("1", trigger="A03")) == "AA"
        assert at.keeper.bodies == [adt("1"), adt("1", trigger="A03")]


async def test_both_answers_of_enhanced_mode_are_repeated() -> None:
    message = adt("1", accept="AL", application="AL")
    async with house() as at, at.sender() as sender:
        await sender.send(message)
        first = [await sender.answer(), await sender.answer()]
        await sender.send(message)
        assert [await sender.answer(), await sender.answer()] == first


async def test_a_refusal_is_not_final_once_its_reason_is_mended() -> None:
    keeper = MemoryKeeper()
    async with house(keeper=keeper, allow=frozenset({("HIS", "H9")})) as at, at.sender() as sender:
        await sender.send(adt("1"), adt("1"))
        assert await sender.answer() == await sender.answer() == keeper.answers[1]
    async with house(keeper=keeper, allow=frozenset({("HIS", "H1")})) as at, at.sender() as sender:
        assert await sender.ask(adt("1")) == "AA"
        assert await sender.ask(adt("1")) == "AA"
    assert len(keeper.lines) == 1
    # An acceptance, however, stands: the sender was told that we are responsible.
    async with house(keeper=keeper, allow=frozenset({("HIS", "H9")})) as at, at.sender() as sender:
        stood = keeper.answers[1]
        await sender.send(adt("1"))
        assert await sender.answer() == keeper.answers[1] == stood


async def test_an_answer_that_could_not_be_stored_is_not_sent() -> None:
    keeper = MemoryKeeper()
    keeper.fail_replace = True
    async with house(keeper=keeper, on_unparsable="AE") as at:
        async with at.sender() as sender:
            await sender.send(adt("1"))
            assert await sender.silent_until_closed()
        keeper.fail_replace = False
        async with at.sender() as sender:
            await sender.send(adt("1"))
            assert await sender.answer() == keeper.answers[1]


async def test_the_ledger_tells_of_every_answer() -> None:
    async with house() as at, at.sender() as sender:
        await sender.send(adt("1"))
        answer = await sender.answer()
        (row,) = at.keeper.ledger
        assert (row.feed, row.seq, row.control_id, row.code, row.repeat, row.answer) == (
            "F1", 1, "1", "AA", False, answer,
        )  # fmt: skip
        assert row.received_at < row.kept_at
        assert row.micros >= 0
        assert at.listener.stats.answers == {"AA": 1}


# limits, peers that leave, the port.


async def test_connections_over_the_limit_are_closed_and_others_go_on() -> None:
    async with house(max_connections=2) as at, at.sender() as one, at.sender() as two:
        assert [await one.ask(adt("1")), await two.ask(adt("2"))] == ["AA", "AA"]
        async with at.sender() as three:
            assert await three.silent_until_closed()
        assert await one.ask(adt("3")) == "AA"
        assert at.listener.stats.connections_refused == 1


async def test_listeners_share_the_global_limit_and_give_back() -> None:
    slots = Slots(1)
    async with house(slots=slots) as one, house(slots=slots) as two:
        async with one.sender() as sender:
            assert await sender.ask(adt("1")) == "AA"
            async with two.sender() as other:
                assert await other.silent_until_closed()
        await until(lambda: one.listener.stats.open_connections == 0)
        async with two.sender() as sender:
            assert await sender.ask(adt("1")) == "AA"


async def test_a_peer_that_never_reads_its_answers_is_cut_off() -> None:
    async with house(write_timeout_s=0.2) as at:
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(deaf, ("127.0.0.1", at.port))
            sending = asyncio.create_task(loop.sock_sendall(deaf, frame(adt("1")) * 100_000))
            await until(lambda: at.listener.stats.timeouts == 1)
            await asyncio.gather(sending, return_exceptions=True)
        await until(lambda: at.listener.stats.open_connections == 0)


async def test_a_peer_that_leaves_in_a_block_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with house() as at:
        async with at.sender() as sender:
            await sender.raw(b"\x0bMSH|^~\\&|DOE^JANE")
            await until(lambda: at.listener.stats.buffered_bytes > 0)
        await until(lambda: at.listener.stats.open_connections == 0)
        assert at.keeper.lines == []
        assert at.listener.stats.unfinished_blocks == 1
    assert max(getattr(record, "bytes_in_block", 0) for record in caplog.records) > 0
    assert "JANE" not in said(caplog)


async def test_a_peer_that_resets_while_its_message_is_kept_loses_nothing() -> None:
    keeper = MemoryKeeper()
    keeper.gate = asyncio.Event()
    async with house(keeper=keeper) as at:
        async with at.sender() as sender:
            await sender.send(adt("1"))
            await until(lambda: keeper.concurrent == 1)
            linger = struct.pack("ii", 1, 0)
            sender.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        await until(lambda: at.listener.stats.open_connections == 0)
        keeper.gate.set()
        await until(lambda: keeper.events == ["kept 1"])
        assert at.listener.stats.unanswered == 1
        async with at.sender() as sender:
            await sender.send(adt("1"))
            assert await sender.answer() == keeper.answers[1]


async def test_a_sender_that_closes_its_half_still_gets_its_answers() -> None:
    async with house() as at, at.sender() as sender:
        await sender.send(adt("1"), adt("2"))
        sender.writer.write_eof()
        assert [await sender.code(), await sender.code()] == [("AA", "1"), ("AA", "2")]
        assert await sender.silent_until_closed()


async def test_stopping_answers_what_is_being_kept() -> None:
    keeper = MemoryKeeper()
    keeper.gate = asyncio.Event()
    async with house(keeper=keeper) as at, at.sender() as sender:
        await sender.send(adt("1"))
        await until(lambda: keeper.concurrent == 1)
        stopping = asyncio.create_task(at.listener.stop())
        await until(lambda: at.listener.addresses == [])
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", at.port)
        keeper.gate.set()
        assert await sender.code() == ("AA", "1")
        await stopping
        assert at.listener.addresses == []


async def test_a_stopped_listener_may_start_again() -> None:
    async with house() as at:
        await at.listener.stop()
        await at.listener.start()
        at.port = at.listener.addresses[0][1]
        async with at.sender() as sender:
            assert await sender.ask(adt("1")) == "AA"


async def test_a_taken_port_is_told_with_a_hint() -> None:
    async with house() as at:
        second = Listener(ListenerSettings(feed="F2", port=at.port), at.keeper, lambda *_: None)
        with pytest.raises(WorldIsAway, match=rf"feed F2: cannot listen on 127\.0\.0\.1:{at.port}.*\n.*another port"):
            await second.start()


async def test_a_host_that_does_not_exist_is_told() -> None:
    listener = Listener(ListenerSettings(feed="F1", host="no-such-host.invalid"), MemoryKeeper(), lambda *_: None)
    with pytest.raises(WorldIsAway, match=r"no-such-host\.invalid:2575"):
        await listener.start()


async def test_logs_hold_no_content(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="connectors.mllp")
    async with house(on_unparsable="AE", allow=frozenset({("X", "Y")})) as at, at.sender() as sender:
        assert await sender.ask(adt("SECRET-ID")) == "AR"
        await sender.raw(b"JANE" + frame(b"DOE^JANE"))
        assert await sender.silent_until_closed()
    assert caplog.records
    assert not any(word in said(caplog) for word in ("JANE", "1234", "SECRET-ID"))
