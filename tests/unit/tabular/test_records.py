"""Where a row stands in its file, as an editor counts lines."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.tabular.records import header_end, line_of
from tests.unit.tabular.test_reader import read


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_blank_lines_and_line_ends_in_quotes_count(end: str) -> None:
    body = end.join(["", "a,b", "", "1,2", '"x', 'y",3', ",", "4,5"]).encode()
    assert [line_of(body, ordinal) for ordinal in (1, 2, 3)] == [4, 5, 8]
    assert body[header_end(body) :].lstrip(b"\r\n").startswith(b"1,2")


@given(st.lists(st.sampled_from(["M1,P,2024-01-01", "", ",,", "M2,P,never", '"M\n3",P,2024-01-01']), max_size=12))
def test_the_row_that_a_reader_counts_is_the_row_that_stands_there(rows: list[str]) -> None:
    body = "\n".join(["member_id,mcp_id,coverage_start", *rows]).encode()
    found = [line_of(body, reading.ordinal) for reading in read("roster", body)]
    lines = body.decode().split("\n")
    assert all(lines[line - 1].strip(",") for line in found)
    assert all(first < second for first, second in pairwise(found))
    assert len(found) == sum(bool(row.strip(",")) for row in rows)
