"""What a batch does in the PostgreSQL store alone: lines come with it; the tail that gives numbers is locked last."""

from collections.abc import Collection, Iterable, Sequence

from services.runtime.store import committing, statements
from services.runtime.store import postgres_queries as queries
from services.runtime.store.appending import HashedLine, hashed
from services.runtime.store.chaining import NOTHING_YET, link
from services.runtime.store.committing import Tail
from services.runtime.store.contract import Batch
from services.runtime.store.postgres_months import Months
from services.runtime.store.session import Row, Session
from services.runtime.store.task_changes import Standing, TaskChanges, standing


def carry_out(session: Session, batch: Batch, months: Months) -> None:
    """Write a batch inside the transaction of a session."""
    # What takes time and needs no lock comes before other writers have to wait.
    lines = [hashed(line) for line in batch.lines]
    months.ensure(each.received_at_micros for each in lines)
    if batch.wake_all:
        session.write("SET LOCAL statement_timeout = 0")  # everybody may be many millions
    committing.carry_out(session, batch, _PostgresDialect(lines))


def keep_lines(session: Session, tail: Tail, lines: Iterable[HashedLine]) -> list[int]:
    """Keep lines behind a locked tail, and the ends of their feeds' chains; the numbers that they got."""
    lines = list(lines)
    chains: dict[str, bytes] = dict(session.rows_of(statements.FEED_ENDS_OF, [(each.line.feed,) for each in lines]))
    seqs, rows, answers, ends = [], [], [], dict[str, tuple[int, bytes]]()
    for seq, each in enumerate(lines, start=tail.journal + 1):
        line, at = each.line, each.received_at_micros
        chain = link(chains.get(line.feed, NOTHING_YET), line.feed, line.kind, at, each.sha256)
        chains[line.feed] = chain
        ends[line.feed] = seq, chain
        seqs.append(seq)
        rows.append((seq, line.feed, at, line.kind, each.sha256, chain, line.body))
        if line.answer is not None:
            answers.append((seq, line.answer))
    session.write_all(statements.KEEP_LINE, rows)
    session.write_all(statements.KEEP_ANSWER, answers)
    session.write_all(statements.KEEP_FEED_END, [(feed, *end) for feed, end in sorted(ends.items())])
    tail.journal += len(lines)
    return seqs


def lock_tail(session: Session) -> Tail:
    """The last numbers given; nobody else gives any until the end of the transaction."""
    return Tail(*session.rows(queries.TAIL)[0])


def keep_tail(session: Session, tail: Tail, cursor: int | None) -> None:
    """Remember the numbers given, and the cursor where it moves."""
    session.write(queries.KEEP_TAIL, tail.journal, tail.outbox, tail.quarantine, cursor)


class _PostgresDialect:
    def __init__(self, lines: Sequence[HashedLine]) -> None:
        self._lines = lines

    def tasks_of(self, session: Session, member_ids: Collection[str]) -> list[Standing]:
        return list(map(standing, session.rows_of(queries.TASKS_OF, [(each,) for each in member_ids])))

    def change_tasks(self, session: Session, changes: TaskChanges) -> None:
        session.write_all(queries.DROP_TASK, [(each.member_id, each.task_id) for each in changes.dropped])
        changed = [(stands.member_id, stands.task_id, *after) for stands, after in changes.changed]
        session.write_all(queries.CHANGE_TASK, changed)

    def forget_zeros(self, session: Session, keys: Sequence[Row], shard: int) -> None:
        session.write_all(queries.DROP_MEASURE_COUNT, [(*key, shard) for key in keys])

    def tail(self, session: Session) -> Tail:
        return lock_tail(session)

    def append(self, session: Session, tail: Tail, batch: Batch) -> list[int]:
        return keep_lines(session, tail, self._lines) if batch.lines else []

    def end(self, session: Session, before: Tail, after: Tail, cursor: int | None) -> None:
        if cursor is not None:
            assert 0 <= cursor <= after.journal, f"cursor {cursor} is beyond the journal's head {after.journal}"
        if cursor is not None or before != after:
            keep_tail(session, after, cursor)
