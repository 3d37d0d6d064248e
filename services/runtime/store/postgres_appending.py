"""What an append does inside its transaction: tell repeats from new lines, and keep the new ones."""

from collections.abc import Iterable, Sequence

import msgspec

from models.ledger import Answered
from services.runtime.store import postgres_queries as queries
from services.runtime.store import statements
from services.runtime.store.appending import WITHIN_MICROS, HashedLine, repeats
from services.runtime.store.contract import Appended
from services.runtime.store.postgres_committing import keep_lines, keep_tail, lock_tail
from services.runtime.store.postgres_months import Months
from services.runtime.store.postgres_text import Blobs, Numbers, Texts
from services.runtime.store.session import Session
from services.runtime.store.stamps import micros
from services.runtime.store.traffic import count_answers


class Note(msgspec.Struct, frozen=True):
    """A row of the ACK ledger; of a line whose number is not known, its SHA-256 and its receipt."""

    row: Answered
    sha256: bytes | None = None
    line_received_at: int | None = None


def append_lines(
    session: Session,
    months: Months,
    lines: Sequence[HashedLine],
    once: bool,
    checkpoint: tuple[bytes, int] | None,
) -> list[Appended]:
    """Keep the lines that are new, in order."""
    months.ensure(each.received_at_micros for each in lines)
    # Other writers wait from here: two of them must not both find the same line to be new.
    tail = lock_tail(session)
    known = known_lines(session, lines, [once] * len(lines))
    fresh = [index for index, seq in enumerate(known) if seq is None]
    seqs = dict(zip(fresh, keep_lines(session, tail, [lines[index] for index in fresh]), strict=True))
    keep_tail(session, tail, None)
    if checkpoint is not None:
        session.write_all(statements.KEEP_CHECKPOINT, [checkpoint])
    told = [seqs[index] if seq is None else seqs[-seq - 1] if seq < 0 else seq for index, seq in enumerate(known)]
    repeated = [(seq,) for index, seq in enumerate(told) if known[index] is not None]
    answers: dict[int, bytes] = dict(session.rows_of(statements.ANSWERS_TO, repeated))
    return [
        Appended(seq, repeat=True, answer=answers.get(seq))
        if known[index] is not None
        else Appended(seq, repeat=False, answer=lines[index].line.answer)
        for index, seq in enumerate(told)
    ]


def known_lines(session: Session, lines: Sequence[HashedLine], once: Sequence[bool]) -> list[int | None]:
    """Which lines repeat what: see `repeats`."""
    found = session.rows(
        queries.KNOWN,
        Numbers(range(len(lines))),
        Texts(each.line.feed for each in lines),
        Blobs(each.sha256 for each in lines),
        Texts(None if any_kind else each.line.kind for each, any_kind in zip(lines, once, strict=True)),
        Numbers(each.received_at_micros - WITHIN_MICROS * many for each, many in zip(lines, once, strict=True)),
        Numbers(each.received_at_micros for each in lines),
    )
    return repeats(lines, once, {index: (seq, at) for index, seq, at in found})


def replace_answer(session: Session, seq: int, answer: bytes) -> None:
    """Replace the answer of a line that stands."""
    head = session.rows(queries.HEAD)[0][0]
    assert 0 < seq <= head, f"line {seq} has no answer: there is no such line"
    session.write_all(statements.KEEP_ANSWER, [(seq, answer)])


def note_answers(session: Session, notes: Iterable[Note]) -> None:
    """Write rows of the ACK ledger, in the order of answering, and count them."""
    notes = list(notes)
    session.write_all(queries.KEEP_ACK, [_columns(each) for each in notes])
    count_answers(session, [each.row for each in notes])


def _columns(note: Note) -> tuple[object, ...]:
    row = note.row
    return (
        row.feed, row.seq, note.sha256, note.line_received_at, row.control_id, micros(row.received_at),
        micros(row.kept_at), row.code, row.micros, int(row.repeat), row.answer,
    )  # fmt: skip
