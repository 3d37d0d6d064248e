"""Merges, moves and renames that meet each other, before and after (interop §2.2, §2.3)."""

import itertools

import pytest

from tests.timeline import Scribe, Told, play, told

HERE = "inpatient H1 active 08-01 10:00 > -"
ENDED = "inpatient H1 finished 08-01 10:00 > 08-04 12:00"
TWO = ["M1", "M2"]
MOVE = "A45 move V1 H1 M2 mrg=MRM1"
BACK = "A45 move V1 H1 M1 mrg=MRM2"


def test_a_merge_before_either_patient() -> None:
    found = play("""
        when           event                                          then
        08-01 09:00    A40 merge H1 mrn=TMP2 mrg=TMP1
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-01 12:00    A08 update V9 H1 mrn=TMP2 pid3=TMP2^^^H1^MR~90000001A^^^DHCS^MC    + notify due 08-02 12:00
            + notify due 08-02 12:00
    """)
    assert HERE in found.stays("08-01 13:00")


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_a_chain_and_a_loop_of_merges_in_any_order(order: tuple[int, ...]) -> None:
    told_of = [
        ("08-01 10:00", "A01 admit V1 H1 mrn=TMP1"),
        ("08-02 09:00", "A40 merge H1 mrn=TMP2 mrg=TMP1"),
        ("08-02 10:00", "A40 merge H1 mrn=MRM1 mrg=TMP2"),
        ("08-02 11:00", "A40 merge H1 mrn=TMP1 mrg=MRM1"),
    ]
    scribe = Scribe()
    lines = scribe.opening()
    lines += [scribe.write(f"08-03 1{n}:00", f"{told_of[i][1]} at={told_of[i][0].replace(' ', 'T')}")
              for n, i in enumerate(order)]  # fmt: skip
    found = Told(lines)
    assert found.stays("08-04 10:00") == [HERE]
    assert found.reviews("08-04 10:00") == {}


def test_a_merge_within_another_feed_is_another_matter() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-02 09:00    A40 merge H1 mrn=MRM1 mrg=TMP1 feed=F2
    """)
    assert found.stays("08-02 10:00") == []


def test_there_and_back_with_clocks_of_its_own() -> None:
    found = play(f"""
        when           event                                    then
        08-01 10:00    A01 admit V1 H1                          + notify due 08-02 10:00
        08-01 15:00    {MOVE}                                   - notify; + notify due 08-02 15:00
        08-01 16:00    {BACK}                                   - notify; + notify due 08-02 16:00
        08-04 12:00    A03 discharge V1 home                    + notify due 08-05 12:00
            + contact7 due 08-11 23:59; + visit7 due 08-11 23:59
    """, members=TWO)  # fmt: skip
    assert [found.stays("08-01 12:00", m) for m in TWO] == [[HERE], []]
    assert [found.stays("08-01 15:30", m) for m in TWO] == [[], [HERE]]
    assert [found.stays("08-05 10:00", m) for m in TWO] == [[ENDED], []]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_there_and_back_in_any_order(order: tuple[int, ...]) -> None:
    told_of = ["A01 admit V1 H1 at=08-01T10:00", f"{MOVE} at=08-01T15:00", f"{BACK} at=08-01T16:00"]
    scribe = Scribe()
    lines = scribe.opening(TWO) + [scribe.write(f"08-02 1{n}:00", told_of[i]) for n, i in enumerate(order)]
    assert [Told(lines).stays("08-03 10:00", m) for m in TWO] == [[HERE], []]


def test_a_moved_visit_takes_its_earlier_number_along() -> None:
    """The visit was renamed before it was moved: what came under the old number moves with it."""
    found = told("""
        08-01 10:00    A01 admit V1 H1
        08-01 12:00    A50 rename V2 H1 old=V1
        08-01 15:00    A45 move V2 H1 M2 mrg=MRM1
        08-04 12:00    A03 discharge V2 H1 M2 home adm=08-01T10:00
    """, members=TWO)  # fmt: skip
    assert [found.stays("08-05 10:00", m) for m in TWO] == [[], [ENDED]]


def test_a_rename_told_after_the_move_moves_from_then_on() -> None:
    """As-of is what had been received; the rename is what made the link possible (contract, "Clocks from receipt")."""
    found = play("""
        when           event                                          then
        08-01 10:00    A01 admit V1 H1                                + notify due 08-02 10:00
        08-01 12:00    A45 move V2 H1 M2 mrg=MRM1
        08-01 15:00    A50 rename V2 H1 old=V1                        - notify; + notify due 08-02 15:00
    """, members=TWO)  # fmt: skip
    assert [found.stays("08-01 13:00", m) for m in TWO] == [[HERE], []]
    assert [found.stays("08-01 16:00", m) for m in TWO] == [[], [HERE]]


def test_a_chain_of_renames_moves_whole() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1
        08-01 11:00    A50 rename V2 H1 old=V1
        08-01 12:00    A50 rename V3 H1 old=V2
        08-01 15:00    A45 move V3 H1 M2 mrg=MRM1
        08-01 16:00    A50 rename V4 H1 M2 mrn=MRM2 old=V3
        08-04 12:00    A03 discharge V4 H1 M2 home adm=08-01T10:00
    """, members=TWO)  # fmt: skip
    assert [found.stays("08-05 10:00", m) for m in TWO] == [[], [ENDED]]


def test_a_renamed_visit_moved_back_returns_whole() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1
        08-01 15:00    A45 move V1 H1 M2 mrg=MRM1
        08-01 16:00    A50 rename V2 H1 M2 mrn=MRM2 old=V1
        08-01 17:00    A45 move V2 H1 M1 mrg=MRM2
        08-04 12:00    A03 discharge V2 H1 home adm=08-01T10:00
    """, members=TWO)  # fmt: skip
    assert [found.stays("08-05 10:00", m) for m in TWO] == [[ENDED], []]


def test_a_moved_visit_by_account_takes_its_earlier_account_along() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1 pid18=A1^^^H1^AN no-number
        08-01 12:00    A49 rename H1 oldacc=A1 pid18=A2^^^H1^AN no-number
        08-01 15:00    A44 move H1 M2 mrg=MRM1 oldacc=A2 pid18=A2^^^H1^AN no-number
        08-04 12:00    A03 discharge H1 M2 home adm=08-01T10:00 pid18=A2^^^H1^AN no-number
    """, members=TWO)  # fmt: skip
    assert [found.stays("08-05 10:00", m) for m in TWO] == [[], [ENDED]]


def test_a_moved_admission_takes_its_emergency_visit_along() -> None:
    found = told("""
        08-01 08:00    A04 arrival V1 H1 class=E
        08-01 10:00    A06 admit V2 H1 old=V1 class=I
        08-01 15:00    A45 move V2 H1 M2 mrg=MRM1
        08-04 12:00    A03 discharge V2 H1 M2 home adm=08-01T10:00
    """, members=TWO)  # fmt: skip
    assert [found.stays("08-05 10:00", m) for m in TWO] == [[], [ENDED]]


def test_a_rename_after_the_move_is_the_new_patients() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1
        08-01 15:00    A45 move V1 H1 M2 mrg=MRM1
        08-01 16:00    A50 rename V2 H1 M2 mrn=MRM2 old=V1
        08-04 12:00    A03 discharge V2 H1 M2 home adm=08-01T10:00
    """, members=TWO)  # fmt: skip
    assert [found.stays("08-05 10:00", m) for m in TWO] == [[], [ENDED]]


def test_a_move_between_two_records_of_one_member_is_no_news() -> None:
    """The link to the member was never broken: its clocks go on (contract, "Clocks from receipt")."""
    found = play("""
        when           event                                          then
        08-01 10:00    A01 admit V1 H1                                + notify due 08-02 10:00
        08-01 15:00    A45 move V1 H1 mrn=MRB mrg=MRM1
        08-04 12:00    A03 discharge V1 H1 home mrn=MRB               + notify due 08-05 12:00
            + contact7 due 08-11 23:59; + visit7 due 08-11 23:59
    """)
    assert found.stays("08-05 10:00") == [ENDED]


def test_a_death_stays_with_the_patient_whose_visit_was_moved() -> None:
    """A wrong death flag is harmful (R-78): one misfiled visit makes no two people one."""
    found = told(f"""
        08-01 10:00    A01 admit V1 H1
        08-01 15:00    {MOVE}
        08-03 10:00    A31 update H1 M1 pid30=Y
    """, members=TWO)  # fmt: skip
    assert [found.flags("08-04 10:00", m) for m in TWO] == [["death_unconfirmed"], []]


def test_a_move_of_one_visit_leaves_the_others() -> None:
    found = told(f"""
        08-01 10:00    A01 admit V1 H1
        08-01 11:00    A01 admit V2 H2
        08-01 15:00    {MOVE}
    """, members=TWO)  # fmt: skip
    assert found.stays("08-02 10:00") == ["inpatient H2 active 08-01 11:00 > -"]
    assert found.stays("08-02 10:00", "M2") == [HERE]


def test_a_move_to_a_patient_whom_nobody_knows_withdraws_only() -> None:
    found = play("""
        when           event                                          then
        08-01 10:00    A01 admit V1 H1                                + notify due 08-02 10:00
        08-01 15:00    A45 move V1 H1 mrn=TMP1 mrg=MRM1               - notify
        08-02 09:00    A40 merge H1 M2 mrn=MRM2 mrg=TMP1              + notify due 08-03 09:00
    """, members=TWO)  # fmt: skip
    assert [found.stays("08-02 10:00", m) for m in TWO] == [[], [HERE]]


def test_an_unlink_of_the_right_patient_holds_after_a_move() -> None:
    found = told(f"""
        08-01 10:00    A01 admit V1 H1
        08-01 12:00    unlink F1|H1|MRM2 M2
        08-01 15:00    {MOVE}
    """, members=TWO)  # fmt: skip
    assert [found.stays("08-02 10:00", m) for m in TWO] == [[], []]


def test_a_move_by_account_and_its_late_messages() -> None:
    """A44 by account: what the desk still sends under the wrong patient and this account moves too (R-62)."""
    found = play("""
        when           event   then
        08-01 10:00    A01 admit V1 H1 pid18=A1^^^H1^AN   + notify due 08-02 10:00
        08-01 15:00    A44 move V1 H1 M2 mrg=MRM1 oldacc=A1 pid18=A1^^^H1^AN no-number               - notify
            + notify due 08-02 15:00
        08-04 12:00    A03 discharge V1 H1 home pid18=A1^^^H1^AN   + notify due 08-05 12:00
    """, "notify", members=TWO)  # fmt: skip
    assert [found.stays("08-05 10:00", m) for m in TWO] == [[], [ENDED]]


def test_links_compare_offsets_not_wall_clocks() -> None:
    """The A37 is an hour later, though its wall clock reads earlier (R-64: instants, offset explicit)."""
    found = told("""
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-02 09:00    A24 link H1 mrn=MRM1 other=TMP1 evn2=20250802160000+0000
        08-02 10:00    A37 unlink H1 mrn=MRM1 other=TMP1 evn2=20250802100000-0700
    """)
    assert len(found.stays("08-02 09:30")) == 1
    assert found.stays("08-02 10:30") == []


@pytest.mark.parametrize("late", [False, True])
def test_a24_and_a37_go_by_when_they_were_recorded(late: bool) -> None:
    link = "08-02 12:00    A24 link H1 mrn=MRM1 other=TMP1 at=08-02T09:00"
    unlink = "08-02 11:00    A37 unlink H1 mrn=MRM1 other=TMP1 at=08-02T10:00"
    rows = [unlink, link] if late else [link.replace("12:00 ", "10:30 "), unlink]
    found = told("08-01 10:00    A01 admit V1 H1 mrn=TMP1\n" + "\n".join(rows))
    assert found.stays("08-03 10:00") == []


def test_a_merge_across_an_unlinked_survivor() -> None:
    """The survivor was un-linked from the member; what is merged into it says nothing of the member."""
    found = told("""
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-01 11:00    A01 admit V2 H2
        08-02 08:00    unlink F1|H1|MRM1 M1
        08-02 09:00    A40 merge H1 mrn=MRM1 mrg=TMP1
    """)
    assert found.stays("08-03 10:00") == ["inpatient H2 active 08-01 11:00 > -"]


def test_each_step_is_seen_as_it_was_known() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-02 09:00    A40 merge H1 mrn=MRM1 mrg=TMP1
        08-02 12:00    unlink F1|H1|TMP1 M1
        08-02 15:00    link F1|H1|TMP1 M2
        08-02 18:00    unlink F1|H1|TMP1 M2
        08-03 09:00    link F1|H1|TMP1 M1
    """, members=TWO)  # fmt: skip
    seen = {
        when: [bool(found.stays(when, m)) for m in TWO]
        for when in ("08-01 11:00", "08-02 10:00", "08-02 13:00", "08-02 16:00", "08-02 19:00", "08-03 10:00")
    }
    assert list(seen.values()) == [
        [False, False], [True, False], [False, False], [False, True], [False, False], [True, False],
    ]  # fmt: skip
    assert found.live("08-03 10:00", "notify") == ["notify open 08-04 09:00"]
