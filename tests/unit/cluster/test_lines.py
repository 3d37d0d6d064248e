"""A record is a line, or it is kept whole: whatever it holds, nothing is lost and nobody is stopped."""

from datetime import UTC, datetime

import pytest

from connectors.kafka.undecoded import UndecodedReader
from services.runtime.cluster.lines import said_by
from services.runtime.cluster.records import Record
from topics import raw
from topics.raw import Part, RawLine
from topics.undecoded import FEED, KIND, undecoded

AT = datetime(2025, 3, 1, tzinfo=UTC)


def record(**headers: bytes) -> Record:
    """A chunk of a table, with other headers."""
    key, value, told = raw.encode(RawLine("plan", AT, "roster", b"member_id\n", part=Part("00", 1, 2)))
    return Record("feeds.bulk.v1", 3, 7, AT, key, value, tuple({**dict(told), **headers}.items()))


def test_a_record_of_ours_is_the_line_that_it_tells() -> None:
    line = said_by(record()).line
    assert (line.feed, line.received_at, line.kind, line.body) == ("plan", AT, "roster", b"member_id\n")


@pytest.mark.parametrize(
    ("headers", "reason", "where"),
    [
        ({"feed": b""}, "missing", "feed"),
        ({"kind": b"9" * 201}, "too_long", "kind"),
        ({"part": b"9" * 4301}, "header_wrong", "part"),
        ({"received_at": b"0001-01-01T00:00:00+00:00"}, "bad_time", "received_at"),
    ],
)
def test_a_record_that_no_journal_would_take_is_kept_whole(headers: dict[str, bytes], reason: str, where: str) -> None:
    told, line = record(**headers), said_by(record(**headers)).line
    assert (line.feed, line.received_at, line.kind) == (FEED, AT, KIND)
    assert undecoded(line.body).headers == told.headers
    (reading,) = UndecodedReader().read(FEED, AT, line.body)
    assert reading.problem is not None
    assert (reading.problem.reason, reading.problem.where) == (
        reason, f"feeds.bulk.v1, partition 3, offset 7: {where}"
    )  # fmt: skip


def test_a_record_that_breaks_us_while_it_is_decoded_is_kept_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(*_: object) -> RawLine:
        raise ValueError("a bug of ours")

    monkeypatch.setattr(raw, "decode", breaking)
    assert said_by(record()).line.kind == KIND
