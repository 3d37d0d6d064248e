"""Who a message means, by what it says of its patient (interop §4.2, §4.3; contract, "Identity")."""

import pytest

from tests.timeline import play, told

HERE = "inpatient H1 active 08-01 10:00 > -"
ENDED = "inpatient H1 finished 08-01 10:00 > 08-04 12:00"
TWO = ["M1", "M2"]
BARE = "pid5= pid7="


def cin(number: str, mrn: str = "MRX") -> str:
    return f"mrn={mrn} pid3={mrn}^^^H1^MR~{number}^^^DHCS^MC"


def test_a_patient_identified_later_brings_everything_and_its_clock() -> None:
    found = play("""
        when           event                                     then
        08-01 10:00    A01 admit V1 H1 no-cin
        08-01 16:00    A08 update V1 H1                          + notify due 08-02 16:00
        08-04 12:00    A03 discharge V1 home no-cin              + notify due 08-05 12:00
            + contact7 due 08-11 23:59; + visit7 due 08-11 23:59
    """)
    assert found.stays("08-01 15:00") == []
    assert found.stays("08-05 10:00") == [ENDED]


def test_married_on_a_known_number() -> None:
    """Where both birth dates are known they decide: another surname is no contradiction."""
    found = told("""
        08-01 10:00    A01 admit V1 H1
        08-04 12:00    A03 discharge V1 home pid5=RIVERA-NGUYEN^ANA
    """)
    assert found.stays("08-05 10:00") == [ENDED]
    found = told("08-01 10:00    A01 admit V1 H1 pid5=NGUYEN^ANA")
    assert found.stays("08-05 10:00") == [HERE]


def test_a_surname_alone_that_differs_speaks_against_a_match() -> None:
    assert told("08-01 10:00    A01 admit V1 H1 pid5=NGUYEN^ANA pid7=").stays("08-02 10:00") == []


def test_the_roster_learns_the_new_name() -> None:
    found = told("""
        08-01 10:00    A01 admit V1 H1 pid5=NGUYEN^ANA pid7=
        08-03 08:00    roster M1 last_name=Nguyen
        08-04 12:00    A03 discharge V1 home pid5=RIVERA^ANA pid7=
    """)
    assert found.stays("08-02 10:00") == []
    assert found.stays("08-05 10:00") == [ENDED], "the earlier name still is theirs"


def test_a_mistyped_birth_date_parks_its_message_for_review_until_a_person_links() -> None:
    found = play("""
        when           event                                     then
        08-01 10:00    A01 admit V1 H1                           + notify due 08-02 10:00
        08-04 12:00    A03 discharge V1 home pid7=19800215
        08-05 09:00    link F1|H1|MRM1 M1                        + notify due 08-06 09:00
            + contact7 due 08-11 23:59; + visit7 due 08-11 23:59
    """)
    assert found.stays("08-04 13:00") == [HERE]
    assert found.reviews("08-04 13:00") == {"H1|MRM1": ("second_factor_differs",)}
    assert found.reviews("08-05 10:00") == {}
    assert found.stays("08-05 10:00") == [ENDED]


def test_a_mistyped_birth_date_corrected_by_the_roster() -> None:
    found = play("""
        when           event                                     then
        07-01 08:00    roster M1 birth_date=1980-04-12
        08-01 10:00    A01 admit V1 H1
        08-02 08:00    roster M1 birth_date=1980-02-14           + notify due 08-03 08:00
    """, members=[])  # fmt: skip
    assert found.stays("08-01 12:00") == []
    assert found.stays("08-02 12:00") == [HERE]


def test_twins_with_one_birth_date_keep_apart() -> None:
    """The desk writes the sister's number: surname and birth date agree, the given name does not (§4.3)."""
    story = """
        07-01 08:00    roster M1 cin=90000001A last_name=Rivera first_name=Ana birth_date=1980-02-14
        07-01 09:00    roster M2 cin=90000002A last_name=Rivera first_name=Zoe birth_date=1980-02-14
    """
    found = told(story + f"08-01 10:00    A01 admit V1 H1 {cin('90000001A')} pid5=RIVERA^ZOE", members=[])
    assert [found.stays("08-02 10:00", m) for m in TWO] == [[], []]
    assert found.reviews("08-02 10:00") == {"H1|MRX": ("second_factor_differs",)}
    found = told(story + f"08-01 10:00    A01 admit V1 H1 {cin('90000002A')} pid5=RIVERA^ZOE", members=[])
    assert [found.stays("08-02 10:00", m) for m in TWO] == [[], [HERE]]


def test_twins_merged_by_the_desk_are_a_conflict() -> None:
    found = told(f"""
        07-01 08:00    roster M1 cin=90000001A last_name=Rivera first_name=Ana birth_date=1980-02-14
        07-01 09:00    roster M2 cin=90000002A last_name=Rivera first_name=Zoe birth_date=1980-02-14
        08-01 10:00    A01 admit V1 H1 {cin("90000001A", "MRA")} pid5=RIVERA^ANA
        08-01 10:00    A01 admit V2 H1 {cin("90000002A", "MRZ")} pid5=RIVERA^ZOE pid7=19800214
        08-02 10:00    A40 merge H1 {cin("90000001A", "MRA")} pid5=RIVERA^ANA mrg=MRZ
    """, members=[])  # fmt: skip
    assert [found.stays("08-03 10:00", m) for m in TWO] == [[HERE], [HERE]]
    assert found.flags("08-03 10:00") == found.flags("08-03 10:00", "M2") == ["merge_conflict"]


@pytest.mark.parametrize("name", ["RIVERA^BABY_GIRL", "BABY^GIRL", "RIVERA^", "RIVERA^ANA"])
def test_a_newborn_under_the_mothers_number_is_not_the_mother(name: str) -> None:
    found = told(f"""
        08-01 10:00    A01 admit V1 H1
        08-02 03:00    A01 birth V2 H1 {cin("90000001A", "MRBABY")} pid5={name} pid7=20250802 pv4=N dx=P071
    """)
    assert found.stays("08-03 10:00") == [HERE]


def test_a_nameless_newborn_without_birth_date_is_not_the_mother() -> None:
    """A newborn's placeholder name is no absent second factor: it says that this is somebody else (§4.3)."""
    found = told(f"""
        08-01 10:00    A01 admit V1 H1
        08-02 03:00    A01 birth V2 H1 {cin("90000001A", "MRBABY")} pid5=RIVERA^BABY_GIRL pid7= pv4=N dx=P071
    """)
    assert found.stays("08-03 10:00") == [HERE]


def test_a_newborn_enrolled_later_takes_its_own_stay() -> None:
    found = play(f"""
        when           event                                     then
        08-01 10:00    A01 admit V1 H1                           + notify due 08-02 10:00
        08-02 03:00    A01 birth V2 H1 {cin("90000001A", "MRBABY")} pid5=BABY^GIRL pid7=20250802 pv4=N dx=P071
        08-20 08:00    roster M2 birth_date=2025-08-02 last_name=Rivera first_name=Luz
        08-20 09:00    A08 update V2 H1 {cin("90000002A", "MRBABY")} pid5=RIVERA^LUZ pid7=20250802 pv4=N dx=P071
            + notify due 08-21 09:00
    """, "notify")  # fmt: skip
    assert found.stays("08-21 10:00") == [HERE]
    assert found.stays("08-21 10:00", "M2") == ["inpatient H1 active 08-02 03:00 > -"]


@pytest.mark.parametrize(("born", "stays"), [("19800214", [HERE]), ("", []), ("19800215", [])])
def test_a_plan_member_number_alone_needs_a_birth_date_that_agrees(born: str, stays: list[str]) -> None:
    """It is not unique among payers (interop §4.2, 2d)."""
    found = told(f"08-01 10:00    A01 admit V1 H1 mrn=MRX pid3=MRX^^^H1^MR in36=M1 pid7={born}")
    assert found.stays("08-02 10:00") == stays


def test_a_plan_member_number_whose_birth_date_comes_later() -> None:
    found = play("""
        when           event                                                        then
        08-01 10:00    A01 admit V1 H1 mrn=MRX pid3=MRX^^^H1^MR in36=M1 pid7=
        08-01 15:00    A08 update V1 H1 mrn=MRX pid3=MRX^^^H1^MR in36=M1            + notify due 08-02 15:00
    """)
    assert found.stays("08-02 10:00") == [HERE]


def test_a_cin_and_anothers_plan_member_number_point_at_two() -> None:
    found = told(f"08-01 10:00    A01 admit V1 H1 {cin('90000001A')} in36=M2 {BARE}", members=TWO)
    assert [found.stays("08-02 10:00", m) for m in TWO] in ([[HERE], []], [[], []])
    assert "identifier_conflict" in found.reviews("08-02 10:00").get("H1|MRX", ())


def test_two_members_with_one_cin_match_nobody_by_it() -> None:
    """One id pointing at two members: no automatic match (interop §4.2, 2)."""
    found = play(f"""
        when           event                                     then
        07-01 09:00    roster M2 cin=90000001A
        08-01 10:00    A01 admit V1 H1 {cin("90000001A")} {BARE}
        08-02 09:00    link F1|H1|MRX M2                         + notify due 08-03 09:00
    """)
    assert found.reviews("08-01 12:00") == {"H1|MRX": ("identifier_conflict",)}
    assert [found.stays("08-01 12:00", m) for m in TWO] == [[], []]
    assert [found.stays("08-02 12:00", m) for m in TWO] == [[], [HERE]]


def test_a_second_member_with_the_cin_ends_the_link() -> None:
    found = play(f"""
        when           event                                     then
        08-01 10:00    A01 admit V1 H1 {cin("90000001A")} {BARE}        + notify due 08-02 10:00
        08-01 15:00    roster M2 cin=90000001A                   - notify
    """)
    assert [found.stays("08-01 12:00", m) for m in ["M1"]] == [[HERE]]
    assert [found.stays("08-01 16:00", m) for m in TWO] == [[], []]


def test_a_wrong_cin_in_the_roster_corrected_later_finds_its_member() -> None:
    found = play("""
        when           event                                     then
        07-01 08:00    roster M1 cin=99999991A
        08-01 10:00    A01 admit V1 H1
        08-02 08:00    roster M1 cin=90000001A                   + notify due 08-03 08:00
    """, members=[])  # fmt: skip
    assert found.stays("08-01 12:00") == []
    assert found.stays("08-02 12:00") == [HERE]


def test_a_wrong_cin_in_the_roster_corrected_later_lets_go_of_strangers() -> None:
    """A row restates the whole (contract, `roster`): the number it takes back no longer names the member."""
    found = play(f"""
        when           event                                     then
        07-01 08:00    roster M1 cin=99999991A
        08-01 10:00    A01 admit V1 H1 {cin("99999991A")} {BARE}        + notify due 08-02 10:00
        08-01 15:00    roster M1 cin=90000001A                   - notify
    """, members=[])  # fmt: skip
    assert found.stays("08-01 12:00") == [HERE]
    assert found.stays("08-01 16:00") == []


def test_a_cin_mistakenly_given_to_two_and_corrected_names_the_one_who_has_it() -> None:
    found = play(f"""
        when           event                                     then
        07-01 08:00    roster M1 cin=90000002A
        07-01 09:00    roster M2 cin=90000002A
        07-02 09:00    roster M1 cin=90000001A
        08-01 10:00    A01 admit V1 H1 {cin("90000002A")} {BARE}        + notify due 08-02 10:00
    """, members=[])  # fmt: skip
    assert [found.stays("08-02 10:00", m) for m in TWO] == [[], [HERE]]


def test_a_member_with_a_new_cin_is_met_by_either_while_nobody_else_has_it() -> None:
    found = told(f"""
        07-01 08:00    roster M1 cin=98888881A
        08-01 10:00    A01 admit V1 H1 {cin("90000001A")}
        08-04 12:00    A03 discharge V1 home {cin("98888881A")}
    """)
    assert found.stays("08-05 10:00") == [ENDED]


def test_a_cin_issued_again_follows_its_new_holder() -> None:
    found = told(f"""
        07-01 08:00    roster M1 cin=98888881A
        07-02 08:00    roster M2 cin=90000001A
        08-01 10:00    A01 admit V1 H1 {cin("90000001A", "MRX")} {BARE}
    """)
    assert [found.stays("08-02 10:00", m) for m in TWO] == [[], [HERE]]


def test_a_record_number_used_for_somebody_else_splits_by_message() -> None:
    found = told("""
        02-01 10:00    A01 admit V1 H1 mrn=MR7
        02-03 10:00    A03 discharge V1 home mrn=MR7
        08-01 10:00    A01 admit V2 H1 M2 mrn=MR7
        08-04 12:00    A03 discharge V2 M2 home mrn=MR7
    """, members=TWO)  # fmt: skip
    assert found.stays("08-05 10:00") == ["inpatient H1 finished 02-01 10:00 > 02-03 10:00"]
    assert found.stays("08-05 10:00", "M2") == [ENDED]
    assert found.reviews("08-05 10:00") == {"H1|MR7": ("identifier_conflict",)}
