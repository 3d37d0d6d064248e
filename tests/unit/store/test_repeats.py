"""Which lines of one call repeat each other, or what the journal holds: the same as adding them one by one."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.store.appending import WITHIN_MICROS, HashedLine, hashed, repeats
from services.runtime.store.contract import NewLine

T0 = datetime(2025, 3, 6, tzinfo=UTC)
LINES = st.builds(
    NewLine,
    st.sampled_from(["F1", "F2"]),
    st.integers(0, 20).map(lambda days: T0 + timedelta(days=days)),
    st.sampled_from(["hl7v2", "fhir"]),
    st.sampled_from([b"a", b"b"]),
)
ASKED = st.lists(st.tuples(LINES.map(hashed), st.booleans()), max_size=8)


def newest_repeated(each: HashedLine, once: bool, before: list[tuple[int, HashedLine]]) -> tuple[int, int] | None:
    """(receipt, -number) of the newest of those that a line repeats."""
    since = each.received_at_micros - (WITHIN_MICROS if once else 0)
    same = [
        (other.received_at_micros, -number)
        for number, other in before
        if (other.line.feed, other.sha256) == (each.line.feed, each.sha256)
        and since <= other.received_at_micros <= each.received_at_micros
        and (once or other.line.kind == each.line.kind)
    ]
    return max(same, default=None)


@given(journal=st.lists(LINES.map(hashed), max_size=5), asked=ASKED)
def test_asking_for_all_at_once_tells_what_appending_one_by_one_would(
    journal: list[HashedLine], asked: list[tuple[HashedLine, bool]]
) -> None:
    kept = list(enumerate(journal, start=1))
    stored = {}
    for index, (each, once) in enumerate(asked):
        if found := newest_repeated(each, once, kept):
            stored[index] = -found[1], found[0]
    wanted: list[int | None] = []
    numbers: dict[int, int] = {}  # of those that are new in this call: seq to index
    for index, (each, once) in enumerate(asked):
        found = newest_repeated(each, once, kept)
        if found is None:
            seq = len(kept) + 1
            kept.append((seq, each))
            numbers[seq] = index
            wanted.append(None)
        else:
            seq = -found[1]
            wanted.append(-(numbers[seq] + 1) if seq in numbers else seq)
    assert repeats([each for each, _ in asked], [once for _, once in asked], stored) == wanted
