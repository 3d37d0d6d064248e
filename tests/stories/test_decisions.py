"""What people decide about identity, in any order and against any message (interop R-60, R-61, R-95; design §2.3)."""

import itertools

import pytest

from tests.timeline import moment, play, told

HERE, THERE = "inpatient H1 active 08-01 10:00 > -", "inpatient H1 finished 08-01 10:00 > 08-04 12:00"
TWO = ["M1", "M2"]


@pytest.mark.parametrize(
    ("words", "linked"),
    [
        (["link", "unlink"], False),
        (["unlink", "link"], True),
        (["link", "review"], True),
        (["link", "unlink", "review"], False),
        (["unlink", "link", "review"], True),
        (["link", "unlink", "link"], True),
        (["link", "link", "unlink"], False),
        (["review"], False),
    ],
)
def test_the_newest_decision_on_a_pair_holds_whatever_arrives_first(words: list[str], linked: bool) -> None:
    decided = [f"{word} F1|H1|TMP1 M1 at=08-02T1{n}:00" for n, word in enumerate(words)]
    for order in itertools.permutations(range(len(decided))):
        rows = "\n".join(f"08-03 1{n}:00    {decided[i]}" for n, i in enumerate(order))
        found = told(f"08-01 10:00    A01 admit V1 H1 mrn=TMP1\n{rows}")
        assert found.stays("08-03 18:00") == ([HERE] if linked else []), order


def test_a_decision_may_come_before_the_patient() -> None:
    found = play("""
        when           event                               then
        07-31 09:00    link F1|H1|TMP1 M1
        08-01 10:00    A01 admit V1 H1 mrn=TMP1            + notify due 08-02 10:00
        08-02 08:00    crash
        08-04 12:00    A03 discharge V1 home mrn=TMP1      + notify due 08-05 12:00
            + contact7 due 08-11 23:59; + visit7 due 08-11 23:59
    """)
    assert found.stays("08-05 10:00") == [THERE]


def test_a_decision_may_come_before_the_member() -> None:
    found = play("""
        when           event                               then
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-01 11:00    link F1|H1|TMP1 M1
        08-04 12:00    A03 discharge V1 home mrn=TMP1
        08-05 09:00    roster M1                           + notify due 08-06 09:00
            + contact7 due 08-11 23:59; + visit7 due 08-11 23:59
    """, members=[])  # fmt: skip
    assert found.stays("08-05 10:00") == [THERE]


def test_an_unlink_outlives_the_same_wrong_cin() -> None:
    found = play("""
        when           event                               then
        08-01 10:00    A01 admit V1 H1                     + notify due 08-02 10:00
        08-01 12:00    unlink F1|H1|MRM1 M1                - notify
        08-02 09:00    A08 update V1
        08-02 10:00    A01 again V1
        08-04 12:00    A03 discharge V1 home
        08-05 12:00    A01 admit V2 H1
    """)
    assert found.stays("08-06 10:00") == []
    assert found.stays("08-01 11:00") == [HERE]


def test_an_unlink_forbids_one_patient_not_the_identifier() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1 mrn=WRONG
        08-01 12:00    unlink F1|H1|WRONG M1
        08-02 10:00    A01 admit V2 H1 mrn=RIGHT
    """)
    assert found.stays("08-03 10:00") == ["inpatient H1 active 08-02 10:00 > -"]


def test_an_unlink_and_a_link_to_the_right_member() -> None:
    found = play("""
        when           event                               then
        08-01 10:00    A01 admit V1 H1                     + notify due 08-02 10:00
        08-01 12:00    unlink F1|H1|MRM1 M1                - notify
        08-01 13:00    link F1|H1|MRM1 M2                  + notify due 08-02 13:00
        08-04 12:00    A03 discharge V1 home               + notify due 08-05 12:00
            + contact7 due 08-11 23:59; + visit7 due 08-11 23:59
    """, members=TWO)  # fmt: skip
    assert found.stays("08-05 10:00") == []
    assert found.stays("08-05 10:00", "M2") == [THERE]
    assert [found.stays("08-01 12:30", m) for m in TWO] == [[], []]


def test_a_link_to_another_member_takes_the_patient_away() -> None:
    found = play("""
        when           event                               then
        08-01 10:00    A01 admit V1 H1                     + notify due 08-02 10:00
        08-04 12:00    A03 discharge V1 home               + notify due 08-05 12:00
            + contact7 due 08-11 23:59; + visit7 due 08-11 23:59
        08-05 11:00    contact reached M2
        08-06 09:00    link F1|H1|MRM1 M2                  - notify; - notify; - contact7; - visit7
            + notify due 08-07 09:00; + contact7 met due 08-11 23:59; + visit7 due 08-11 23:59
    """, members=TWO)  # fmt: skip
    assert found.stays("08-07 10:00") == []
    assert found.stays("08-07 10:00", "M2") == [THERE]
    assert found.tasks("08-07 10:00") == []
    opened = {t["rule"]: t["opened_at"] for t in found.json(moment("08-07 10:00"))["M2"]["tasks"]}
    assert opened["tcs.cm_contact_7d"] == opened["tcs.notify_lead_cm"] == "2025-08-06T09:00:00-07:00"


def test_a_link_told_late_is_missed_only_by_its_event() -> None:
    """Day clocks run from the event: linked after D+7, the visit is overdue at once."""
    found = play("""
        when           event                               then
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-04 12:00    A03 discharge V1 home mrn=TMP1
        08-20 09:00    link F1|H1|TMP1 M1                  + notify due 08-21 09:00
            + contact7 overdue due 08-11 23:59; + visit7 overdue due 08-11 23:59
    """)
    assert found.live("08-20 08:00") == []


def test_two_links_to_two_members_the_newer_decision_wins_in_any_order() -> None:
    links = ["link F1|H1|TMP1 M1 at=08-02T09:00", "link F1|H1|TMP1 M2 at=08-02T10:00"]
    for first, second in (links, links[::-1]):
        found = told(
            f"08-01 10:00    A01 admit V1 H1 mrn=TMP1\n08-03 09:00    {first}\n08-03 10:00    {second}", members=TWO
        )
        assert found.stays("08-03 12:00") == []
        assert found.stays("08-03 12:00", "M2") == [HERE]


def test_to_take_a_link_back_does_not_revive_the_one_it_replaced() -> None:
    """A link to M2 says that it is not M1; taking it back leaves nobody (interop §4.4: prefer no link)."""
    found = told("""
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-02 09:00    link F1|H1|TMP1 M1
        08-02 10:00    link F1|H1|TMP1 M2
        08-02 11:00    unlink F1|H1|TMP1 M2
        08-03 09:00    link F1|H1|TMP1 M1
    """, members=TWO)  # fmt: skip
    assert [found.stays("08-02 10:30", m) for m in TWO] == [[], [HERE]]
    assert [found.stays("08-02 12:00", m) for m in TWO] == [[], []]
    assert [found.stays("08-03 12:00", m) for m in TWO] == [[HERE], []]
    assert found.live("08-03 12:00", "notify") == ["notify open 08-04 09:00"]


def test_linked_again_to_the_same_member_keeps_its_clock() -> None:
    found = play("""
        when           event                               then
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-02 09:00    link F1|H1|TMP1 M1                  + notify due 08-03 09:00
        08-02 15:00    link F1|H1|TMP1 M1
        08-02 16:00    A08 update V1 H1 mrn=MRM1
    """)
    assert found.live("08-02 17:00", "notify") == ["notify open 08-03 09:00"]


def test_a_conflict_of_a_merge_is_settled_by_an_unlink() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1
        08-01 11:00    A01 admit V2 H1 M2
        08-02 09:00    A40 merge H1 mrn=MRM1 mrg=MRM2
        08-03 09:00    unlink F1|H1|MRM2 M2
    """, members=TWO)  # fmt: skip
    assert found.flags("08-02 10:00") == found.flags("08-02 10:00", "M2") == ["merge_conflict"]
    assert found.reviews("08-02 10:00") == {"H1|MRM1": ("merge_conflict",), "H1|MRM2": ("merge_conflict",)}
    assert found.flags("08-03 10:00") == found.flags("08-03 10:00", "M2") == []
    assert found.stays("08-03 10:00") == [HERE]
    assert found.stays("08-03 10:00", "M2") == [], "its persona contradicts M1: it waits for a person"
    assert found.reviews("08-03 10:00") == {}


@pytest.mark.parametrize(("member", "other"), [("M1", "M2"), ("M2", "M1")])
def test_a_conflict_of_a_merge_is_settled_by_a_link(member: str, other: str) -> None:
    wrong = {"M1": "MRM2", "M2": "MRM1"}[member]
    found = told(f"""
        08-01 10:00    A01 admit V1 H1
        08-01 11:00    A01 admit V2 H1 M2
        08-02 09:00    A40 merge H1 mrn=MRM1 mrg=MRM2
        08-03 09:00    link F1|H1|{wrong} {member}
    """, members=TWO)  # fmt: skip
    assert found.flags("08-03 10:00", member) == found.flags("08-03 10:00", other) == []
    assert len(found.stays("08-03 10:00", member)) == 2
    assert found.stays("08-03 10:00", other) == []


def test_a_nameless_patient_merged_into_a_conflict_waits() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1
        08-01 11:00    A01 admit V2 H1 M2
        08-01 12:00    A01 admit V3 H1 mrn=TMP1
        08-02 09:00    A40 merge H1 mrn=MRM1 mrg=TMP1
        08-02 10:00    A40 merge H1 mrn=MRM2 mrg=TMP1
        08-03 09:00    unlink F1|H1|TMP1 M2
    """, members=TWO)  # fmt: skip
    assert [len(found.stays("08-02 09:30", m)) for m in TWO] == [2, 1]
    assert [len(found.stays("08-02 10:30", m)) for m in TWO] == [1, 1], "nobody may guess which of two"
    assert [len(found.stays("08-03 10:00", m)) for m in TWO] == [2, 1]


def test_a_settled_review_stays_settled_until_something_new_is_told() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1
        08-01 11:00    A01 admit V2 H1 M2
        08-02 09:00    A40 merge H1 mrn=MRM1 mrg=MRM2
        08-02 12:00    review F1|H1|MRM1 M1
        08-04 12:00    A40 merge H1 mrn=MRM1 mrg=TMP1
    """, members=TWO)  # fmt: skip
    assert "H1|MRM1" in found.reviews("08-02 10:00")
    assert "H1|MRM1" not in found.reviews("08-03 10:00")
    assert "H1|MRM2" in found.reviews("08-03 10:00")
    assert "H1|MRM1" in found.reviews("08-04 13:00")


def test_a_decision_of_a_person_outlives_a37_and_a_merge() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-02 09:00    link F1|H1|TMP1 M2
        08-02 10:00    A37 unlink H1 M2 mrn=MRM2 other=TMP1
        08-02 11:00    A40 merge H1 mrn=MRM1 mrg=TMP1
    """, members=TWO)  # fmt: skip
    assert found.stays("08-03 10:00", "M2") == [HERE]
    assert found.stays("08-03 10:00") == []
