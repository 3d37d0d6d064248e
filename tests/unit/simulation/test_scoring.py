"""Scoring counts what is found, missing and extra, and names the faults of what differs."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.errors import FileIsWrong
from services.simulation.scoring import Listed, Score, Tally
from services.simulation.truth import Label, TrueStay, TrueTask, TruthFile, label_line

T = datetime(2025, 2, 1, tzinfo=UTC)
DUE = datetime(2025, 2, 3, 7, 59, 59, tzinfo=UTC)
STAY = TrueStay("inpatient", "active", T, None)
TASK = TrueTask("um.open_case", DUE, "open", ("late",))
LABEL = Label("w", "M1", T, (STAY,), (TASK,), ("late", "merge"))
GOOD = Listed("M1", [("inpatient", "active", T, None)], [("um.open_case", DUE, "open")])


def scored(label: Label | None, listed: Listed | None, keep: int = 9) -> Score:
    score = Score(keep)
    score.compare(T, label, listed)
    return score


def test_an_equal_list_is_clean() -> None:
    score = scored(LABEL, GOOD)
    assert score.is_clean
    assert score.by_instant == {T: {"stays": Tally(1), "tasks": Tally(1)}}
    assert score.by_fault == {"none": Tally(1), "late": Tally(1)}


def test_another_state_is_one_missing_and_one_extra_of_the_same_fault() -> None:
    score = scored(LABEL, Listed("M1", GOOD.stays, [("um.open_case", DUE, "met")]))
    assert not score.is_clean
    assert score.by_fault["late"] == Tally(0, 1, 1)
    (difference,) = score.differences
    assert (difference.expected, difference.listed) == (("um.open_case", DUE, "open"), ("um.open_case", DUE, "met"))


def test_a_second_copy_is_extra_and_blamed_on_the_whole_story() -> None:
    score = scored(LABEL, Listed("M1", GOOD.stays * 2, GOOD.tasks))  # type: ignore[operator]
    assert score.by_instant[T]["stays"] == Tally(1, 0, 1)
    assert score.by_fault["merge"] == Tally(0, 0, 1)


def test_a_member_on_one_side_only_is_missing_or_extra() -> None:
    assert scored(LABEL, None).by_instant[T]["tasks"] == Tally(0, 1, 0)
    assert scored(None, GOOD).by_instant[T]["tasks"] == Tally(0, 0, 1)


def test_only_the_first_differences_are_kept_and_all_are_counted() -> None:
    score = scored(LABEL, None, keep=1)
    assert len(score.differences) == 1
    assert sum(t.missing for t in score.by_instant[T].values()) == 2


def test_a_truth_file_gives_back_its_labels(tmp_path: Path) -> None:
    path = tmp_path / "truth"
    path.write_bytes(label_line(LABEL))
    with TruthFile(path) as truth:
        assert (truth.world, truth.instants, truth.members(T)) == ("w", [T], {"M1"})
        assert truth.of("M1", T) == LABEL
        assert truth.of("M2", T) is None


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"", 1, "empty"),
        (label_line(LABEL) + b"{", 2, "no truth label"),
        (label_line(LABEL) * 2, 2, "second label"),
        (label_line(LABEL).replace(b"2025-02-01T00:00:00Z", b"2025-02-01T00:00:00"), 1, "no offset"),
        (label_line(LABEL) + label_line(Label("v", "M2", T, (), ())), 2, "of world v"),
    ],
)
def test_a_broken_truth_file_is_told_by_line(tmp_path: Path, content: bytes, line: int, what: str) -> None:
    path = tmp_path / "truth"
    path.write_bytes(content)
    with pytest.raises(FileIsWrong) as wrong:
        TruthFile(path)
    (problem,) = wrong.value.problems
    assert (problem.path, problem.line) == (str(path), line)
    assert what in problem.what


def test_a_truth_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileIsWrong, match="No such file"):
        TruthFile(tmp_path / "nothing")
