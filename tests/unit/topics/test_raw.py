"""A line comes back from its record as it went in, and what is no record of ours is refused with a reason."""

from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import MessageIsWrong
from topics.raw import Part, RawLine, decode, encode

AT = datetime(2025, 6, 5, 17, 5, 0, 123456, tzinfo=UTC)
HEAD = b"MSH|^~\\&|HIE|H1|||20250605100500||ADT^A01|C1|P|2.5.1\r"

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50)
lines = st.builds(
    RawLine,
    feed=texts,
    received_at=st.datetimes(datetime(1900, 1, 2), datetime(2199, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001
    kind=st.one_of(st.just("hl7v2"), texts),
    body=st.binary(),
    is_live=st.booleans(),
    answer=st.none() | st.binary(),
    part=st.none() | st.builds(Part, texts, st.just(2), st.integers(2, 999_999_999)),
)


@given(lines)
def test_a_line_comes_back_as_it_went_in(line: RawLine) -> None:
    record = encode(line)
    assert decode(record.value, record.headers) == line


@given(st.binary(max_size=200))
def test_nothing_is_ever_refused_for_its_key(body: bytes) -> None:
    assert encode(RawLine("F1", AT, "hl7v2", HEAD[:8] + body)).key
    assert encode(RawLine("F1", AT, "hl7v2", body)).key


def test_a_time_is_told_in_utc_whatever_offset_it_had() -> None:
    there = AT.astimezone(timezone(timedelta(hours=-7)))
    record = encode(RawLine("F1", there, "hl7v2", HEAD))
    assert dict(record.headers)["received_at"] == b"2025-06-05T17:05:00.123456+00:00"
    assert decode(record.value, record.headers).received_at == AT


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (HEAD + b"PID|1||123^^^H1^MR~456^^^H2^MR||DOE\rPV1|1|I", b"F1|123^^^H1^MR"),
        (HEAD + b"EVN|A01\r\nPID|1||123\r\nPV1|1", b"F1|123"),
        (b"MSH!~@\\&!HIE\rPID!1!!123~~~H1@456!!DOE", b"F1|123~~~H1"),
    ],
)
def test_the_messages_of_a_patient_have_one_key(body: bytes, key: bytes) -> None:
    assert encode(RawLine("F1", AT, "hl7v2", body)).key == key


@pytest.mark.parametrize(
    "body", [HEAD, HEAD + b"PID|1", HEAD + b"PID|1||~2", HEAD + b"PID|1||" + b"9" * 300, b"", b"x"]
)
def test_without_a_patient_the_hash_is_the_key(body: bytes) -> None:
    assert encode(RawLine("F1", AT, "hl7v2", body)).key == sha256(body).hexdigest().encode()
    assert (
        encode(RawLine("F1", AT, "roster", HEAD + b"PID|1||123")).key
        == sha256(HEAD + b"PID|1||123").hexdigest().encode()
    )


def test_a_header_that_nobody_knows_yet_is_left_alone() -> None:
    record = encode(RawLine("F1", AT, "hl7v2", HEAD))
    assert decode(record.value, [*record.headers, ("tenant", b"T1")]) == RawLine("F1", AT, "hl7v2", HEAD)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"schema": b"2"}, "schema_unknown"),
        ({"schema": None}, "header_missing"),
        ({"feed": None}, "header_missing"),
        ({"feed": b"\xff"}, "header_wrong"),
        ({"feed": b""}, "missing"),
        ({"kind": b""}, "missing"),
        ({"feed": b"9" * 201}, "too_long"),
        ({"kind": b"9" * 201}, "too_long"),
        ({"received_at": b"2025-06-05T17:05:00"}, "no_offset"),
        ({"received_at": b"yesterday"}, "bad_time"),
        ({"received_at": b"0001-01-01T00:00:00+00:00"}, "bad_time"),
        ({"received_at": b"2200-01-01T00:00:00+00:00"}, "bad_time"),
        ({"live": b"yes"}, "header_wrong"),
        ({"sha256": b"00"}, "sha256_differs"),
        ({"file": b"00", "part": b"3", "parts": b"2"}, "header_wrong"),
        ({"file": b"00", "part": b"1"}, "header_missing"),
        ({"file": b"00", "part": b"9" * 4301, "parts": b"2"}, "header_wrong"),
        ({"file": b"00", "part": b"1", "parts": b"9" * 4301}, "header_wrong"),
    ],
)
def test_what_is_no_record_of_ours_is_refused_with_a_reason(change: dict[str, bytes | None], reason: str) -> None:
    record = encode(RawLine("F1", AT, "hl7v2", HEAD + b"PID|1||123^^^H1^MR||DOE^JANE"))
    headers = {**dict(record.headers), **change}
    with pytest.raises(MessageIsWrong) as wrong:
        decode(record.value, [(name, value) for name, value in headers.items() if value is not None])
    assert wrong.value.reason == reason
    assert "DOE" not in str(wrong.value)


def test_a_record_without_a_value_is_refused() -> None:
    with pytest.raises(MessageIsWrong, match="no_body"):
        decode(None, encode(RawLine("F1", AT, "hl7v2", HEAD)).headers)
