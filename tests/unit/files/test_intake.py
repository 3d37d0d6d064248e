"""Files become journal lines: whole, once, in bounded memory, with what is wrong set aside."""

import base64
import csv
import hashlib
import io
import json
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.files import intake as intake_module
from connectors.files.contract import CountMismatch, Sheaf, TakenLine
from connectors.files.cutting import Piece, hl7_messages, table_chunks
from connectors.files.exporting import exported
from connectors.files.intake import FileIntake
from connectors.files.journal import UnreadableReader, journal_line
from connectors.hl7v2.batch import split_messages
from models.errors import FileIsWrong, MessageIsWrong

NOW = datetime(2025, 6, 5, 17, 5, tzinfo=UTC)
A01 = b"MSH|^~\\&|ADT|H1|||20250605||ADT^A01|1|P|2.5.1\rPID|1\r"
A03 = b"MSH|^~\\&|ADT|H1|||20250606||ADT^A03|2|P|2.5.1\rPID|1\r"


def split(body: bytes) -> Iterable[bytes]:
    return split_messages(body).messages


def take(
    body: bytes | BinaryIO, *, known: int = 0, feed: str = "drop", mismatch: CountMismatch = "accept"
) -> list[Sheaf]:
    files = FileIntake(split_hl7=split, checkpoint=lambda _: known, on_count_mismatch=mismatch)
    source = io.BytesIO(body) if isinstance(body, bytes) else body
    return list(files.read(source, feed=feed, received_at=NOW, name="a.file"))


def taken(body: bytes) -> list[TakenLine]:
    return [line for sheaf in take(body) for line in sheaf.lines]


def told(**changes: object) -> bytes:
    line = {"received_at": "2025-06-05T10:05:00-07:00", "feed": "F1", "kind": "hl7v2", "body": "MSH|"}
    return json.dumps({key: value for key, value in (line | changes).items() if value is not None}).encode()


def test_a_journal_line_says_itself_when_and_where_it_came_from() -> None:
    (line,) = taken(told(seq=7, note="ignored") + b"\r\n")
    assert line == TakenLine("F1", NOW, "hl7v2", b"MSH|")


def test_bytes_that_are_not_text_travel_as_base64() -> None:
    body = base64.b64encode(b"\xff\x00MSH").decode()
    assert taken(told(body=None, body_base64=body))[0].body == b"\xff\x00MSH"


def test_a_feed_may_be_called_by_any_name_that_is_not_too_long() -> None:
    for feed in ("9" * 200, "é" * 100):
        assert taken(told(feed=feed))[0].feed == feed


def test_a_kind_nobody_knows_yet_is_kept() -> None:
    assert taken(told(kind="dicom"))[0].kind == "dicom"


@pytest.mark.parametrize(
    ("line", "reason", "where"),
    [
        (b"not json", "bad_json", "line"),
        (b'["received_at"]', "bad_json", "line"),
        (b'{"received_at": "\xff"}', "bad_json", "line"),
        (told(body="x\ud800"), "bad_json", "line"),  # half a character
        (told(received_at="2025-06-05T10:05:00"), "no_offset", "received_at"),
        (told(received_at="yesterday"), "bad_time", "received_at"),
        (told(received_at="0001-01-01T00:00:00+14:00"), "bad_time", "received_at"),
        (told(received_at="9999-12-31T23:59:59+00:00"), "bad_time", "received_at"),
        (told(received_at=None), "missing", "received_at"),
        (told(received_at="1900-01-01T00:00:00+14:00"), "bad_time", "received_at"),  # in UTC, it is another year
        (told(received_at="2199-12-31T23:00:00-12:00"), "bad_time", "received_at"),
        (told(feed=""), "missing", "feed"),
        (told(feed="9" * 201), "too_long", "feed"),
        (told(kind="9" * 201), "too_long", "kind"),
        (told(kind=3), "not_text", "kind"),
        (told(body=None), "missing", "body"),
        (told(body={"resourceType": "Patient"}), "not_text", "body"),
        (told(body_base64="AA=="), "two_bodies", "body"),
        (told(body=None, body_base64="?"), "bad_base64", "body_base64"),
    ],
)
def test_a_bad_journal_line_is_kept_unreadable_and_the_rest_goes_on(line: bytes, reason: str, where: str) -> None:
    (sheaf,) = take(told() + b"\n" + line + b"\n\n" + told(feed="F2") + b"\n")
    assert [entry.kind for entry in sheaf.lines] == ["hl7v2", "unreadable", "hl7v2"]
    assert (sheaf.lines[1].feed, sheaf.lines[1].received_at, sheaf.lines[1].body) == ("drop", NOW, line)
    (problem,) = sheaf.problems
    assert (problem.ordinal, problem.reason, problem.where) == (2, reason, where)
    assert sheaf.upto == 3
    (again,) = UnreadableReader("unreadable").read("drop", NOW, line)
    assert again.problem is not None
    assert (again.outcome, again.problem.reason, again.problem.where) == ("quarantined", reason, where)


def test_each_message_of_a_batch_is_a_line_of_its_own() -> None:
    batch = b"FHS|^~\\&|A\rBHS|^~\\&|A\r" + A01 + A03 + b"BTS|2\rFTS|1\r"
    (sheaf,) = take(batch)
    assert [line.body for line in sheaf.lines] == [A01, A03]
    assert {(line.kind, line.feed, line.received_at) for line in sheaf.lines} == {("hl7v2", "drop", NOW)}
    assert (sheaf.upto, sheaf.notices) == (2, ())


def test_messages_saved_with_their_framing_have_the_bytes_that_the_wire_brings() -> None:
    assert [line.body for line in taken(b"\x0b" + A01 + b"\x1c\r\x0b" + A03 + b"\x1c\r")] == [A01, A03]


def test_what_stands_behind_a_block_without_an_msh_is_a_line_of_its_own() -> None:
    stray = b"PID|1||LOST\r"
    framed = b"\x0b" + A01 + b"\x1c\r\x0b" + stray + b"\x1c\r\x0b" + A03 + b"\x1c\r"
    assert [line.body for line in taken(framed)] == [A01, stray, A03]


@pytest.mark.parametrize(
    ("trailer", "agrees"),
    [(b"BTS|2\rFTS|1\r", True), (b"BTS|\r", True), (b"", True), (b"BTS|3\r", False), (b"BTS|2\rFTS|2\r", False)],
)
def test_a_count_that_does_not_agree_is_noticed_or_refused(trailer: bytes, agrees: bool) -> None:
    batch = b"BHS|^~\\&|A\r" + A01 + A03 + trailer
    (sheaf,) = take(batch)
    assert (len(sheaf.lines), sheaf.notices) == (2, () if agrees else ("count_mismatch",))
    if agrees:
        assert take(batch, mismatch="reject") == [sheaf]
    else:
        with pytest.raises(FileIsWrong, match="on_count_mismatch"):
            take(batch, mismatch="reject")


@pytest.mark.parametrize("size", [1, 7, 20, 64])
def test_counts_agree_wherever_the_reads_fall(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "_READ_BYTES", size)
    assert take(b"BHS|^~\\&|A\r" + A01 * 12 + b"BTS|12\r")[-1].notices == ()
    assert take(b"BHS|^~\\&|A\r" + A01 * 12 + b"BTS|11\r")[-1].notices == ("count_mismatch",)


def test_a_crash_or_a_second_drop_adds_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "SHEAF_LINES", 2)
    body = b"".join(told(body=f"MSH|{n}") + b"\n" for n in range(5))
    whole = take(body)
    assert [sheaf.upto for sheaf in whole] == [2, 4, 5]
    assert len({sheaf.key for sheaf in whole}) == 1
    after_crash = take(body, known=2)
    assert [line for sheaf in after_crash for line in sheaf.lines] == [line for s in whole[1:] for line in s.lines]
    assert [sheaf.known for sheaf in after_crash] == [2, 0]
    (nothing,) = take(body, known=5)
    assert (nothing.lines, nothing.known, nothing.upto) == ((), 5, 5)


def test_the_same_bytes_from_another_feed_are_news() -> None:
    (one,), (two,) = take(A01, feed="F1"), take(A01, feed="F2")
    assert one.key != two.key


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        (b"", []),
        (b'{\n"resourceType":"Bundle"\n}', ["fhir"]),
        (b'{"resourceType":"Patient"}\n\n{"resourceType":"Bundle"}\n', ["fhir", "fhir"]),
        (b'{"at":"x","by":"a","action":"link"}\n{"at":"x","by":"a","action":"link"}\n', ["decisions"]),
        (b"member_id,mcp_id,coverage_start\nM1,A,\n", ["roster"]),
    ],
)
def test_each_kind_of_file_becomes_lines_of_its_kind(body: bytes, kinds: list[str]) -> None:
    lines = taken(body)
    assert [line.kind for line in lines] == kinds
    assert b"".join(line.body for line in lines).replace(b"\n", b"") == body.replace(b"\n", b"")


@pytest.mark.parametrize(
    ("body", "says"), [(b"\x1f\x8b\x08", "archives come later"), (b"a,b\n", "no kind that we know")]
)
def test_a_file_of_no_kind_is_refused_with_what_to_do(body: bytes, says: str) -> None:
    with pytest.raises(FileIsWrong, match=says):
        take(body)


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as sink:
        sink.write(A01 + A03)
    with os.fdopen(reader, "rb") as pipe:
        assert [line.body for sheaf in take(pipe) for line in sheaf.lines] == [A01, A03]
    path = tmp_path / "named.csv"
    path.write_bytes(A01)
    files = FileIntake(split_hl7=split, checkpoint=lambda _: 0)
    assert [line.body for sheaf in files.read(path, feed="F", received_at=NOW) for line in sheaf.lines] == [A01]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=12)
ROWS = st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=30)


@given(rows=ROWS, end=st.sampled_from(["\n", "\r\n"]), limit=st.integers(140, 400))
def test_the_rows_of_all_chunks_are_the_rows_of_the_file(rows: list[list[str]], end: str, limit: int) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end)
    writer.writerows([["member_id", "b", "c"], *rows])
    pieces = list(table_chunks(io.BytesIO(out.getvalue().encode()), limit))
    assert all(piece.whole and len(piece.body) <= limit for piece in pieces)
    tables = [list(csv.reader(io.StringIO(piece.body.decode(), newline=""))) for piece in pieces]
    assert all(table[0] == ["member_id", "b", "c"] for table in tables)
    assert [row for table in tables for row in table[1:]] == rows


@given(body=st.text(alphabet='a,"\n\r', max_size=120).map(str.encode), limit=st.integers(12, 60))
def test_whatever_the_bytes_no_byte_of_a_table_is_lost(body: bytes, limit: int) -> None:
    header = b"h,i\n"
    pieces = list(table_chunks(io.BytesIO(header + body), limit))
    assert b"".join(piece.body.removeprefix(header) if piece.whole else piece.body for piece in pieces) == body
    assert all(len(piece.body) <= limit for piece in pieces)


def test_a_row_that_no_chunk_can_hold_is_set_aside_in_parts() -> None:
    body = b"h,i\n" + b"a,b\n" + b"x" * 100 + b"\nc,d\n"
    assert list(table_chunks(io.BytesIO(body), 40)) == [
        Piece(b"h,i\na,b\n"),
        *[Piece(b"x" * 40, whole=False)] * 2,
        Piece(b"x" * 20 + b"\n", whole=False),
        Piece(b"h,i\nc,d\n"),
    ]


def test_a_message_longer_than_the_limit_comes_in_parts() -> None:
    body = A01 + b"OBX|" + b"x" * 3_000_000 + b"\r" + A03
    pieces = list(hl7_messages(io.BytesIO(body), split, limit=1_000_000))
    assert b"".join(piece.body for piece in pieces) == body
    assert [piece.whole for piece in pieces].count(False) == 2
    assert pieces[-1] == Piece(A03)


class Endless(io.RawIOBase):
    """A big file that is made while it is read, and remembers the most that was asked for at once."""

    def __init__(self, head: bytes, row: bytes, size: int) -> None:
        self.head, self.row, self.size, self.at, self.most = head, row, size, 0, 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        assert size >= 0
        self.most = max(self.most, size)
        end = min(self.at + size, self.size)
        start = self.at - len(self.head)
        repeats = self.row * ((end - self.at) // len(self.row) + 2)
        rows = (self.head + repeats)[self.at : end] if start < 0 else repeats[start % len(self.row) :][: end - self.at]
        self.at = end
        return rows


def test_a_big_table_is_read_in_small_pieces() -> None:
    source = Endless(b"member_id,mcp_id,coverage_start\n", b'M1,"PLAN, A",2025-01-01\n', 8_000_000)
    sheaves = take(source)  # type: ignore[arg-type]  # a raw stream of bytes is enough
    assert source.most <= 1024 * 1024
    assert all(len(line.body) <= 512 * 1024 for sheaf in sheaves for line in sheaf.lines)
    assert all(sum(len(line.body) for line in sheaf.lines) < 5_000_000 for sheaf in sheaves)


def exports(lines: list[tuple[datetime, str, str, bytes]]) -> Iterator[bytes]:
    for seq, line in enumerate(lines, 1):
        yield exported(seq, *line)


@given(
    st.lists(
        st.tuples(
            st.datetimes(datetime(1900, 1, 1), datetime(2199, 12, 31), timezones=st.sampled_from([UTC])),  # noqa: DTZ001
            st.text(min_size=1, max_size=9).filter(lambda text: text.isprintable()),
            st.sampled_from(["hl7v2", "roster", "unreadable", "überraschung"]),
            st.binary(max_size=80) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "replace")),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_what_is_exported_loads_again_exactly(lines: list[tuple[datetime, str, str, bytes]]) -> None:
    loaded = [(line.received_at, line.feed, line.kind, line.body) for line in taken(b"".join(exports(lines)))]
    assert loaded == lines


def test_an_export_says_its_place_and_its_time_in_utc() -> None:
    line = json.loads(exported(7, NOW, "F1", "hl7v2", A01))
    assert line == {
        "seq": 7,
        "received_at": "2025-06-05T17:05:00+00:00",
        "feed": "F1",
        "kind": "hl7v2",
        "body": A01.decode(),
    }
    assert hashlib.sha256(journal_line(exported(1, NOW, "F", "x", b"\xff")).body) is not None
    with pytest.raises(MessageIsWrong):
        journal_line(b"{}")
