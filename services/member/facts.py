"""Facts are merged, never overwritten: a set keyed by content, each with the messages that told it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from models.events import Event, Fact, Known, Teller
from models.time import Instant

Facts: TypeAlias = dict[Fact, tuple[Teller, ...]]
"""Each fact with its tellers, sorted by receipt and name; `Known` with the first alone. Treated as a value: functions
here return new ones."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[Fact, tuple[Teller, ...]]]).decode


def by_receipt(teller: Teller) -> tuple[Instant, str, str, str]:
    """Order tellers: the first is when, and under which name, a fact became known."""
    return (teller.received_at, teller.name, teller.feed, teller.control_id)


def absorb(facts: Facts, events: Iterable[Event]) -> Facts:
    """Join what was heard to what is known: order, repetition and grouping of the events do not matter."""
    told = defaultdict[Fact, set[Teller]](set)
    for event in events:
        told[event.fact].add(event.teller)
    if not told:
        return facts
    merged = dict(facts)
    for fact, tellers in told.items():
        known = merged.get(fact, ())
        if isinstance(fact, Known):
            # Only since when a description is known matters, and every message repeats it.
            merged[fact] = (min((*known, *tellers), key=by_receipt),)
        elif fresh := tellers.difference(known):
            merged[fact] = tuple(sorted((*known, *fresh), key=by_receipt))
    return merged


def known_by(facts: Facts, at: Instant) -> Facts:
    """What had been received by an instant."""
    told = ((fact, told_by(tellers, at)) for fact, tellers in facts.items())
    return {fact: tellers for fact, tellers in told if tellers}


def told_by(tellers: tuple[Teller, ...], at: Instant) -> tuple[Teller, ...]:
    """Who had told a fact by an instant; the same tuple where all had, by which `derive` knows it again."""
    if tellers[-1].received_at <= at:
        return tellers
    return tuple(t for t in tellers if t.received_at <= at)


def freeze(facts: Facts) -> bytes:
    """Encode facts for the store; equal facts give equal bytes."""
    pairs = sorted((_encode(fact), _encode(tellers)) for fact, tellers in facts.items())
    # MessagePack: an array of arrays of two, put together here so that no fact is encoded twice.
    return _array_of(len(pairs)) + b"".join(b"\x92" + fact + tellers for fact, tellers in pairs)


def thaw(blob: bytes) -> Facts:
    """Decode what `freeze` made."""
    return dict(_decode(blob)) if blob else {}


def _array_of(length: int) -> bytes:
    if length < 16:
        return bytes([0x90 | length])
    return b"\xdc" + length.to_bytes(2) if length < 1 << 16 else b"\xdd" + length.to_bytes(4)
