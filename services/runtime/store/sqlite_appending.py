"""What an append does inside its transaction: tell repeats from new lines, number and chain the new ones."""

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from typing import cast

import msgspec

from models.ledger import Answered
from services.runtime.store import sqlite_queries as queries
from services.runtime.store.chaining import NOTHING_YET, link
from services.runtime.store.contract import Appended, NewLine
from services.runtime.store.sqlite_connecting import MICROSECOND, micros
from services.runtime.store.sqlite_traffic import count_answers

_WITHIN_MICROS = timedelta(days=7) // MICROSECOND


class HashedLine(msgspec.Struct, frozen=True):
    """A line with what the caller's thread can compute, so that the writer need not."""

    line: NewLine
    sha256: bytes
    received_at_micros: int


def hashed(line: NewLine) -> HashedLine:
    """Hash a line's body."""
    return HashedLine(line, sha256(line.body).digest(), micros(line.received_at))


def append_lines(
    connection: sqlite3.Connection, lines: Sequence[HashedLine], once: bool, checkpoint: tuple[bytes, int] | None
) -> list[Appended]:
    """Keep the lines that are new, in order, and the ends of their feeds' chains."""
    head = _head(connection)
    ends: dict[str, tuple[int, bytes]] = {}
    appended = []
    for each in lines:
        line = each.line
        known = _known(connection, each, once)
        if known is not None:
            appended.append(Appended(known, repeat=True, answer=_answer(connection, known)))
            continue
        head += 1
        previous = ends[line.feed][1] if line.feed in ends else _feed_end(connection, line.feed)
        chain = link(previous, line.feed, line.kind, each.received_at_micros, each.sha256)
        row = (head, line.feed, each.received_at_micros, line.kind, each.sha256, chain, line.body)
        connection.execute(queries.KEEP_LINE, row)
        if line.answer is not None:
            connection.execute(queries.KEEP_ANSWER, (head, line.answer))
        ends[line.feed] = head, chain
        appended.append(Appended(head, repeat=False, answer=line.answer))
    connection.executemany(queries.KEEP_FEED_END, [(feed, seq, chain) for feed, (seq, chain) in ends.items()])
    if checkpoint is not None:
        connection.execute(queries.KEEP_CHECKPOINT, checkpoint)
    return appended


def replace_answer(connection: sqlite3.Connection, seq: int, answer: bytes) -> None:
    """Replace the answer of a line that stands."""
    assert 0 < seq <= _head(connection), f"line {seq} has no answer: there is no such line"
    connection.execute(queries.KEEP_ANSWER, (seq, answer))


def note_answers(connection: sqlite3.Connection, rows: Sequence[Answered]) -> None:
    """Write rows of the ACK ledger, in the order of answering, and count them."""
    for row in rows:
        times = micros(row.received_at), micros(row.kept_at)
        values = (row.feed, row.seq, row.control_id, *times, row.code, row.micros, row.repeat, row.answer)
        connection.execute(queries.KEEP_ACK, values)
    count_answers(connection, rows)


def _known(connection: sqlite3.Connection, each: HashedLine, once: bool) -> int | None:
    at = each.received_at_micros
    if once:
        within = (each.line.feed, each.sha256, at - _WITHIN_MICROS, at)
        row = connection.execute(queries.KNOWN_WITHIN, within).fetchone()
    else:
        row = connection.execute(queries.KNOWN_EXACTLY, (each.line.feed, each.sha256, at, each.line.kind)).fetchone()
    return cast("int | None", row[0]) if row else None


def _head(connection: sqlite3.Connection) -> int:
    return cast("int", connection.execute(queries.HEAD).fetchone()[0])


def _answer(connection: sqlite3.Connection, seq: int) -> bytes | None:
    row = connection.execute(queries.ANSWER, (seq,)).fetchone()
    return cast("bytes", row[0]) if row else None


def _feed_end(connection: sqlite3.Connection, feed: str) -> bytes:
    row = connection.execute(queries.FEED_END, (feed,)).fetchone()
    return cast("bytes", row[0]) if row else NOTHING_YET
