"""What differs is told as people think of it: a line for each thing, and how many of each kind."""

from services.cli.differing import summed_up
from services.runtime.recount import Difference


def test_a_thing_that_is_new_gone_or_changed_is_one_line() -> None:
    lines, kinds = summed_up([
        Difference("M1", "flags", [], ["x"]),
        Difference("M1", "stays.s1.discharged_at", None, "2025-03-06T10:00:00Z"),
        Difference("M1", "stays.s1.status", "active", "finished"),
        Difference("M1", "stays.s2.facility_id", "H1", None),
        Difference("M1", "stays.s2.status", "active", None),
        Difference("M1", "stays.s2.stay_id", "s2", None),
        Difference("M2", "measures.amb.ed|2025|u.1.denominator", 0, 1),
        Difference("M2", "tasks.t1.because", None, ["a"]),
        Difference("M2", "tasks.t1.due_at", None, "2025-03-07T08:00:00Z"),
        Difference("M2", "tasks.t1.rule", None, "tcs.visit"),
        Difference("M2", "tasks.t1.task_id", None, "t1"),
        Difference("M3", "", None, "known from the raw log"),
        Difference("", "counters.cbp", 1, 2),
    ])  # fmt: skip
    assert lines == [
        "M1 flags: stored [], now ['x']",
        "M1 stays.s1: discharged_at None, now 2025-03-06T10:00:00Z; status active, now finished",
        "M1 stays.s2: gone: facility_id H1, status active",
        "M2 measures.amb.ed|2025|u.1: denominator 0, now 1",
        "M2 tasks.t1: new: rule tcs.visit, due_at 2025-03-07T08:00:00Z",
        "M3: stored None, now known from the raw log",
        "- counters.cbp: stored 1, now 2",
    ]
    assert kinds == {
        "other changed": 3, "stays changed": 1, "stays gone": 1, "measures changed": 1, "tasks new": 1,
    }  # fmt: skip
