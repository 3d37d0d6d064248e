"""The n-th mutant of a seed: always the same bytes, whoever asks."""

from collections.abc import Sequence
from random import Random

from tests.long import bending
from tests.long.bending import Mutation

LONGEST = 256 * 1024
_BYTES = b'\x00\x0b\x1c\r\n\x1b\xff\xfe\x80\x85|^~\\&#" ,{}\t\x7f\xc3A0'


def mutant(pool: Sequence[bytes], dice: Random) -> bytes:
    """A message of the pool with one to four mutations, seldom more."""
    body = dice.choice(pool)
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 4, 9))):
        body = _spliced(body, dice, pool) if dice.random() < 0.03 else dice.choice(_MUTATIONS)(body, dice)
    return body[:LONGEST]


def bytes_broken(body: bytes, dice: Random) -> bytes:
    """Bytes changed, lost, put in, said twice; the end cut off. What a standard says does not matter to a wire."""
    start, length = dice.randrange(len(body) + 1), dice.choice((1, 1, 2, 7, 40, 400))
    part = body[start : start + length]
    match dice.randrange(6):
        case 0:
            flipped = bytes([byte ^ (1 << dice.randrange(8)) for byte in part[:3]])
            return body[:start] + flipped + body[start + len(flipped) :]
        case 1:
            return body[:start] + bytes(dice.choices(_BYTES, k=min(length, 7))) + body[start + 1 :]
        case 2:
            return body[:start] + body[start + length :]
        case 3:
            return body[:start] + part * dice.choice((2, 3, 20)) + body[start + length :]
        case 4:
            return body[:start] + dice.randbytes(min(length, 40)) + body[start:]
        case _:
            return body[:start]


def _spliced(body: bytes, dice: Random, pool: Sequence[bytes]) -> bytes:
    """The beginning of one message and the end of another, or its segments among these."""
    other = dice.choice(pool)
    if dice.random() < 0.5:
        return body[: dice.randrange(len(body) + 1)] + other[dice.randrange(len(other) + 1) :]
    lines, more = body.split(b"\r"), other.split(b"\r")
    at = dice.randrange(len(lines) + 1)
    return b"\r".join([*lines[:at], *more[dice.randrange(len(more)) :], *lines[at:]])


_WEIGHTS: dict[Mutation, int] = {
    bytes_broken: 6, bending.field_replaced: 4, bending.field_repeated: 2, bending.field_huge: 1,
    bending.field_escaped: 2, bending.field_foreign: 1, bending.field_canary: 3, bending.time_replaced: 4,
    bending.trigger_replaced: 4, bending.merge_added: 2, bending.segment_moved: 4, bending.delimiters_changed: 2,
    bending.charset_changed: 2, bending.line_ends_changed: 1, bending.enveloped: 1, bending.framed_inside: 1,
}  # fmt: skip
_MUTATIONS = [mutation for mutation, weight in _WEIGHTS.items() for _ in range(weight)]
