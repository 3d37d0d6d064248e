"""One suite for every store. Sentences that are truly about a file say so."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from models.errors import WorldIsAway
from models.ledger import Answered
from models.measure import Contribution, CounterKey, Sums
from models.measured import Measured
from models.owner import Owner
from models.traffic import BEYOND, SLOT, AnswerCount, FeedCount, Telling
from models.view import Effect
from services.runtime.store.contract import (
    LONGEST_DOUBT,
    Appended,
    Batch,
    CountChange,
    Doubt,
    MemberRow,
    MessageRow,
    NewLine,
    NoStore,
    PatientRow,
    QuarantineRow,
    Reader,
    Store,
    StoreIsBusy,
    TaskRow,
    walk_changes,
    walk_lines,
    walk_members,
)
from services.runtime.store.postgres import PostgresStore
from services.runtime.store.postgres_reader import PostgresReader
from services.runtime.store.sqlite import SqliteStore
from services.runtime.store.sqlite_reader import SqliteReader
from tests.patience import PATIENCE_S

T0 = datetime(2025, 3, 6, 19, 30, 0, 123456, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


class Kind(msgspec.Struct, frozen=True):
    """One implementation: how it is opened for writing and for reading, and in words that a subprocess runs."""

    open: Callable[[Path], Store]
    read: Callable[[Path], Reader]
    tamper: Callable[[Path, str], None]
    opening: str


def in_sqlite() -> Kind:
    return Kind(
        open=lambda folder: SqliteStore.open(folder, now=lambda: T0),
        read=SqliteReader.open,
        tamper=tamper_sqlite,
        opening="from services.runtime.store.sqlite import SqliteStore as S; "
        "import datetime as d; store = S.open(folder, now=lambda: d.datetime.now(d.UTC))",
    )


def tamper_sqlite(folder: Path, statement: str) -> None:
    import sqlite3

    connection = sqlite3.connect(folder / "warmhandoff.db")
    with connection:
        connection.execute(statement)
    connection.close()


def in_postgres(url: str) -> Kind:
    """A folder names the schema, as on the command line."""

    def tamper(folder: Path, statement: str) -> None:
        statement = re.sub(r"x'(\w+)'", r"'\\x\1'::bytea", statement)
        with psycopg.connect(url, options=f"-c search_path={namespace_of(folder)}") as connection:
            connection.execute(statement)

    return Kind(
        open=lambda folder: PostgresStore.open(url, namespace_of(folder), now=lambda: T0),
        read=lambda folder: PostgresReader.open(url, namespace_of(folder)),
        tamper=tamper,
        opening="from services.runtime.store.postgres import PostgresStore as S; import datetime as d; "
        "from tests.contracts.test_store import namespace_of; "
        f"store = S.open({url!r}, namespace_of(folder), now=lambda: d.datetime.now(d.UTC))",
    )


def namespace_of(folder: Path) -> str:
    return f"w{sha256(str(folder).encode()).hexdigest()[:8]}"


STORES = ("sqlite", "postgres")


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> Kind:
    # The server is asked for only here: SQLite's sentences hold where there is none.
    return in_sqlite() if request.param == "sqlite" else in_postgres(request.getfixturevalue("database_of_module"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(kind: Kind, folder: Path) -> Iterator[Store]:
    opened = kind.open(folder)
    yield opened
    opened.close()


def line(
    body: str = "MSH|1", *, feed: str = "F1", at: datetime = T0, kind: str = "hl7v2", answer: bytes | None = None
) -> NewLine:
    return NewLine(feed, at, kind, body.encode(), answer)


def keep(store: Store, *lines: NewLine, **options: Any) -> list[Appended]:
    return store.append(lines, **options).result(timeout=PATIENCE_S)


def patient(key: str, **changes: Any) -> PatientRow:
    return msgspec.structs.replace(PatientRow(key, b"facts of " + key.encode()), **changes)


def member(member_id: str, wake_at: datetime | None = None, **changes: Any) -> MemberRow:
    row = MemberRow(member_id, b"facts", (), b"view", b"revisions", T0, wake_at, on_roster=True)
    return msgspec.structs.replace(row, **changes)


def task(task_id: str, member_id: str = "M1", **changes: Any) -> TaskRow:
    row = TaskRow(task_id, member_id, "tcm.visit_7d", "open", T0, Owner("PLANA", "P1", "L1"), b"task")
    return msgspec.structs.replace(row, **changes)


def effect(number: int, subject: str = "t-1") -> Effect:
    owner = Owner("PLANA", "P1", "L1")
    return Effect(
        f"e-{number}", T0, "task_opened", "opened", "M1", subject, number, "r", "open", T0, owner, None, ("name",)
    )  # fmt: skip


def quarantined(seq: int, ordinal: int = 1, **changes: Any) -> QuarantineRow:
    row = QuarantineRow(0, "F1", seq, ordinal, "no_msh", "MSH", "3 bytes", "send a message")
    return msgspec.structs.replace(row, **changes)


def ack(seq: int, *, control_id: str = "C1", micros: int = 900, repeat: bool = False) -> Answered:
    return Answered("F1", seq, control_id, T0, T0 + timedelta(milliseconds=1), "AA", micros, repeat, b"MSA|AA")


def traffic(at: datetime = T0, **changes: Any) -> FeedCount:
    """A message of a slot that begins at 19:30."""
    row = FeedCount("F1", at.replace(second=0, microsecond=0), 1, 100, last_at=at, delays={5: 1})
    return msgspec.structs.replace(row, **changes)


def eventually(look: Callable[[], Any], wanted: Any) -> None:
    end = time.monotonic() + PATIENCE_S
    while (found := look()) != wanted:
        assert time.monotonic() < end, f"{found} is not {wanted}"
        time.sleep(0.02)


def reopened(opening: Callable[[], Store]) -> Store:
    """The store, once its server has noticed that whoever wrote to it is gone."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            return opening()
        except StoreIsBusy:
            assert time.monotonic() < end, "a writer that is gone keeps the store"


# The journal.


def test_a_new_store_is_empty(store: Store) -> None:
    assert (store.head(), store.cursor(), store.lines(0, 10), store.line(1)) == (0, 0, [], None)
    assert (store.next_wake(), store.read_until()) == (None, None)
    assert store.counts() == {"members": 0, "patients": 0, "parked": 0, "waiting": 0}


def test_lines_are_kept_in_order_with_dense_numbers(store: Store) -> None:
    first = keep(store, line("a", answer=b"AA a"), line("b", feed="F2"))
    second = keep(store, line("c", at=T0 + DAY))
    assert first == [Appended(1, repeat=False, answer=b"AA a"), Appended(2, repeat=False, answer=None)]
    assert [each.seq for each in second] == [3]
    assert store.head() == 3
    kept = store.lines(0, 10)
    assert [(each.seq, each.feed, each.body, each.received_at) for each in kept] == [
        (1, "F1", b"a", T0), (2, "F2", b"b", T0), (3, "F1", b"c", T0 + DAY),
    ]  # fmt: skip
    assert kept[0].sha256 == sha256(b"a").digest()
    assert store.lines(1, 1) == [kept[1]]
    assert store.line(3) == kept[2]
    assert list(walk_lines(store, chunk=2)) == kept


def test_any_bytes_come_back_as_they_were(store: Store) -> None:
    body = bytes(range(256)) * 20
    store.append([NewLine("F\u00e9\0", T0, "hl7v2", body), NewLine("F", T0, "hl7v2", b"")]).result()
    assert [(each.feed, each.body) for each in store.lines(0, 9)] == [("F\u00e9\0", body), ("F", b"")]


def test_a_line_that_stands_already_is_a_repeat_and_tells_the_stored_answer(store: Store) -> None:
    keep(store, line(answer=b"first"))
    assert keep(store, line(answer=b"second")) == [Appended(1, repeat=True, answer=b"first")]
    assert store.head() == 1


@pytest.mark.parametrize("other", [line(feed="F2"), line(kind="fhir"), line("MSH|2"), line(at=T0 + timedelta(0, 0, 1))])
def test_a_line_that_differs_in_anything_is_new(store: Store, other: NewLine) -> None:
    keep(store, line())
    assert keep(store, other) == [Appended(2, repeat=False, answer=None)]


def test_a_live_feed_repeats_itself_for_seven_days(store: Store) -> None:
    keep(store, line(answer=b"first"), once=True)
    again = keep(store, line(at=T0 + 7 * DAY), once=True)
    assert again == [Appended(1, repeat=True, answer=b"first")]
    assert keep(store, line(feed="F2", at=T0 + DAY), once=True)[0].seq == 2
    assert keep(store, line(kind="other", at=T0 + DAY), once=True)[0].seq == 1


def test_after_seven_days_the_same_bytes_are_new_also_when_repeats_lay_between(store: Store) -> None:
    keep(store, line(), once=True)
    assert keep(store, line(at=T0 + 5 * DAY), once=True)[0].repeat
    late = T0 + 7 * DAY + timedelta(microseconds=1)
    assert keep(store, line(at=late), once=True) == [Appended(2, repeat=False, answer=None)]


@pytest.mark.parametrize("days", range(15))
def test_a_live_feed_repeats_itself_over_the_turn_of_any_week(store: Store, days: int) -> None:
    at = T0 + days * DAY
    keep(store, line(at=at), once=True)
    again = [line(at=at + 7 * DAY), line(feed="F2", at=at + 7 * DAY), line(at=at)]
    assert [each.repeat for each in keep(store, *again, once=True)] == [True, False, True]
    assert [each.repeat for each in keep(store, line(at=at), line(at=at + DAY))] == [True, False]
    assert keep(store, line(at=at + 8 * DAY), once=True)[0].seq == 3, "the newest of those within seven days"


def test_bytes_kept_later_do_not_make_an_earlier_line_a_repeat(store: Store) -> None:
    keep(store, line(at=T0 + DAY))
    assert keep(store, line(at=T0), once=True) == [Appended(2, repeat=False, answer=None)]


@pytest.mark.parametrize("once", [True, False])
def test_a_repeat_within_one_call_counts_too(store: Store, once: bool) -> None:
    lines = line(answer=b"first"), line("other"), line(answer=b"second")
    assert [(each.seq, each.repeat) for each in keep(store, *lines, once=once)] == [(1, False), (2, False), (1, True)]
    assert keep(store, line(), once=once)[0].answer == b"first"


def test_an_answer_decided_later_replaces_the_stored_one(store: Store) -> None:
    keep(store, line(answer=b"AA"), line("unanswered"))
    store.set_answer(1, b"AE").result()
    store.set_answer(2, b"AR").result()
    assert [each.answer for each in keep(store, line(), line("unanswered"))] == [b"AE", b"AR"]
    with pytest.raises(AssertionError, match="no such line"):
        store.set_answer(3, b"AA").result()


def test_a_checkpoint_is_written_with_its_lines_and_never_goes_back(store: Store, kind: Kind, folder: Path) -> None:
    file = sha256(b"file").digest()
    assert store.checkpoint(file) == 0
    store.append([line("a"), line("b")], checkpoint=(file, 2))
    store.append([line("c")], checkpoint=(file, 3)).result()
    keep(store, line("a"), checkpoint=(file, 1))
    assert (store.checkpoint(file), store.checkpoint(b"x" * 32)) == (3, 0)
    with pytest.raises((UnicodeError, WorldIsAway)):
        store.append([line("d"), line("e", feed="\ud800")], checkpoint=(file, 5)).result()
    assert (store.checkpoint(file), store.head()) == (3, 3)


def test_a_call_that_cannot_be_kept_fails_alone_and_whole(store: Store) -> None:
    with ThreadPoolExecutor(16) as pool:
        calls = [[line(f"{n} a"), line(f"{n} b", feed="\ud800" if n % 5 == 0 else "F1")] for n in range(100)]
        futures = list(pool.map(store.append, calls))
    failed = [n for n, future in enumerate(futures) if isinstance(future.exception(), UnicodeError)]
    assert failed == list(range(0, 100, 5))
    kept = [each.body for each in store.lines(0, 1000)]
    assert len(kept) == 160
    assert store.head() == 160
    assert not [body for body in kept if int(body.split()[0]) % 5 == 0]
    assert store.broken_chain() == []


def test_many_callers_at_once_get_dense_numbers_each_with_its_lines_together(store: Store) -> None:
    with ThreadPoolExecutor(32) as pool:
        done = list(pool.map(lambda n: keep(store, line(f"{n} a"), line(f"{n} b", feed=f"F{n % 3}")), range(300)))
    assert sorted(each.seq for call in done for each in call) == list(range(1, 601))
    assert all(first.seq + 1 == second.seq for first, second in done)
    assert [each.seq for each in walk_lines(store, chunk=7)] == list(range(1, 601))
    assert store.broken_chain() == []


def test_a_caller_who_went_away_disturbs_nobody(store: Store) -> None:
    futures: list[Future[list[Appended]]] = [store.append([line(str(n))]) for n in range(200)]
    cancelled = [future.cancel() for future in futures[::2]]
    assert all(future.result() for future in futures[1::2])
    kept = keep(store, line("last"))[0].seq
    assert kept == 201 - sum(cancelled)


def test_the_chain_holds_over_reopening(store: Store, kind: Kind, folder: Path) -> None:
    keep(store, line("a"), line("b", feed="F2"))
    store.close()
    again = reopened(lambda: kind.open(folder))
    keep(again, line("c"), line("d", feed="F2"))
    assert again.broken_chain() == []
    again.close()


@pytest.mark.parametrize(
    ("tampering", "broken"),
    [
        ("UPDATE journal SET body = x'00' WHERE seq = 3", [("F1", 3)]),
        ("UPDATE journal SET received_at = received_at + 1 WHERE seq = 4", [("F2", 4)]),
        ("UPDATE journal SET kind = 'fhir' WHERE seq IN (1, 4)", [("F1", 1), ("F2", 4)]),
        ("DELETE FROM journal WHERE seq = 3", [("F1", 5)]),
        ("DELETE FROM journal WHERE seq = 6", [("F2", 6)]),
        ("DELETE FROM journal WHERE feed = 'F1'", [("F1", 5)]),
        ("UPDATE journal SET chain = x'00' WHERE seq = 6", [("F2", 6)]),
    ],
)
def test_a_changed_or_dropped_line_is_found(
    store: Store, kind: Kind, folder: Path, tampering: str, broken: list[tuple[str, int]]
) -> None:
    keep(store, *[line(str(n), feed="F1" if n % 2 else "F2") for n in range(1, 7)])
    store.close()
    kind.tamper(folder, tampering)
    again = reopened(lambda: kind.open(folder))
    assert again.broken_chain() == broken
    again.close()


# Batches.


def test_the_cursor_moves_with_its_batch(store: Store) -> None:
    keep(store, line("a"), line("b"))
    store.commit(Batch(cursor=2))
    store.commit(Batch(members=[member("M1")]))
    assert store.cursor() == 2
    with pytest.raises(AssertionError, match="beyond"):
        store.commit(Batch(cursor=3))
    assert store.cursor() == 2


def test_a_batch_commits_whole_or_not_at_all(store: Store) -> None:
    keep(store, line())
    store.commit(Batch(effects=[effect(1)]))
    with pytest.raises(AssertionError, match="beyond"):
        store.commit(
            Batch(
                cursor=2,  # there is one line: this is found wrong last
                patients=[patient("p")],
                members=[member("M1")],
                tasks=[task("t")],
                effects=[effect(2)],
                messages=[MessageRow("n", 1, 1, "c")],
                quarantined=[quarantined(1)],
                reference={"r": b""},
                counts={"new": 1},
                traffic=[traffic()],
                tellings={"M1": [Telling("s", "F1", T0), Telling("s", "F2", T0)]},
            )
        )
    assert (store.cursor(), store.patients(["p"]), store.members(["M1"]), store.tasks()) == (0, {}, {}, [])
    assert (store.messages(["n"]), store.quarantine(), store.reference("r")) == ([], [], None)
    assert (store.traffic("F1", T0 - DAY, T0 + DAY, SLOT), store.tellings(T0 - DAY, T0 + DAY)) == ([], [])
    assert (store.task_counts(), len(store.outbox(0, 9))) == ({}, 1)
    assert store.counts() == {"members": 0, "patients": 0, "parked": 0, "waiting": 0}
    store.commit(Batch(effects=[effect(2)]))
    assert [row.position for row in store.outbox(0, 9)] == [1, 2]


def test_patients_are_replaced_and_their_identifiers_only_grow(store: Store) -> None:
    first = patient("b", identifiers=(("mrn", "F1|7"), ("cin", "9\0X")), neighbours=("a",), members=("M1",))
    store.commit(Batch(patients=[first, patient("a", members=("M1", "M2"))]))
    store.commit(Batch(patients=[patient("b", facts=b"more", identifiers=(("cin", "8"),))]))
    union = (("cin", "8"), ("cin", "9\0X"), ("mrn", "F1|7"))
    assert store.patients(["b", "a", "nobody"]) == {
        "a": patient("a", members=("M1", "M2")), "b": patient("b", facts=b"more", identifiers=union),
    }  # fmt: skip
    assert store.patients([]) == {}
    assert store.patients_with([("cin", "9\0X"), ("cin", "none")]) == {"b"}
    assert store.patients_with([("mrn", "9\0X")]) == set()
    assert store.patients_with([]) == set()
    assert [store.patient_keys(*ask) for ask in (("", 9), ("a", 1), ("b", 9))] == [["a", "b"], ["b"], []]


def test_parked_patients_belong_to_nobody_and_come_in_key_order(store: Store) -> None:
    store.commit(Batch(patients=[patient("c"), patient("a"), patient("m", members=("M1",)), patient("b")]))
    assert [row.key for row in store.parked("", 2)] == ["a", "b"]
    assert [row.key for row in store.parked("b", 2)] == ["c"]
    store.commit(Batch(patients=[patient("a", members=("M1",))]))
    assert [row.key for row in store.parked("", 9)] == ["b", "c"]
    assert store.counts() | {"members": 0} == {"patients": 4, "parked": 2, "waiting": 0, "members": 0}


def test_patients_to_review_come_in_key_order_until_nothing_is_left_to_look_at(store: Store) -> None:
    store.commit(Batch(patients=[patient(key, reviews=("merge_conflict",)) for key in ("c", "a")] + [patient("b")]))
    assert [(row.key, row.reviews) for row in store.to_review("", 9)] == [(k, ("merge_conflict",)) for k in ("a", "c")]
    assert [row.key for row in store.to_review("a", 1)] == ["c"]
    store.commit(Batch(patients=[patient("a")]))
    assert [row.key for row in store.to_review("", 9)] == ["c"]


def test_members_are_replaced_and_found_by_roster_identifiers(store: Store) -> None:
    first = member("M1", T0, identifiers=(("mbi", "1"), ("cin", "2")))
    store.commit(Batch(members=[first, member("M2", derived_at=None, on_roster=False)]))
    store.commit(Batch(members=[member("M1", facts=b"f2", view=b"v2", revisions=b"r2")]))
    assert store.members(["M2", "M1", "M3"]) == {
        "M1": member("M1", identifiers=(("cin", "2"), ("mbi", "1")), facts=b"f2", view=b"v2", revisions=b"r2"),
        "M2": member("M2", derived_at=None, on_roster=False),
    }
    assert store.members_with([("mbi", "1"), ("mbi", "2")]) == {"M1"}
    assert store.counts()["members"] == 2


def test_all_members_can_be_walked_in_order(store: Store) -> None:
    names = [f"M{n:03}" for n in range(25)]
    store.commit(Batch(members=[member(name) for name in reversed(names)]))
    assert store.member_ids("M003", 2) == ["M004", "M005"]
    assert list(walk_members(store, chunk=10)) == names


def test_members_fall_due_earliest_first_then_by_id(store: Store) -> None:
    rows = [member("C", T0), member("B", T0 + DAY), member("A", T0), member("D"), member("E", T0 - DAY)]
    store.commit(Batch(members=rows))
    assert store.due(T0 + DAY, 9) == ["E", "A", "C", "B"]
    assert store.due(T0, 2) == ["E", "A"]
    assert store.due(T0 - 2 * DAY, 9) == []
    assert store.next_wake() == T0 - DAY


def test_waking_names_members_that_exist_and_nobody_else(store: Store) -> None:
    store.commit(Batch(members=[member("M1", T0), member("M2")]))
    store.commit(Batch(wake={"M2", "M9"}))
    assert store.due(EPOCH, 9) == ["M2"]
    assert store.members(["M9"]) == {}
    store.commit(Batch(members=[member("M1", T0 + DAY)], wake={"M1"}))
    assert store.due(EPOCH, 9) == ["M1", "M2"]
    assert store.next_wake() == EPOCH


def test_waking_all_wakes_those_who_sleep_for_good_too(store: Store) -> None:
    store.commit(Batch(members=[member("M1", T0), member("M2"), member("M3", EPOCH)]))
    store.commit(Batch(wake_all=True))
    assert store.due(EPOCH, 9) == ["M1", "M2", "M3"]


def test_a_member_s_tasks_are_replaced_and_others_left_alone(store: Store) -> None:
    store.commit(Batch(members=[member("M1"), member("M2")], tasks=[task("a"), task("b"), task("c", "M2")]))
    changed = task("b", state="met", due_at=None, owner=Owner(), body=b"new")
    store.commit(Batch(members=[member("M1")], tasks=[changed, task("d")]))
    assert {row.task_id: row for row in store.tasks()} == {"b": changed, "c": task("c", "M2"), "d": task("d")}
    assert [row.task_id for row in store.tasks(states=["met"])] == ["b"]
    assert [row.task_id for row in store.tasks(provider="P1")] == ["c", "d"]
    store.commit(Batch(members=[member("M2")]))
    assert [row.task_id for row in store.tasks()] == ["d", "b"]


def test_a_task_may_move_to_another_member(store: Store) -> None:
    store.commit(Batch(members=[member("M1")], tasks=[task("a")]))
    store.commit(Batch(members=[member("M1"), member("M2")], tasks=[task("a", "M2")]))
    assert [(row.task_id, row.member_id) for row in store.tasks()] == [("a", "M2")]


def test_a_task_of_a_member_that_the_batch_does_not_bring_is_our_mistake(store: Store) -> None:
    with pytest.raises(AssertionError, match="tasks of members"):
        store.commit(Batch(members=[member("M2")], tasks=[task("a", "M1")]))


def test_tasks_are_selected_by_all_filters_and_ordered_by_due_time(store: Store) -> None:
    rows = [
        task("a", due_at=T0 + DAY),
        task("b", state="overdue", due_at=T0 - DAY),
        task("c", rule="um.open_case", due_at=None),
        task("d", owner=Owner("PLANB", "P2", "L2")),
        task("e", state="met", owner=Owner("PLANA", "P2", "L3")),
    ]
    store.commit(Batch(members=[member("M1")], tasks=rows))

    def ids(**filters: Any) -> str:
        return "".join(row.task_id for row in store.tasks(**filters))

    assert ids() == "bdeac"
    assert ids(states=["open", "overdue"]) == "bdac"
    assert ids(states=["open"], rule="um.open_case") == "c"
    assert ids(rule="tcm.visit_7d") == "bdea"
    assert (ids(provider="P2"), ids(provider="P2", states={"open"}), ids(provider="P2", mcp="PLANA")) == (
        "de",
        "d",
        "e",
    )
    assert (ids(mcp="PLANB"), ids(mcp="PLANA", states=["met"]), ids(mcp="NONE")) == ("d", "e", "")
    assert (ids(task_id="c"), ids(task_id="c", states=["met"]), ids(task_id="z")) == ("c", "", "")
    assert store.tasks(task_id="a") == [rows[0]]


def test_a_task_is_found_by_its_id_among_very_many(store: Store) -> None:
    rows = [task(f"{number:08x}-{end}") for number in range(3000) for end in "abc"]
    store.commit(Batch(members=[member("M1")], tasks=rows))
    store.commit(Batch(members=[member("M1")], tasks=rows[1:]))
    assert [store.tasks(task_id=row.task_id) for row in (rows[1], rows[4500], rows[-1])] == [
        [rows[1]], [rows[4500]], [rows[-1]],
    ]  # fmt: skip
    assert (store.tasks(task_id=rows[0].task_id), store.tasks(task_id=rows[1].task_id[:-2])) == ([], [])


def test_messages_are_found_wherever_they_lie(store: Store) -> None:
    rows = [MessageRow("n1", 2, 1, "C1"), MessageRow("n1", 1, 2, "C1"), MessageRow("n2", 1, 1, "C2")]
    store.commit(Batch(messages=rows))
    store.commit(Batch(messages=rows[:1]))
    assert store.messages(["n2", "n1", "n0", "n1"]) == [rows[2], rows[1], rows[0]]


def test_messages_are_found_among_very_many_and_by_their_whole_name(store: Store) -> None:
    names = ["0123456789abcdef", "0123456789abcdee", "0123"]
    rows = [MessageRow(names[seq % 3], seq, 1, "C") for seq in (1, 4095, 4096, 4097, 99_999)]
    store.commit(Batch(messages=rows))
    for name in names:
        assert store.messages([name]) == [row for row in rows if row.name == name]


def test_a_place_holds_the_message_last_read_there(store: Store) -> None:
    rows = [MessageRow("as first read", 1, 1, "C"), MessageRow("as read again", 1, 1, "C")]
    for row in rows:
        store.commit(Batch(messages=[row]))
    assert store.messages([row.name for row in rows]) == rows[1:]


def test_quarantine_numbers_are_dense_and_a_place_is_listed_once(store: Store) -> None:
    store.commit(Batch(quarantined=[quarantined(4), quarantined(4, reason="other"), quarantined(4, 2, id=77)]))
    store.commit(Batch(quarantined=[quarantined(4, 2), quarantined(5)]))
    assert [(row.id, row.seq, row.ordinal, row.reason) for row in store.quarantine()] == [
        (1, 4, 1, "no_msh"), (2, 4, 2, "no_msh"), (3, 5, 1, "no_msh"),
    ]  # fmt: skip
    assert store.quarantine(number=2) == [quarantined(4, 2, id=2)]


def test_quarantine_is_settled_by_number(store: Store) -> None:
    store.commit(Batch(quarantined=[quarantined(n) for n in (1, 2, 3)]))
    store.commit(Batch(settled=[(2, "dismissed"), (3, "replayed")]))
    assert [row.id for row in store.quarantine(status="waiting")] == [1]
    assert [row.status for row in store.quarantine()] == ["waiting", "dismissed", "replayed"]
    assert (store.quarantine(status="waiting", number=2), store.quarantine(number=9)) == ([], [])
    assert store.counts()["waiting"] == 1


def test_the_outbox_is_dense_and_read_on_from_a_position(store: Store) -> None:
    store.commit(Batch(effects=[effect(1), effect(2, "t-2")]))
    store.commit(Batch(effects=[effect(3)]))
    assert [(row.position, row.effect) for row in store.outbox(0, 9)] == [
        (1, effect(1)), (2, effect(2, "t-2")), (3, effect(3)),
    ]  # fmt: skip
    assert [row.position for row in store.outbox(1, 1)] == [2]
    assert [row.position for row in store.outbox_of("t-1")] == [1, 3]


def test_a_subject_is_found_among_very_many(store: Store) -> None:
    names = ["12345678-a", *(f"{number:08x}" for number in range(9000)), "12345678-b", "12345678-a"]
    store.commit(Batch(effects=[effect(number, name) for number, name in enumerate(names, 1)]))
    assert [row.position for row in store.outbox_of("12345678-a")] == [1, 9003]
    assert (store.outbox_of("12345678"), store.outbox_of("12345678-")) == ([], [])
    assert store.subjects("12345678-", 9) == store.subjects("123456", 9) == ["12345678-a", "12345678-b"]
    assert store.subjects("12345678-b", 9) == ["12345678-b"]
    assert store.subjects("0000000", 3) == ["00000000", "00000001", "00000002"]


def test_subjects_are_found_by_how_they_begin(store: Store) -> None:
    names = ["t-1", "t-10", "t-%", "u-1", "t-1"]
    store.commit(Batch(effects=[effect(number, name) for number, name in enumerate(names, 1)]))
    assert store.subjects("t-1", 9) == ["t-1", "t-10"]
    assert (store.subjects("t-", 2), store.subjects("t_", 9)) == (["t-%", "t-1"], [])


def test_counts_add_up_and_reference_is_replaced(store: Store) -> None:
    store.commit(Batch(counts={"new": 2, "test": 1}, reference={"digest": b"1", "facilities": b""}))
    store.commit(Batch(counts={"new": 3}, reference={"digest": b"2"}))
    assert store.counts() == {"new": 5, "test": 1, "members": 0, "patients": 0, "parked": 0, "waiting": 0}
    assert (store.reference("digest"), store.reference("facilities"), store.reference("none")) == (b"2", b"", None)
    with pytest.raises(AssertionError, match="sizes"):
        store.commit(Batch(counts={"parked": 1}))


def test_what_feeds_send_adds_up_by_slot_and_is_told_by_longer_spans(store: Store) -> None:
    late = T0 + timedelta(seconds=70)
    keep(store, line(), line("x", feed="F2"), line("y", feed="F0"))
    store.commit(Batch(traffic=[traffic(ahead_s=7), traffic(feed="F2")]))
    more = traffic(
        since=traffic().since, last_at=late, quarantined=1, test=1, repeated=1, skewed=1, delays={5: 1, 60: 2}
    )
    store.commit(Batch(traffic=[more, traffic(T0 + timedelta(minutes=10), ahead_s=2)]))
    first = FeedCount("F1", traffic().since, 2, 200, 1, 1, 1, 1, 7, late, {5: 2, 60: 2})
    assert store.traffic("F1", T0 - SLOT, T0 + SLOT, SLOT) == [first]
    (hour,) = store.traffic("F1", T0 - DAY, T0 + DAY, timedelta(hours=1))
    assert (hour.since, hour.messages, hour.delays) == (T0.replace(minute=0, second=0, microsecond=0), 3, {5: 3, 60: 2})
    assert (hour.ahead_s, hour.last_at) == (7, T0 + timedelta(minutes=10))
    assert store.feeds() == ["F1", "F2"]
    assert store.traffic("F0", T0 - DAY, T0 + DAY, SLOT) == []


def test_slots_belong_to_the_span_that_they_begin_in(store: Store) -> None:
    keep(store, line())
    store.commit(Batch(traffic=[traffic()]))
    begins = traffic().since
    assert store.traffic("F1", begins, begins + SLOT, SLOT)
    assert not store.traffic("F1", begins - SLOT, begins, SLOT)
    assert not store.traffic("F1", begins + timedelta(seconds=1), begins + DAY, SLOT)
    assert store.traffic("F1", begins - DAY, begins + timedelta(seconds=1), SLOT)


def test_spans_are_told_in_order_of_time_however_many_there_are(store: Store, kind: Kind, folder: Path) -> None:
    hours = [T0 + timedelta(hours=n) for n in range(500)]
    store.commit(Batch(traffic=[traffic(at) for at in hours]))
    kind.tamper(folder, "ANALYZE feed_slot")  # a planner that knows of many sorts nothing unasked
    told = store.traffic("F1", T0 - DAY, T0 + 60 * DAY, timedelta(hours=1))
    assert [hour.last_at for hour in told] == hours


def test_a_feed_was_last_heard_by_an_instant(store: Store) -> None:
    store.commit(Batch(traffic=[traffic(), traffic(T0 + DAY)]))
    assert store.last_heard("F1", T0 + 2 * DAY) == T0 + DAY
    assert store.last_heard("F1", T0 + DAY) == T0 + DAY
    assert store.last_heard("F1", T0 + DAY - timedelta(microseconds=1)) == T0
    assert (store.last_heard("F1", T0 - DAY), store.last_heard("F9", T0)) == (None, None)


def test_counting_anew_forgets_what_was_counted(store: Store) -> None:
    keep(store, line())
    store.commit(Batch(traffic=[traffic(), traffic(T0 + DAY)]))
    store.commit(Batch(traffic=[traffic(messages=5)], traffic_anew=True))
    assert store.traffic("F1", T0 - DAY, T0 + 2 * DAY, DAY)[0].messages == 5
    assert store.last_heard("F1", T0 + DAY) == T0


def test_stays_are_told_of_first_by_one_feed(store: Store) -> None:
    hour = timedelta(hours=1)
    told = [Telling("s1", "F2", T0), Telling("s1", "F1", T0 + hour), Telling("s2", "F1", T0 + DAY)]
    store.commit(Batch(tellings={"M1": [*told, Telling("s2", "F3", T0 + DAY + hour)]}))
    store.commit(Batch(tellings={"M2": [Telling("s1", "F1", T0), Telling("s1", "F2", T0)]}))
    store.commit(Batch(members=[member("M1")]))
    both = [
        told[:2],
        [told[2], Telling("s2", "F3", T0 + DAY + hour)],
        [Telling("s1", "F1", T0), Telling("s1", "F2", T0)],
    ]
    assert store.tellings(T0, T0 + 9 * DAY) == both
    assert store.tellings(T0, T0 + hour) == [both[0], both[2]]
    assert store.tellings(T0, T0 + timedelta(minutes=59)) == [both[2]]
    assert store.tellings(T0 + hour, T0 + 9 * DAY) == [both[1]]
    store.commit(Batch(tellings={"M1": [], "M2": [Telling("s1", "F1", T0), Telling("s1", "F2", T0 + hour)]}))
    assert store.tellings(T0, T0 + 9 * DAY) == [[Telling("s1", "F1", T0), Telling("s1", "F2", T0 + hour)]]


def test_what_waits_and_what_belongs_to_nobody_is_counted_by_feed(store: Store) -> None:
    store.commit(Batch(quarantined=[quarantined(1), quarantined(2), quarantined(3, reason="bad_time", feed="F2")]))
    store.commit(Batch(settled=[(2, "dismissed")]))
    assert store.quarantine_depth() == {("F1", "no_msh"): 1, ("F2", "bad_time"): 1}
    keys = {"F1|H|1": ("M1",), "F1|H|2": (), "F1%7Cx|H|1": (), "F10|H|1": ()}
    store.commit(Batch(patients=[patient(key, members=names) for key, names in keys.items()]))
    assert [store.patients_of(feed) for feed in ("F1", "F1|x", "F10", "F2")] == [(2, 1), (1, 1), (1, 1), (0, 0)]


def test_what_is_measured_adds_up(store: Store) -> None:
    rows = [Measured("events", "F1", "test", 0, 2), Measured("derive", "", "", 1000, 1)]
    store.commit(Batch(measured=rows))
    store.commit(Batch(measured=rows[:1]))
    found = sorted(store.measured(), key=lambda row: row.name)
    assert found == [rows[1], Measured("events", "F1", "test", 0, 4)]


def test_tasks_are_counted_by_rule_and_state(store: Store) -> None:
    rows = [task("a"), task("b"), task("c", state="met"), task("d", rule="um.open_case")]
    store.commit(Batch(members=[member("M1")], tasks=rows))
    one, other = "tcm.visit_7d", "um.open_case"
    assert store.task_counts() == {(one, "open"): 2, (one, "met"): 1, (other, "open"): 1}
    store.commit(Batch(members=[member("M1")], tasks=[task("a"), task("b", state="met"), task("c", state="met")]))
    assert store.task_counts() == {(one, "open"): 1, (one, "met"): 2}


def test_answers_given_are_counted_by_code_and_time(store: Store) -> None:
    rows = [ack(1), ack(1, micros=1000), ack(1, repeat=True), ack(2, micros=1001), ack(3, micros=99_000_000)]
    store.answered(rows[:2])
    eventually(lambda: len(store.acks([1, 2, 3])), 2)
    store.answered(rows[2:])
    eventually(lambda: len(store.acks([1, 2, 3])), 5)
    assert store.answers("F1", T0 - SLOT, T0 + SLOT) == [
        AnswerCount("AA", False, 1000, 2), AnswerCount("AA", False, 2000, 1), AnswerCount("AA", False, BEYOND, 1),
        AnswerCount("AA", True, 1000, 1),
    ]  # fmt: skip
    assert store.answers("F1", T0 + SLOT, T0 + DAY) == store.answers("F2", T0 - DAY, T0 + DAY) == []


def test_answers_given_are_written_soon_and_told_in_order(store: Store) -> None:
    rows = [ack(2, micros=5), ack(1, micros=7), ack(2, control_id="C2", micros=6, repeat=True)]
    store.answered(rows[:1])
    store.answered(rows[1:])
    eventually(lambda: store.acks([1, 2, 3]), rows)
    assert store.acks([1]) == [rows[1]]
    assert sorted(store.ack_times()) == [5, 7]


# What measures count.


def unit(key: str = "u", **changes: Any) -> Contribution:
    day = T0.date()
    row = Contribution("cbp", "1", "2025", key, 1, 1, 0, 0, 0, None, day, day, day, Owner("PLANA", "P1", "L1"))
    return msgspec.structs.replace(row, **changes)


def test_counters_add_up_and_those_at_zero_are_gone(store: Store) -> None:
    all_of, men = (
        CounterKey("cbp", "1", "2025", "PLANA"),
        CounterKey("cbp", "1", "2025", "PLANA", kind="sex", stratum="M"),
    )
    store.commit(Batch(counters={all_of: Sums(2, 2, 1, 1, 1, 500_000, 2), men: Sums(1, 1, units=1)}))
    store.commit(Batch(counters={all_of: Sums(-1, 0, 0, 0, 3, -500_000, -1)}))
    assert store.measure_counts() == {all_of: Sums(1, 2, 1, 1, 4, 0, 1), men: Sums(1, 1, units=1)}
    store.commit(Batch(counters={men: Sums(-1, -1, units=-1)}))
    assert list(store.measure_counts()) == [all_of]


def test_changes_of_contributions_are_told_in_order_of_time_and_read_on(store: Store) -> None:
    hour = timedelta(hours=1)
    late, early = CountChange(T0 + hour, "M1", unit(), None), CountChange(T0, "M1", None, unit(value=0.25))
    same = CountChange(T0 + hour, "M2", None, unit("v", strata=(("pof", "homeless"),)))
    for change in (late, early, same):
        store.commit(Batch(changes=[change]))

    def told(after: datetime, chunk: int = 9) -> list[CountChange]:
        return [msgspec.structs.replace(each, number=0) for each in walk_changes(store, after, chunk=chunk)]

    assert told(EPOCH) == told(EPOCH, 1) == [early, late, same]
    assert (told(T0), told(T0 + hour)) == ([late, same], [])


def test_a_member_is_in_doubt_while_nothing_certain_is_known(store: Store) -> None:
    hour, micro = timedelta(hours=1), timedelta(microseconds=1)
    rows = [member("late", T0), member("new", history_from=T0), member("well", T0 + DAY), member("sleeps")]
    store.commit(Batch(members=rows))
    assert store.in_doubt(T0 - micro) == {"new"}
    assert store.in_doubt(T0) == {"late"}
    store.commit(Batch(doubts=[Doubt("well", T0 - hour, T0), Doubt("sleeps", T0 - LONGEST_DOUBT, T0)]))
    assert store.in_doubt(T0 - hour) == store.in_doubt(T0 - micro) == {"new", "well", "sleeps"}
    assert "sleeps" in store.in_doubt(T0 - LONGEST_DOUBT)
    # It may name more around a doubt, not much more.
    assert "well" not in store.in_doubt(T0 - 5 * hour) | store.in_doubt(T0 + 4 * hour)


@pytest.mark.parametrize("minutes", [0, 1, 4, 5, 6, 59, 60, 61, 1440, 20_000])
def test_a_doubt_of_any_length_is_found_all_along(store: Store, minutes: int) -> None:
    length = timedelta(minutes=minutes, microseconds=1)
    store.commit(Batch(doubts=[Doubt("M1", T0, T0 + length), Doubt("M1", T0, T0 + length)]))
    for part in (0.0, 0.3, 0.5, 0.7, 1.0):
        assert store.in_doubt(T0 + length * part) == {"M1"}
    assert not store.in_doubt(T0 - 4 * length - SLOT) | store.in_doubt(T0 + 5 * length + SLOT)


def test_a_still_reader_sees_one_state(store: Store, kind: Kind, folder: Path) -> None:
    keep(store, line())
    reader = kind.read(folder)
    with reader.still() as still:
        before = still.head(), still.measure_counts()
        keep(store, line("MSH|2"))
        store.commit(Batch(counters={CounterKey("cbp", "1", "2025"): Sums(1, units=1)}))
        assert (still.head(), still.measure_counts()) == before == (1, {})
        with still.still() as same:
            assert same.head() == 1
    assert (reader.head(), len(reader.measure_counts())) == (2, 1)
    reader.close()


# One writer, many readers, and the end of a process.


def test_a_second_writer_is_refused_at_once_and_told_what_to_do(store: Store, kind: Kind, folder: Path) -> None:
    with pytest.raises(StoreIsBusy, match="drop folder"):
        kind.open(folder)
    store.close()
    reopened(lambda: kind.open(folder)).close()


def test_there_is_nothing_to_read_before_something_was_loaded(kind: Kind, folder: Path) -> None:
    with pytest.raises(NoStore, match="Load something"):
        kind.read(folder)
    assert not folder.exists()


def test_a_reader_beside_the_writer_sees_committed_states_only(store: Store, kind: Kind, folder: Path) -> None:
    store.commit(Batch(members=[member("M1")]))
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            name = str(number).encode()
            store.append([line(f"{number} a"), line(f"{number} b")])
            store.commit(
                Batch(members=[member(each, facts=name) for each in ("M1", "M2")], patients=[patient(f"{number}")])
            )

    reader = kind.read(folder)
    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(300):
            found = reader.members(["M1", "M2"])
            assert len({row.facts for row in found.values()}) == 1
            assert reader.head() % 2 == 0
            sizes = reader.counts()
            assert sizes["patients"] == sizes["parked"]
    finally:
        stop.set()
        thread.join()
        reader.close()


def test_closing_finishes_what_was_accepted(store: Store, kind: Kind, folder: Path) -> None:
    futures = [store.append([line(str(n))]) for n in range(500)]
    store.answered([ack(1)])
    store.close()
    store.close()
    assert [future.result(timeout=0)[0].seq for future in futures] == list(range(1, 501))
    with pytest.raises(WorldIsAway, match="closed"):
        store.append([line("late")]).result()
    again = reopened(lambda: kind.open(folder))
    assert (again.head(), again.acks([1])) == (500, [ack(1)])
    again.close()


def test_a_backup_makes_a_new_file_and_spares_existing_ones(store: Store, kind: Kind, tmp_path: Path) -> None:
    if isinstance(store, PostgresStore):
        with pytest.raises(WorldIsAway, match="pg_dump"):  # a database is backed up by its own program
            store.backup(str(tmp_path / "copy"))
        assert not (tmp_path / "copy").exists()
        return
    keep(store, line("a"))
    store.commit(Batch(cursor=1, members=[member("M1")], effects=[effect(1)]))
    store.backup(str(tmp_path / "copy"))
    with pytest.raises(FileExistsError):
        store.backup(str(tmp_path / "copy"))
    with pytest.raises(WorldIsAway, match="cannot be written"):
        store.backup(str(tmp_path / "nowhere" / "copy"))


APPENDING_UNTIL_KILLED = """
import sys, threading, datetime as d
from pathlib import Path
from services.runtime.store.contract import NewLine
folder = Path(sys.argv[1])
{opening}
def send(me):
    n = 0
    while True:
        n += 1
        line = NewLine(f"F{{me}}", d.datetime.now(d.UTC), "hl7v2", f"{{me}} {{n}}".encode() * 50)
        seq = store.append([line]).result()[0].seq
        sys.stdout.write(f"{{seq}}\\n"); sys.stdout.flush()
for me in range(8): threading.Thread(target=send, args=(me,)).start()
"""


def test_what_was_acknowledged_survives_kill_9_twice(kind: Kind, folder: Path) -> None:
    script = APPENDING_UNTIL_KILLED.format(opening=kind.opening)
    told: set[int] = set()
    for round_ in (1, 2):
        with subprocess.Popen(
            [sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout
            acknowledged = [int(process.stdout.readline()) for _ in range(400 * round_)]
            process.kill()
            acknowledged += [int(each) for each in process.stdout.read().split("\n")[:-1] if each]
        assert not told & set(acknowledged)
        told |= set(acknowledged)
        store = reopened(lambda: kind.open(folder))
        seqs = [each.seq for each in walk_lines(store)]
        assert seqs == list(range(1, len(seqs) + 1))
        assert told <= set(seqs)
        assert store.broken_chain() == []
        store.close()
