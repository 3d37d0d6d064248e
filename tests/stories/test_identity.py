"""Merges, moves, links and renames (interop R-60 to R-63 and the triggers of §2.2; care-rules §7, 9)."""

import pytest

from tests.timeline import moment, play, told

ONE = "inpatient H1 finished 08-01 10:00 > 08-04 12:00"


def test_a_chain_of_merges_ends_at_the_member() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-02 09:00    A40 merge H1 mrn=TMP2 mrg=TMP1
        08-02 10:00    A40 merge H1 mrn=MRM1 mrg=TMP2
        08-04 12:00    A03 discharge V1 home mrn=TMP1
    """)
    assert found.stays("08-02 09:30") == []
    assert found.stays("08-05 10:00") == [ONE]


def test_a_chain_of_merges_may_arrive_backwards() -> None:
    found = told("""
        08-02 10:00    A40 merge H1 mrn=MRM1 mrg=TMP2
        08-02 10:05    A40 merge H1 mrn=TMP2 mrg=TMP1
        08-02 10:10    A01 admit V1 H1 mrn=TMP1 at=08-01T10:00
        08-04 12:00    A03 discharge V1 home mrn=TMP1
    """)
    assert found.stays("08-05 10:00") == [ONE]


def test_a_loop_of_merges_is_one_patient() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-02 09:00    A40 merge H1 mrn=MRM1 mrg=TMP1
        08-02 10:00    A40 merge H1 mrn=TMP1 mrg=MRM1
        08-04 12:00    A03 discharge V1 home mrn=TMP1
    """)
    assert found.stays("08-05 10:00") == [ONE]


@pytest.mark.parametrize("trigger", ["A18", "A30", "A34", "A36", "A39", "A43", "A46", "A47"])
def test_older_and_rarer_merges_do_the_same(trigger: str) -> None:
    found = told(f"""
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-02 09:00    {trigger} merge H1 mrn=MRM1 mrg=TMP1
        08-04 12:00    A03 discharge V1 home mrn=TMP1
    """)
    assert found.stays("08-05 10:00") == [ONE]


def test_a_merge_of_two_members_joins_nothing_and_is_flagged() -> None:
    """R-61: a merge inside a facility never merges two plan members by itself."""
    found = told("""
        08-01 10:00    A01 admit V1 H1
        08-01 11:00    A01 admit V2 H1 M2
        08-02 09:00    A40 merge H1 mrn=MRM1 mrg=MRM2
    """, members=["M1", "M2"])  # fmt: skip
    assert found.stays("08-03 10:00") == ["inpatient H1 active 08-01 10:00 > -"]
    assert found.stays("08-03 10:00", "M2") == ["inpatient H1 active 08-01 11:00 > -"]
    shown = found.json(moment("08-03 10:00"))
    assert shown["M1"]["flags"] == shown["M2"]["flags"] == ["merge_conflict"]


def test_an_unlink_splits_what_a_merge_joined_and_outlives_the_next_message() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-01 11:00    A01 admit V2 H2
        08-02 09:00    A40 merge H1 mrn=MRM1 mrg=TMP1
        08-03 09:00    unlink F1|H1|TMP1 M1
        08-04 12:00    A03 discharge V1 home mrn=TMP1
    """)
    assert len(found.stays("08-02 10:00")) == 2
    assert found.stays("08-05 10:00") == ["inpatient H2 active 08-01 11:00 > -"]


def test_a_person_may_link_what_no_message_did() -> None:
    found = play("""
        when           event                               then
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-02 09:00    link F1|H1|TMP1 M1                  + notify due 08-03 09:00
        08-02 10:00    unlink F1|H1|TMP1 M1                - notify
        08-02 11:00    link F1|H1|TMP1 M1                  + notify due 08-03 11:00
    """)
    assert len(found.stays("08-02 12:00")) == 1


def test_a24_links_and_a37_unlinks() -> None:
    found = play("""
        when           event                                       then
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-02 09:00    A24 link H1 mrn=MRM1 other=TMP1             + notify due 08-03 09:00
        08-02 10:00    A37 unlink H1 mrn=MRM1 other=TMP1           - notify
    """)
    assert found.stays("08-02 12:00") == []


def test_a37_does_not_undo_a_merge() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-02 09:00    A40 merge H1 mrn=MRM1 mrg=TMP1
        08-02 10:00    A37 unlink H1 mrn=MRM1 other=TMP1
    """)
    assert len(found.stays("08-02 12:00")) == 1


@pytest.mark.parametrize("trigger", ["A42", "A50"])
def test_a_renamed_visit_is_one_stay(trigger: str) -> None:
    found = told(f"""
        08-01 10:00    A01 admit V1 H1
        08-02 09:00    {trigger} rename V2 H1 old=V1
        08-04 12:00    A03 discharge V2 home adm=08-01T10:00
    """)
    assert found.stays("08-05 10:00") == [ONE]


def test_merged_visits_raise_one_notice() -> None:
    found = play("""
        when           event                               then
        08-01 10:00    A01 admit V1 H1                     + notify due 08-02 10:00
        08-01 11:00    A01 admit V2 H1 at=08-01T10:30      + notify due 08-02 11:00
        08-01 12:00    A42 merge visits V1 H1 old=V2       - notify
    """)
    assert len(found.stays("08-01 13:00")) == 1


def test_a45_moves_a_visit_to_the_right_patient() -> None:
    found = play("""
        when           event                                                      then
        08-01 10:00    A01 admit V1 H1                                            + notify due 08-02 10:00
        08-01 15:00    A45 move V1 H1 M2 mrg=MRM1                                 - notify; + notify due 08-02 15:00
        08-04 12:00    A03 discharge V1 home mrn=MRM2 M2                          + notify due 08-05 12:00
    """, "notify", members=["M1", "M2"])  # fmt: skip
    assert found.stays("08-05 10:00") == []
    assert found.stays("08-05 10:00", "M2") == [ONE]


def test_a44_moves_an_account_to_the_right_patient() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1 pid18=A1^^^H1^AN
        08-01 15:00    A44 move V1 H1 M2 mrg=MRM1 oldacc=A1 pid18=A1^^^H1^AN no-number
        08-04 12:00    A03 discharge V1 home M2 pid18=A1^^^H1^AN
    """, members=["M1", "M2"])  # fmt: skip
    assert found.stays("08-05 10:00") == []
    assert found.stays("08-05 10:00", "M2") == [ONE]


def test_a_visit_moved_back_returns() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1
        08-01 15:00    A45 move V1 H1 M2 mrg=MRM1
        08-01 16:00    A45 move V1 H1 M1 mrg=MRM2
    """, members=["M1", "M2"])  # fmt: skip
    assert found.stays("08-02 10:00") == ["inpatient H1 active 08-01 10:00 > -"]
    assert found.stays("08-02 10:00", "M2") == []


def test_a17_swaps_beds_and_raises_nothing() -> None:
    found = play("""
        when           event                               then
        08-01 10:00    A01 admit V1 H1                     + notify due 08-02 10:00
        08-01 12:00    A17 swap V1 H1
    """)
    assert found.stays("08-01 13:00") == ["inpatient H1 active 08-01 10:00 > -"]


def test_a29_deletes_no_history() -> None:
    found = told("08-01 10:00    A01 admit V1 H1\n08-01 12:00    A29 delete person H1")
    assert found.stays("08-01 13:00") == ["inpatient H1 active 08-01 10:00 > -"]


def test_a_twin_with_the_same_identifier_is_somebody_else() -> None:
    found = told("08-01 10:00    A01 admit V1 H1 mrn=OTHER pid5=RIVERA^ZOE")
    assert found.stays("08-01 13:00") == []


def test_the_duplicate_record_of_two_feeds_is_merged_in_one_of_them() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1 mrn=TMP1
        08-01 10:30    A01 admit V1 H1 feed=F2 at=08-01T10:00
        08-02 09:00    A40 merge H1 mrn=MRM1 mrg=TMP1
        08-04 12:00    A03 discharge V1 home mrn=MRM1
    """)
    assert found.stays("08-05 10:00") == [ONE]
    assert len(found.live("08-01 12:00", "notify")) == 1
    assert len(found.live("08-02 12:00", "notify")) == 1
