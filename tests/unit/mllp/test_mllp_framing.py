"""R-01 to R-04 and R-07 on the decoder alone: bytes in, blocks out."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mllp.framing import Decoder, Oversize, frame


def test_a_block_is_delivered_at_its_fs_without_waiting_for_the_cr() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x0bMSH|1\x1c") == [b"MSH|1"]
    assert decoder.feed(b"\r") == []
    assert decoder.counts.noise_bytes == decoder.counts.padding_bytes == 0


@pytest.mark.parametrize(
    ("between", "noise", "padding"),
    [
        (b"", 0, 0),
        (b"\r", 0, 0),
        (b"\n", 0, 0),
        (b"\r\n", 0, 0),
        (b"\n\r", 0, 1),  # at most one CR, then one LF belong to the block
        (b"\r\r\n\n", 0, 3),
        (b"\r\0\0\0", 0, 3),
        (b"\rGET / HTTP/1.1\r\n", 14, 2),
        (b"\r\x1c", 1, 0),
    ],
)
def test_what_lies_between_blocks_is_dropped_and_counted(between: bytes, noise: int, padding: int) -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x0bA\x1c" + between + b"\x0bB\x1c") == [b"A", b"B"]
    assert (decoder.counts.noise_bytes, decoder.counts.padding_bytes) == (noise, padding)


def test_noise_before_the_first_block_is_dropped() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\xff\xf4hello\x0bA\x1c\r") == [b"A"]
    assert decoder.counts.noise_bytes == 7


def test_a_doubled_start_is_ignored_also_across_reads() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x0b\x0bA\x1c\r\x0b") == [b"A"]
    assert decoder.feed(b"\x0bB\x1c\r") == [b"B"]
    assert decoder.counts.doubled_starts == 2
    assert decoder.counts.frame_restarts == 0


def test_a_later_start_restarts_the_block() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x0bhalf") == []
    assert decoder.feed(b"\x0bthird\x0bwhole\x1c\r") == [b"whole"]
    assert decoder.counts.frame_restarts == 2
    assert decoder.counts.restarted_bytes == 9


def test_several_blocks_in_one_read_come_in_order() -> None:
    assert Decoder().feed(frame(b"A") + frame(b"B") + b"\x0bC\x1c\x0bD\x1c\r\x0bE") == [b"A", b"B", b"C", b"D"]


def test_empty_blocks_are_heartbeats() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x0b\x1c\r\x0b\r\n\x1c\r" + frame(b"A")) == [b"A"]
    assert decoder.counts.empty_blocks == 2


def test_a_block_at_the_hard_limit_passes_and_one_byte_more_does_not() -> None:
    decoder = Decoder(hard_limit=10_000, soft_limit=100)
    at_limit, over = b"a" * 10_000, b"b" * 10_001
    assert decoder.feed(frame(at_limit) + frame(over) + frame(b"C")) == [
        at_limit,
        Oversize(10_001, b"b" * 4096, ended=True),
        b"C",
    ]
    assert decoder.counts.large_blocks == 1


def test_a_discarded_block_holds_only_its_head_in_memory() -> None:
    decoder = Decoder(hard_limit=10_000)
    decoder.feed(b"\x0b")
    for _ in range(100):
        decoder.feed(b"x" * 1000)
    assert (decoder.block_size, decoder.buffered) == (100_000, 4096)
    assert decoder.feed(b"\x1c\r" + frame(b"A")) == [Oversize(100_000, b"x" * 4096, ended=True), b"A"]


def test_a_sender_that_starts_again_ends_the_discarding() -> None:
    decoder = Decoder(hard_limit=10)
    assert decoder.feed(b"\x0b" + b"x" * 50 + frame(b"A")) == [b"A"]
    assert decoder.counts.frame_restarts == 1


def test_past_the_cap_the_decoder_is_deaf() -> None:
    decoder = Decoder(hard_limit=5000, cap=20_000)
    assert decoder.feed(b"\x0b" + b"x" * 20_001) == [Oversize(20_001, b"x" * 4096, ended=False)]
    assert decoder.deaf
    assert decoder.feed(b"\x1c\r" + frame(b"A")) == []


_BYTES = st.lists(st.sampled_from([b"\x0b", b"\x1c", b"\r", b"\n", b"\0", b" ", b"A", b"BC", b"x" * 30]), max_size=60)


@given(pieces=_BYTES, cuts=st.lists(st.integers(0, 400), max_size=30))
def test_the_blocks_do_not_depend_on_how_the_stream_is_cut(pieces: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pieces)
    whole, cut = Decoder(hard_limit=64, soft_limit=20, cap=150), Decoder(hard_limit=64, soft_limit=20, cap=150)
    expected = whole.feed(stream)
    edges = sorted({0, len(stream), *(min(at, len(stream)) for at in cuts)})
    got = [block for start, end in pairwise(edges) for block in cut.feed(stream[start:end])]
    # A head may be shorter when the limit is passed in an early read: with real limits it is always 4 KiB.
    assert [_sized(block) for block in got] == [_sized(block) for block in expected]
    if not whole.deaf:
        assert cut.counts == whole.counts
        assert (cut.in_block, cut.block_size) == (whole.in_block, whole.block_size)


@given(
    bodies=st.lists(
        st.binary(min_size=1, max_size=200).filter(lambda b: not {0x0B, 0x1C} & {*b} and b.strip(b"\r\n\0 "))
    )
)
def test_what_is_framed_comes_out_again(bodies: list[bytes]) -> None:
    decoder = Decoder()
    assert [block for byte in b"".join(map(frame, bodies)) for block in decoder.feed(bytes([byte]))] == bodies
    assert decoder.counts.noise_bytes == 0


def _sized(block: bytes | Oversize) -> object:
    return (block.size if block.ended else "deaf") if isinstance(block, Oversize) else block


@pytest.mark.slow
def test_megabytes_in_single_bytes_are_one_block() -> None:
    decoder, byte = Decoder(), b"x"
    decoder.feed(b"\x0b")
    for _ in range(4 << 20):
        decoder.feed(byte)
    assert decoder.feed(b"\x1c") == [b"x" * (4 << 20)]
