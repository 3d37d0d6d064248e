"""What each trigger does to a stay, and how messy feeds are read (interop §2; care-rules §0.5, §6.1)."""

import itertools

import pytest

from tests.timeline import Scribe, Told, moment, play, told


def flags(found, when: str, place: int = 0) -> list[str]:
    return found.json(moment(when))["M1"]["stays"][place]["flags"]


# -- R-66 to R-69 -----------------------------------------------------------------------------------------------------


def test_r66_an_update_with_a_discharge_time_ends_a_stay_that_nobody_discharged() -> None:
    found = play("""
        when           event                                   then
        03-03 10:00    A01 admit V1 H1
        03-06 12:00    A08 update V1 dis=03-06T10:00 home      + contact7 due 03-13 23:59
        03-06 15:00    A03 discharge V1 home dis=03-06T10:10 evn6=03-06T10:10
    """, "contact7")  # fmt: skip
    assert found.stays("03-06 16:00") == ["inpatient H1 finished 03-03 10:00 > 03-06 10:10"]


@pytest.mark.parametrize("empty", ["dis=none", 'dis=""'])
def test_r66_an_update_without_the_discharge_time_reopens_nothing(empty: str) -> None:
    found = told(f"""
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home
        03-07 10:00    A08 update V1 {empty}
    """)
    assert found.stays("03-08 16:00") == ["inpatient H1 finished 03-03 10:00 > 03-06 10:00"]


def test_r67_a_discharge_without_its_time_happened_when_the_message_says() -> None:
    found = told("03-03 10:00    A01 admit V1 H1\n03-06 10:00    A03 discharge V1 home dis=none at=03-06T09:30")
    assert found.stays("03-08 16:00") == ["inpatient H1 finished 03-03 10:00 > 03-06 09:30"]
    assert "discharge_time_derived" in flags(found, "03-08 16:00")


def test_r67_still_a_patient_is_no_discharge() -> None:
    found = told("03-03 10:00    A01 admit V1 H1\n03-06 10:00    A03 discharge V1 still")
    assert found.stays("03-08 16:00") == ["inpatient H1 active 03-03 10:00 > -"]


@pytest.mark.parametrize("event", ["A02 transfer", "A08 update"])
def test_r68_a_visit_nobody_admitted_begins_with_the_first_word_of_it(event: str) -> None:
    found = play(f"""
        when           event                                then
        03-04 10:00    {event} V1 H1 adm=03-03T10:00        + notify due 03-05 10:00
        03-04 12:00    A01 admit V1 H1 at=03-03T10:00
    """)
    assert found.stays("03-05 09:00") == ["inpatient H1 active 03-03 10:00 > -"]


def test_r69_the_late_admission_fills_what_the_discharge_left_open() -> None:
    found = play("""
        when           event                                          then
        03-06 10:00    A03 discharge V1 H1 home adm=none              + notify due 03-07 10:00
        03-07 12:00    A01 admit V1 H1 at=03-03T10:00
    """, "notify")  # fmt: skip
    assert found.stays("03-08 09:00") == ["inpatient H1 finished 03-03 10:00 > 03-06 10:00"]


# -- visit numbers ----------------------------------------------------------------------------------------------------


def test_r70_a_visit_number_is_used_again_after_a_day() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home
        03-20 10:00    A01 admit V1 H1
        03-22 10:00    A03 discharge V1 home
    """)
    assert found.stays("03-23 09:00") == [
        "inpatient H1 finished 03-03 10:00 > 03-06 10:00",
        "inpatient H1 finished 03-20 10:00 > 03-22 10:00",
    ]
    assert found.tasks("03-23 09:00", "contact7") == ["contact7 missed 03-13 23:59", "contact7 open 03-29 23:59"]


def test_r70_a_discharge_of_the_second_use_without_admit_time_belongs_to_it() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home no-adm
        03-20 10:00    A01 admit V1 H1
        03-22 10:00    A03 discharge V1 home no-adm
        03-22 12:00    A13 cancel discharge V1 no-adm
    """)
    assert found.stays("03-23 09:00") == [
        "inpatient H1 finished 03-03 10:00 > 03-06 10:00",
        "inpatient H1 active 03-20 10:00 > -",
    ]


def test_one_number_at_two_facilities_means_two_stays() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1 pv19=V1
        03-03 12:00    A01 admit V1 H2 pv19=V1
    """)
    assert len(found.stays("03-04 09:00")) == 2


def test_a_feed_without_visit_numbers_is_understood_by_times() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1 no-number
        03-06 10:00    A03 discharge V1 home no-number
        03-08 10:00    A01 admit V1 H1 no-number
        03-10 10:00    A03 discharge V1 home no-number
    """)
    assert found.stays("03-11 09:00") == [
        "inpatient H1 finished 03-03 10:00 > 03-06 10:00",
        "inpatient H1 finished 03-08 10:00 > 03-10 10:00",
    ]


def test_a_feed_without_numbers_and_admit_times_ends_the_running_stay() -> None:
    found = told("03-03 10:00    A01 admit V1 H1 no-number\n03-06 10:00    A03 discharge V1 home no-number no-adm")
    assert found.stays("03-07 09:00") == ["inpatient H1 finished 03-03 10:00 > 03-06 10:00"]


def test_the_account_number_stands_in_for_the_visit_number() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1 no-number pid18=A1^^^H1^AN
        03-06 10:00    A03 discharge V1 home no-number no-adm pid18=A1^^^H1^AN
    """)
    assert found.stays("03-07 09:00") == ["inpatient H1 finished 03-03 10:00 > 03-06 10:00"]


# -- two exchanges ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("other", "count"), [("03-03T14:00", 1), ("03-03T06:00", 1), ("03-03T14:01", 2)])
def test_r80_two_feeds_that_disagree_by_four_hours_speak_of_one_stay(other: str, count: int) -> None:
    found = told(f"03-03 15:00    A01 admit V1 H1 at=03-03T10:00\n03-03 15:30    A01 admit W1 H1 feed=F2 at={other}")
    assert len(found.stays("03-04 09:00")) == count


def test_one_feed_with_two_numbers_means_two_stays() -> None:
    found = told("03-03 10:00    A01 admit V1 H1\n03-03 11:00    A03 discharge V1 home\n03-03 12:00    A01 admit V2 H1")
    assert len(found.stays("03-04 09:00")) == 2


def test_a_second_feed_that_knows_only_the_discharge_ends_the_stay() -> None:
    found = told("03-03 10:00    A01 admit V1 H1\n03-06 10:00    A03 discharge W9 H1 feed=F2 home no-adm")
    assert found.stays("03-07 09:00") == ["inpatient H1 finished 03-03 10:00 > 03-06 10:00"]


def test_a_cancel_told_by_the_other_feed_counts() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1
        03-03 10:05    A01 admit H1 feed=F2 no-number adm=03-03T10:00
        03-06 10:00    A03 discharge V1 home
        03-06 12:00    A13 cancel discharge H1 feed=F2 no-number adm=03-03T10:00
    """)
    assert found.stays("03-07 09:00") == ["inpatient H1 active 03-03 10:00 > -"]


def test_r82_two_feeds_that_differ_on_the_destination_are_flagged() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1
        03-03 10:05    A01 admit W1 H1 feed=F2 adm=03-03T10:00
        03-06 10:00    A03 discharge V1 home
        03-06 10:30    A03 discharge W1 H1 feed=F2 snf at=03-06T10:00
    """)
    assert "disposition_conflict" in flags(found, "03-07 09:00")


# -- classes ----------------------------------------------------------------------------------------------------------


def test_r83_an_emergency_visit_and_an_admission_with_another_number_are_one_stay() -> None:
    found = told("""
        10-01 20:05    A04 register V1 H1 class=E at=10-01T20:00
        10-01 23:00    A03 discharge V1 09
        10-01 23:50    A01 admit V2 H1 class=I
    """)
    assert found.stays("10-02 08:00") == ["inpatient H1 active 10-01 23:50 > -"]


def test_a_second_a01_on_the_emergency_number_is_the_admission() -> None:
    found = play("""
        when           event                                              then
        10-01 20:05    A04 register V1 H1 class=E at=10-01T20:00
        10-01 23:50    A01 admit V1 H1 class=I                            + notify due 10-02 23:50
        10-02 01:00    A11 cancel V1 H1 class=I                           - notify
    """)
    assert found.stays("10-02 08:00") == ["emergency H1 active 10-01 20:00 > -"]


def test_a11_cancels_a_registration() -> None:
    found = told("10-01 20:05    A04 register V1 H1 class=E\n10-01 20:15    A11 cancel V1 H1 class=E")
    assert found.stays("10-02 08:00") == []


def test_a02_with_another_class_is_an_admission() -> None:
    found = play("""
        when           event                                              then
        10-01 20:00    A04 register V1 H1 class=E
        10-01 23:50    A02 transfer V1 H1 class=I                         + notify due 10-02 23:50
        10-02 01:00    A12 cancel transfer V1 H1 class=E                  - notify
    """)
    assert found.stays("10-02 08:00") == ["emergency H1 active 10-01 20:00 > -"]


def test_a07_with_a_new_number_takes_the_admission_back() -> None:
    found = play("""
        when           event                                              then
        05-01 10:00    A01 admit V1 H1                                    + notify due 05-02 10:00
        05-02 09:00    A07 to-outpatient V2 H1 class=OBS old=V1 adm=05-01T10:00   - notify
        05-02 20:00    A03 discharge V2 home
    """)
    assert found.stays("05-03 12:00") == ["observation H1 finished 05-01 10:00 > 05-02 20:00"]


def test_a07_then_a06_is_an_admission_again() -> None:
    found = play("""
        when           event                                              then
        05-01 10:00    A01 admit V1 H1                                    + notify due 05-02 10:00
        05-01 15:00    A07 to-outpatient V1 H1 class=OBS                  - notify
        05-02 09:00    A06 to-inpatient V1 H1 class=I                     + notify due 05-03 09:00
    """)
    assert found.stays("05-03 12:00") == ["inpatient H1 active 05-02 09:00 > -"]


def test_an_update_may_correct_the_class_to_inpatient() -> None:
    found = play("""
        when           event                                              then
        05-01 10:00    A01 admit V1 H1 class=OBS
        05-01 15:00    A08 update V1 H1 class=I adm=05-01T10:00           + notify due 05-02 15:00
    """)
    assert found.stays("05-03 12:00") == ["inpatient H1 active 05-01 10:00 > -"]


def test_an_update_with_a_corrected_admit_time_moves_the_stay_and_no_task() -> None:
    found = play("""
        when           event                                              then
        05-01 10:00    A01 admit V1 H1                                    + notify due 05-02 10:00
        05-01 15:00    A08 update V1 H1 adm=05-01T08:00
    """)
    assert found.stays("05-03 12:00") == ["inpatient H1 active 05-01 08:00 > -"]


# -- cancels ----------------------------------------------------------------------------------------------------------


def test_after_a_cancelled_admission_an_update_revives_nothing_and_a_discharge_does() -> None:
    found = told("""
        05-01 10:00    A01 admit V1 H1
        05-01 11:00    A11 cancel V1 H1
        05-01 12:00    A08 update V1 H1
        05-03 12:00    A03 discharge V1 H1 home
    """)
    assert found.stays("05-02 12:00") == []
    assert found.stays("05-03 13:00") == ["inpatient H1 finished 05-01 10:00 > 05-03 12:00"]


def test_a13_may_arrive_before_the_discharge_it_cancels() -> None:
    found = play("""
        when           event                                              then
        03-03 10:00    A01 admit V1 H1
        03-06 12:00    A13 cancel discharge V1 dis=03-06T10:00
        03-06 12:30    A03 discharge V1 home at=03-06T10:00
    """, "contact7")  # fmt: skip
    assert found.stays("03-07 12:00") == ["inpatient H1 active 03-03 10:00 > -"]


def test_a_discharge_entered_again_at_the_same_time_counts() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home
        03-06 12:00    A13 cancel discharge V1
        03-06 14:00    A03 discharge V1 home dis=03-06T10:00 evn6=03-06T10:00
    """)
    assert found.stays("03-07 12:00") == ["inpatient H1 finished 03-03 10:00 > 03-06 10:00"]


def test_a23_voids_the_stay_and_lists_its_tasks_as_cancelled() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home
        03-07 10:00    A23 delete V1 H1
        03-08 10:00    A08 update V1 H1
    """)
    assert found.stays("03-09 10:00") == []
    assert found.tasks("03-09 10:00", "contact7 notify") == [
        "contact7 cancelled 03-13 23:59", "notify cancelled 03-04 10:00", "notify cancelled 03-07 10:00",
    ]  # fmt: skip


def test_a38_takes_the_plan_back() -> None:
    found = play("""
        when           event                                   then
        04-28 09:00    A05 plan V1 H1 exp=05-06T07:00          + notify due 04-29 09:00
        04-28 15:00    A38 cancel plan V1 H1                   - notify
        05-06 07:30    A01 admit V1 H1                         + notify due 05-07 07:30
    """)
    assert found.stays("05-07 09:00") == ["inpatient H1 active 05-06 07:30 > -"]


def test_a_planned_admission_that_moves_keeps_its_notice() -> None:
    play("""
        when           event                                   then
        04-28 09:00    A05 plan V1 H1 exp=05-06T07:00          + notify due 04-29 09:00
        04-28 15:00    A05 plan V1 H1 exp=05-08T07:00
    """)


# -- leave ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("then", "status"), [("", "on_leave"), ("A22 return X1 N1", "active"), ("A52 cancel X1 N1", "active")]
)
def test_leave_holds_the_bed(then: str, status: str) -> None:
    found = told(
        "01-10 12:00    A01 admit X1 N1\n02-03 12:00    A21 leave X1 N1\n" + (f"02-04 12:00    {then}" if then else "")
    )
    assert found.stays("02-05 12:00") == [f"snf N1 {status} 01-10 12:00 > -"]


def test_a53_takes_the_return_back() -> None:
    found = told("""
        01-10 12:00    A01 admit X1 N1
        02-03 12:00    A21 leave X1 N1
        02-04 12:00    A22 return X1 N1
        02-04 13:00    A53 cancel X1 N1
    """)
    assert found.stays("02-05 12:00") == ["snf N1 on_leave 01-10 12:00 > -"]


def test_a_discharge_from_leave_ends_the_stay() -> None:
    found = told(
        "01-10 12:00    A01 admit X1 N1\n02-03 12:00    A21 leave X1 N1\n02-04 12:00    A03 discharge X1 N1 home"
    )
    assert found.stays("02-05 12:00") == ["snf N1 finished 01-10 12:00 > 02-04 12:00"]
    assert found.tasks("02-05 12:00", "contact7") == ["contact7 open 02-11 23:59"]


# -- hanging visits ---------------------------------------------------------------------------------------------------


def test_r74_a_hanging_visit_is_taken_for_closed_only_where_the_profile_says_so() -> None:
    for feed, status in (("F48", "closed_inferred"), ("F1", "active")):
        found = told(f"03-03 10:00    A04 register V1 H1 class=E feed={feed}")
        assert found.stays("03-05 09:59") == ["emergency H1 active 03-03 10:00 > -"]
        end = "03-05 10:00" if feed == "F48" else "-"
        assert found.stays("03-05 10:00") == [f"emergency H1 {status} 03-03 10:00 > {end}"]


def test_r74_an_inferred_close_starts_no_clock_and_a_late_discharge_takes_its_place() -> None:
    found = play("""
        when           event                                       then
        03-03 10:00    A01 admit V1 H1 feed=F48
        03-06 10:00    wait
        03-07 10:00    A03 discharge V1 feed=F48 home              + contact7 due 03-14 23:59
    """, "contact7")  # fmt: skip
    assert found.stays("03-06 10:00") == ["inpatient H1 closed_inferred 03-03 10:00 > 03-05 10:00"]
    assert found.stays("03-07 10:00") == ["inpatient H1 finished 03-03 10:00 > 03-07 10:00"]


# -- time -------------------------------------------------------------------------------------------------------------


def test_dates_without_times_stay_dates() -> None:
    found = told("03-04 10:00    A01 admit V1 H1 adm=20250303\n03-07 10:00    A03 discharge V1 home dis=20250306")
    (stay,) = found.json(moment("03-08 10:00"))["M1"]["stays"]
    assert (stay["admitted_at"], stay["discharged_at"]) == ("2025-03-03T00:00:00-08:00", "2025-03-06T23:59:59-08:00")
    assert (stay["admitted_precision"], stay["discharged_precision"]) == ("day", "day")
    assert found.tasks("03-08 10:00", "contact7") == ["contact7 open 03-13 23:59"]


def test_a_discharge_known_by_date_today_is_a_discharge_now() -> None:
    """Date-only today stands for 23:59:59, which lies ahead of the receipt: it is no future time to be clamped."""
    found = told("03-04 10:00    A01 admit V1 H1\n03-06 11:00    A03 discharge V1 home dis=20250306 at=03-06T10:55")
    assert found.stays("03-06 12:00") == ["inpatient H1 finished 03-04 10:00 > 03-06 23:59"]
    assert found.tasks("03-06 12:00", "contact7") == ["contact7 open 03-13 23:59"]
    assert "future_time" not in flags(found, "03-06 12:00")


@pytest.mark.parametrize("filler", ["19000101000000", "20991231", "00000000", "19010101"])
def test_placeholder_times_say_nothing(filler: str) -> None:
    found = told(f"03-04 10:00    A01 admit V1 H1\n03-05 10:00    A08 update V1 H1 dis={filler}")
    assert found.stays("03-06 12:00") == ["inpatient H1 active 03-04 10:00 > -"]


def test_an_hour_that_the_clock_change_skips_moves_forward() -> None:
    found = told("03-09 10:00    A01 admit V1 H1 adm=20250309023000")
    (stay,) = found.json(moment("03-09 12:00"))["M1"]["stays"]
    assert stay["admitted_at"] == "2025-03-09T03:30:00-07:00"
    assert "tz_gap" in stay["flags"]


def test_the_facility_zone_reads_the_wall_clock() -> None:
    found = told(
        "03-01 08:00    facility H9 acute zone=America/New_York\n"
        "03-04 10:00    A01 admit V1 H1 pv3=M^1^A^H9 pv39=H9 adm=20250304120000"
    )
    (stay,) = found.json(moment("03-04 12:00"))["M1"]["stays"]
    assert stay["admitted_at"] == "2025-03-04T09:00:00-08:00"


def test_a_written_offset_wins() -> None:
    found = told("03-04 10:00    A01 admit V1 H1 adm=20250304120000-0500")
    assert found.stays("03-04 12:00") == ["inpatient H1 active 03-04 09:00 > -"]


def test_a_discharge_dated_ahead_starts_its_clocks_at_receipt() -> None:
    """Interop R-65: more than 15 minutes in the future is clamped for clocks, the original kept and flagged."""
    found = told(
        "03-04 10:00    A01 admit V1 H1\n03-06 10:00    A03 discharge V1 home dis=03-08T10:00 evn6=03-06T10:00"
    )
    assert found.tasks("03-06 12:00", "contact7") == ["contact7 open 03-13 23:59"]
    assert "future_time" in flags(found, "03-06 12:00")
    assert found.stays("03-06 12:00") == ["inpatient H1 finished 03-04 10:00 > 03-08 10:00"]


def test_relays_restamp_the_message_time_and_nothing_changes() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home
        03-06 12:00    A13 cancel discharge V1
        03-07 09:00    A03 discharge V1 home at=03-06T10:00 id=RELAYED
    """)
    assert found.stays("03-08 09:00") == ["inpatient H1 active 03-03 10:00 > -"]


def test_tests_and_training_stay_outside() -> None:
    found = told(
        "03-03 10:00    A60 allergy V1 H1\n03-03 11:00    A09 tracking V1 H1\n03-03 11:00    A15 pending V1 H1"
    )
    assert found.stays("03-04 10:00") == []


def test_pending_admissions_are_plans_and_pending_discharges_are_none() -> None:
    found = play("""
        when           event                                   then
        04-28 09:00    A14 plan V1 H1 exp=05-06T07:00          + notify due 04-29 09:00
        04-29 09:00    A27 cancel plan V1 H1                   - notify
        05-01 09:00    A01 admit V1 H1                         + notify due 05-02 09:00
        05-02 09:00    A16 pending discharge V1 H1
    """)
    assert found.stays("05-03 09:00") == ["inpatient H1 active 05-01 09:00 > -"]


def test_an_update_with_todays_date_as_discharge_ends_the_stay() -> None:
    """R-66 and R-76: a manual-entry facility sends dates; today's date is not the future."""
    found = told("03-04 10:00    A01 admit V1 H1\n03-06 11:00    A08 update V1 home dis=20250306")
    assert found.stays("03-06 12:00") == ["inpatient H1 finished 03-04 10:00 > 03-06 23:59"]


# -- what an update repeats -------------------------------------------------------------------------------------------


def test_an_update_told_before_and_after_a_cancelled_discharge_restates_a_dead_time() -> None:
    """Design §4: "an update may not restate a dead time". The same update was told before the cancel, too."""
    found = told("""
        06-01 12:00    A01 admit V1 H1
        06-05 10:00    A03 discharge V1 home
        06-05 12:00    A08 update V1 dis=06-05T09:00
        06-05 18:00    A13 cancel discharge V1
        06-05 19:00    A08 update V1 dis=06-05T09:00
    """)
    assert found.stays("06-05 12:30") == ["inpatient H1 finished 06-01 12:00 > 06-05 09:00"]
    assert found.stays("06-05 20:00") == ["inpatient H1 active 06-01 12:00 > -"]


def test_a_discharge_inferred_from_an_update_and_cancelled_is_not_inferred_from_it_again() -> None:
    found = told("""
        06-01 12:00    A01 admit V1 H1
        06-05 12:00    A08 update V1 home dis=06-05T09:00
        06-05 18:00    A13 cancel discharge V1
        06-05 19:00    A08 update V1 home dis=06-05T09:00
    """)
    assert found.stays("06-05 18:30") == ["inpatient H1 active 06-01 12:00 > -"]
    assert found.stays("06-05 20:00") == ["inpatient H1 active 06-01 12:00 > -"]


def test_an_admit_time_corrected_and_corrected_back_is_the_last_one_told() -> None:
    found = told("""
        06-01 12:00    A01 admit V1 H1
        06-02 12:00    A08 update V1 adm=06-01T11:00
        06-02 13:00    A08 update V1 adm=06-01T10:00
        06-02 14:00    A08 update V1 adm=06-01T11:00
    """)
    assert found.stays("06-03 20:00") == ["inpatient H1 active 06-01 11:00 > -"]


def test_the_end_of_the_emergency_visit_told_after_a06_does_not_end_the_admission() -> None:
    """R-83 and the A06 row: the visit goes on under the new number; closing the old one is the registrar's habit."""
    found = play("""
        when           event                                             then
        03-03 10:00    A04 register V1 H1 class=E
        03-03 15:00    A06 to-inpatient V2 H1 class=I old=V1             + notify due 03-04 15:00
        03-03 15:05    A03 discharge V1 H1 class=E 09 adm=03-03T10:00
        03-06 10:00    A03 discharge V2 home                             + notify due 03-07 10:00
                       + contact7 due 03-13 23:59
                       + visit7 due 03-13 23:59
    """)
    assert found.stays("03-03 16:00") == ["inpatient H1 active 03-03 15:00 > -"]


def test_back_under_the_same_number_within_a_day_is_the_same_stay_and_keeps_its_start() -> None:
    """R-70 splits a number only after 24 hours. Debatable: the visit is reopened, so it began when it began."""
    found = told("""
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home
        03-06 12:00    A01 admit V1 H1
    """)
    assert found.stays("03-06 13:00") == ["inpatient H1 active 03-03 10:00 > -"]


def test_a_death_flag_taken_back_by_its_feed_no_longer_counts() -> None:
    """R-78: "a wrong death flag is harmful". Debatable: PID-30 = N, told later, is the feed's own correction."""
    found = told("""
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home
        03-07 10:00    A31 person H1 pid30=Y pid29=20250307100000
        03-08 10:00    A31 person H1 pid30=Y pid29=20250307100000 feed=F2
        03-09 10:00    A31 person H1 pid30=N feed=F2
    """)
    assert found.tasks("03-08 12:00", "contact7") == ["contact7 cancelled 03-13 23:59"]
    assert found.tasks("03-09 12:00", "contact7") == ["contact7 open 03-13 23:59"]


def test_a_move_to_another_facility_shows_where_the_member_lies() -> None:
    found = told("""
        06-01 12:00    A01 admit V1 H1
        06-02 13:00    A02 transfer V1 N1 pv19=V1^^^H1^VN
    """)
    assert found.stays("06-02 20:00") == ["snf N1 active 06-01 12:00 > -"]


def test_a_rename_without_authority_is_read_where_its_number_is_used() -> None:
    """One patient, two hospitals, A50 without an assigning authority: any order of the lines tells the same stays."""
    scribe = Scribe()
    lines = scribe.opening(["M1"]) + [
        scribe.write(when, event)
        for when, event in (
            ("03-03 10:00", "A01 admit V1 H1"),
            ("03-04 10:00", "A01 admit V1 H2 mrn=MRH1"),
            ("03-05 10:00", "A50 rename V2 H1 old=V1"),
            ("03-06 10:00", "A03 discharge V2 H1 home adm=03-03T10:00"),
        )
    ]
    shown = {tuple(Told(list(order)).stays("03-08 10:00")) for order in itertools.permutations(lines)}
    assert len(shown) == 1


def test_an_admission_expected_on_another_visits_day_begins_its_own() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1 adm=none exp=03-20T09:00
        03-06 10:00    A03 discharge V1 home
        03-20 10:00    A01 admit V1 H1
    """)
    assert found.stays("03-21 16:00") == [
        "inpatient H1 finished 03-03 10:00 > 03-06 10:00",
        "inpatient H1 active 03-20 10:00 > -",
    ]
