"""What an append does inside its transaction: tell repeats from new lines, number and chain the new ones."""

import sqlite3
from collections.abc import Sequence
from typing import cast

from models.ledger import Answered
from services.runtime.store import sqlite_queries as queries
from services.runtime.store import statements
from services.runtime.store.appending import WITHIN_MICROS, HashedLine
from services.runtime.store.chaining import NOTHING_YET, link
from services.runtime.store.contract import Appended
from services.runtime.store.sqlite_session import SqliteSession
from services.runtime.store.stamps import micros
from services.runtime.store.traffic import count_answers


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
        connection.execute(statements.KEEP_LINE, row)
        if line.answer is not None:
            connection.execute(statements.KEEP_ANSWER, (head, line.answer))
        ends[line.feed] = head, chain
        appended.append(Appended(head, repeat=False, answer=line.answer))
    connection.executemany(statements.KEEP_FEED_END, [(feed, seq, chain) for feed, (seq, chain) in ends.items()])
    if checkpoint is not None:
        connection.execute(statements.KEEP_CHECKPOINT, checkpoint)
    return appended


def replace_answer(connection: sqlite3.Connection, seq: int, answer: bytes) -> None:
    """Replace the answer of a line that stands."""
    assert 0 < seq <= _head(connection), f"line {seq} has no answer: there is no such line"
    connection.execute(statements.KEEP_ANSWER, (seq, answer))


def note_answers(connection: sqlite3.Connection, rows: Sequence[Answered]) -> None:
    """Write rows of the ACK ledger, in the order of answering, and count them."""
    for row in rows:
        times = micros(row.received_at), micros(row.kept_at)
        values = (row.feed, row.seq, row.control_id, *times, row.code, row.micros, int(row.repeat), row.answer)
        connection.execute(queries.KEEP_ACK, values)
    count_answers(SqliteSession(connection), rows)


def _known(connection: sqlite3.Connection, each: HashedLine, once: bool) -> int | None:
    at = each.received_at_micros
    if once:
        within = (each.line.feed, each.sha256, at - WITHIN_MICROS, at)
        row = connection.execute(queries.KNOWN_WITHIN, within).fetchone()
    else:
        row = connection.execute(queries.KNOWN_EXACTLY, (each.line.feed, each.sha256, at, each.line.kind)).fetchone()
    return cast("int | None", row[0]) if row else None


def _head(connection: sqlite3.Connection) -> int:
    return cast("int", connection.execute(queries.HEAD).fetchone()[0])


def _answer(connection: sqlite3.Connection, seq: int) -> bytes | None:
    rows = SqliteSession(connection).rows_of(statements.ANSWERS_TO, [(seq,)])
    return rows[0][1] if rows else None


def _feed_end(connection: sqlite3.Connection, feed: str) -> bytes:
    rows = SqliteSession(connection).rows_of(statements.FEED_ENDS_OF, [(feed,)])
    return rows[0][1] if rows else NOTHING_YET
