"""The stories of care-rules §7, as far as they speak of stays and tasks; each number is its row there."""

from tests.timeline import moment, play, told


def test_01_a_plain_discharge_over_the_spring_clock_change() -> None:
    found = play("""
        when           event                                  then
        03-03 14:12    A01 admit V1 H1 at=03-03T14:10         + notify due 03-04 14:12
        03-03 16:00    care notification_delivered mode=lead_cm   = notify met
        03-06 11:35    A03 discharge V1 home at=03-06T11:30   + notify due 03-07 11:35; + contact7 due 03-13 23:59
                                                              + visit7 due 03-13 23:59
        03-07 10:05    contact reached at=03-07T10:00         = contact7 met
        03-14 00:00    wait                                   = visit7 overdue; = notify overdue
        04-02 09:00    claim 99495 on 03-12                   = visit7 met
    """)
    assert found.tasks("03-13 23:59:59", "visit7") == ["visit7 open 03-13 23:59"]
    assert found.tasks("04-04 23:59", "close30") == []
    assert found.tasks("04-05 00:00", "close30") == ["close30 open -"]


def test_02_a_discharge_told_late_is_alerted_from_receipt_and_followed_up_from_its_own_day() -> None:
    found = play("""
        when           event                                  then
        04-01 09:05    A01 admit V1 H1 at=04-01T09:00         + notify due 04-02 09:05
        04-02 10:00    wait                                   = notify overdue
        04-09 08:00    A03 discharge V1 home at=04-04T16:00   + notify due 04-10 08:00
                       + contact7 due 04-11 23:59; + visit7 due 04-11 23:59
    """)
    assert found.stays("04-09 09:00") == ["inpatient H1 finished 04-01 09:00 > 04-04 16:00"]


def test_02_a_discharge_told_after_its_week_is_overdue_at_once() -> None:
    play("""
        when           event                                  then
        04-01 09:05    A01 admit V1 H1
        04-12 08:00    A03 discharge V1 home at=04-04T16:00   + contact7 overdue due 04-11 23:59
    """, "contact7")  # fmt: skip


def test_03_two_exchanges_tell_one_admission() -> None:
    found = play("""
        when              event                                                   then
        05-05 08:05       A01 admit V1 H1 at=05-05T08:00                          + notify due 05-06 08:05
        05-05 08:05:30    A01 admit H1 feed=F2 no-number adm=05-05T08:00 at=05-05T08:00:30
        05-06 09:00       A03 discharge H1 feed=F2 no-number home at=05-06T08:55  + notify due 05-07 09:00
                          + contact7 due 05-13 23:59; + visit7 due 05-13 23:59
        05-06 09:10       A03 discharge V1 home at=05-06T08:50
    """)
    assert found.stays("05-06 12:00") == ["inpatient H1 finished 05-05 08:00 > 05-06 08:55"]


def test_04_a_cancel_may_arrive_before_what_it_cancels() -> None:
    found = play("""
        when           event                                                  then
        05-10 15:05    A11 cancel V1 H1 at=05-10T15:00 adm=05-10T13:00
        05-10 15:20    A01 admit V1 H1 at=05-10T13:00
    """)
    assert found.stays("05-10 16:00") == []


def test_05_after_a_cancelled_discharge_the_next_one_counts() -> None:
    found = play("""
        when           event                          then
        06-01 12:05    A01 admit V1 H1                + notify due 06-02 12:05
        06-05 10:05    A03 discharge V1 home          + notify due 06-06 10:05; + contact7 due 06-12 23:59
                       + visit7 due 06-12 23:59
        06-05 18:05    A13 cancel discharge V1        - notify; - contact7; - visit7
        06-09 12:05    A03 discharge V1 home          + notify due 06-10 12:05; + contact7 due 06-16 23:59
                       + visit7 due 06-16 23:59
    """)
    assert found.tasks("06-09 13:00", "contact7") == ["contact7 cancelled 06-12 23:59", "contact7 open 06-16 23:59"]


def test_06_an_update_moves_the_discharge_and_the_visit_on_that_day_still_counts() -> None:
    found = play("""
        when           event                                                        then
        07-07 09:05    A01 admit V1 H1
        07-10 15:05    A03 discharge V1 home at=07-10T15:00                         + visit7 due 07-17 23:59
        07-11 18:00    claim 99213 on 07-11                                         = visit7 met
        07-12 08:05    A08 update V1 dis=07-11T10:00                                ~ visit7 due 07-18 23:59
    """, "visit7")  # fmt: skip
    assert found.stays("07-12 09:00") == ["inpatient H1 finished 07-07 09:05 > 07-11 10:00"]


def test_07_a_transfer_starts_the_clock_at_the_last_discharge() -> None:
    for admitted in ("02-03 13:05", "02-04 00:30", "02-05 12:00"):
        found = play(f"""
            when           event                                 then
            02-01 12:05    A01 admit V1 H1
            02-03 10:05    A03 discharge V1 hospital
            {admitted}    A01 admit W1 H2
            02-08 12:05    A03 discharge W1 home                 + contact7 due 02-15 23:59
        """, "contact7")  # fmt: skip
        assert len(found.stays("02-09 12:00")) == 2


def test_08_a_bed_move_raises_nothing_and_a_move_to_a_swing_bed_is_told() -> None:
    found = play("""
        when           event                                              then
        02-01 08:00    facility SW1 snf
        02-10 09:05    A01 admit V1 H1 pv3=ICU^1^A^H1                     + notify due 02-11 09:05
        02-11 09:05    A02 transfer V1 H1 pv3=MED^2^A^H1
        02-13 09:05    A02 transfer V1 H1 pv3=SWG^2^A^SW1 pv39=SW1        + notify due 02-14 09:05
        02-20 09:05    A03 discharge V1 home pv3=SWG^2^A^SW1 pv39=SW1     + notify due 02-21 09:05
                       + contact7 due 02-27 23:59; + visit7 due 02-27 23:59
    """)
    assert found.stays("02-12 12:00") == ["inpatient H1 active 02-10 09:05 > -"]


def test_09_a_merge_in_mid_stay_ties_the_stay_to_the_member() -> None:
    play("""
        when           event                                          then
        08-01 10:05    A01 admit V1 H1 mrn=TMP900
        08-02 09:05    A40 merge H1 mrn=MRM1 mrg=TMP900               + notify due 08-03 09:05
        08-04 12:05    A03 discharge V1 home mrn=TMP900               + notify due 08-05 12:05
                       + contact7 due 08-11 23:59; + visit7 due 08-11 23:59
        08-05 09:00    unlink F1|H1|TMP900 M1                         - notify; - notify; - contact7; - visit7
    """)


def test_10_a_readmission_before_the_visit_supersedes() -> None:
    play("""
        when           event                          then
        08-29 12:05    A01 admit V1 H1
        09-02 12:05    A03 discharge V1 home          + contact7 due 09-09 23:59
        09-06 12:05    A01 admit W1 H2                = contact7 superseded
        09-10 12:05    A03 discharge W1 home          + contact7 due 09-17 23:59
    """, "contact7")  # fmt: skip


def test_11_an_emergency_visit_that_becomes_an_admission_is_admitted_then() -> None:
    for number in ("V1", "V2 old=V1"):
        found = play(f"""
            when           event                                         then
            10-01 20:05    A04 register V1 H1 class=E at=10-01T20:00
            10-02 00:25    A06 to-inpatient {number} H1 class=I at=10-02T00:20   + notify due 10-03 00:25
        """)
        assert found.stays("10-02 08:00") == ["inpatient H1 active 10-02 00:20 > -"]


def test_11_the_admit_time_of_a06_may_repeat_the_arrival() -> None:
    found = told("""
        10-01 20:05    A04 register V1 H1 class=E at=10-01T20:00
        10-02 00:25    A06 to-inpatient V1 H1 class=I adm=10-01T20:00 at=10-02T00:20
        10-02 09:00    A08 update V1 H1 adm=10-01T20:00
    """)
    assert found.stays("10-02 10:00") == ["inpatient H1 active 10-02 00:20 > -"]
    assert found.stays("10-01 21:00") == ["emergency H1 active 10-01 20:00 > -"]


def test_12_observation_raises_nothing_until_it_becomes_an_admission() -> None:
    found = play("""
        when           event                                               then
        04-10 08:05    A04 register V1 H1 class=OBS at=04-10T08:00
        04-11 09:05    A06 to-inpatient V1 H1 class=I at=04-11T09:00       + notify due 04-12 09:05
        04-13 12:05    A03 discharge V1 home at=04-13T12:00                + notify due 04-14 12:05
                       + contact7 due 04-20 23:59; + visit7 due 04-20 23:59
    """)
    assert found.stays("04-14 08:00") == ["inpatient H1 finished 04-11 09:00 > 04-13 12:00"]


def test_13_after_a_death_in_hospital_nothing_is_followed_up() -> None:
    found = play("""
        when           event                                        then
        04-28 12:05    A01 admit V2 H1                              + notify due 04-29 12:05
        04-29 13:00    wait                                         = notify overdue
        05-01 12:05    A03 discharge V2 dead pid30=Y                = notify missed
    """)
    assert found.live("05-02 12:00", "contact7 visit7") == []


def test_14_leaving_against_advice_keeps_the_clocks_and_closes_what_was_to_be_done_before() -> None:
    play("""
        when           event                        then
        03-03 10:00    A01 admit V1 H1              + assess due -; + plan due -
        03-06 10:00    A03 discharge V1 ama        + contact7 due 03-13 23:59
                       = assess not_possible; = plan not_possible
    """, "contact7 assess plan")  # fmt: skip


def test_15_a_newborn_on_the_mothers_account_is_not_the_mother() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1 pid18=A77^^^H1^AN dx=O80
        03-04 02:00    A01 admit V2 H1 mrn=BABY1 pid5=RIVERA^BABYGIRL pid7=20250304 pid18=A77^^^H1^AN pv4=N
        03-06 10:00    A03 discharge V1 home
        03-06 10:05    A03 discharge V2 home mrn=BABY1 pid5=RIVERA^BABYGIRL pid7=20250304 pid18=A77^^^H1^AN pv4=N
    """)
    assert found.stays("03-07 10:00") == ["inpatient H1 finished 03-03 10:00 > 03-06 10:00"]
    assert found.tasks("03-07 10:00", "contact7") == ["contact7 open 03-13 23:59"]


def test_15_a_well_baby_who_is_a_member_gets_no_transitional_care() -> None:
    """Care-rules §1.2: "routine newborn (well baby): none for the baby" (PV1-4 = N)."""
    found = told("""
        03-04 02:00    A01 admit V2 H1 M2 pv4=N
        03-06 10:05    A03 discharge V2 M2 home pv4=N dx=Z38.00
    """, members=["M1", "M2"])  # fmt: skip
    assert found.live("03-07 10:00", "notify contact7 visit7", "M2") == []


def test_16_a_day_of_hours_ends_an_hour_later_in_spring() -> None:
    play("""
        when           event                                    then
        03-06 09:00    A01 admit V1 H1 class=I                  + notify due 03-07 09:00
        03-08 22:31    A03 discharge V1 home at=03-08T22:30     + notify due 03-09 23:31
                       + contact7 due 03-15 23:59; + visit7 due 03-15 23:59
    """)


def test_17_an_ambiguous_autumn_hour_is_the_first() -> None:
    found = play("""
        when           event                                                  then
        10-30 09:00    A01 admit V1 H1                                        + notify due 10-31 09:00
        11-02 01:40    A03 discharge V1 home dis=20251102013000 at=11-02T01:30  + notify due 11-03 00:40
                       + contact7 due 11-09 23:59; + visit7 due 11-09 23:59
    """)
    stay = found.json(moment("11-02 12:00"))["M1"]["stays"][0]
    assert stay["discharged_at"] == "2025-11-02T01:30:00-07:00"
    assert "tz_overlap" in stay["flags"]


def test_18_a_discharge_in_december_is_followed_up_into_the_next_year() -> None:
    found = told("""
        12-27 09:00    A01 admit V1 H1
        12-28 23:30    A03 discharge V1 home
    """)
    assert found.tasks("12-30 12:00", "contact7") == ["contact7 open 2026-01-04 23:59"]


def test_19_coverage_that_ended_and_came_back() -> None:
    play("""
        when           event                                   then
        06-17 12:05    A01 admit V1 H1
        06-20 12:05    A03 discharge V1 home                   + contact7 due 06-27 23:59; + visit7 due 06-27 23:59
        06-28 00:00    wait                                    = contact7 overdue; = visit7 overdue
        07-05 09:00    roster end=2025-06-30                   = contact7 missed; = visit7 missed
        08-05 09:00    roster end=                             = contact7 overdue; = visit7 overdue
        08-06 09:00    claim 99213 on 07-10                    = visit7 met_late
    """, "contact7 visit7")  # fmt: skip


def test_20_open_tasks_move_to_the_new_lead_who_is_told_within_a_day() -> None:
    found = play("""
        when           event                                                        then
        07-25 12:00    A01 admit V1 H1                                              + notify due 07-26 12:00
        07-29 12:00    A03 discharge V1 home                                        + notify due 07-30 12:00
                       + contact7 due 08-05 23:59; + visit7 due 08-05 23:59
        07-31 09:00    roster provider=P2 lead=L2 assigned=2025-08-01               + notify due 08-01 09:00
        08-01 00:00    wait                                                         > contact7 to L2; > visit7 to L2
                       > notify to L2; > notify to L2; > notify to L2
    """)
    owners = {
        t["owner"]["lead_cm_id"]
        for t in found.json(moment("08-01 08:00"))["M1"]["tasks"]
        if t["rule"] == "tcs.cm_contact_7d"
    }
    assert owners == {"L2"}


def test_21_a_claim_after_ninety_days_is_met_late() -> None:
    found = told("""
        04-11 12:05    A01 admit V1 H1
        04-15 12:05    A03 discharge V1 home
        07-24 09:00    claim 99213 on 04-25
    """)
    assert found.tasks("07-23 12:00", "visit7") == ["visit7 overdue 04-22 23:59"]
    assert found.tasks("07-24 12:00", "visit7") == ["visit7 met_late 04-22 23:59"]


def test_22_the_clocks_wait_until_the_nursing_home_sends_the_member_home() -> None:
    found = play("""
        when           event                                 then
        05-05 12:00    A01 admit V1 H1                       + notify due 05-06 12:00
        05-12 12:00    A03 discharge V1 snf                  + notify due 05-13 12:00
        05-12 15:00    A01 admit X1 N1                       + notify due 05-13 15:00
        06-03 10:00    A03 discharge X1 N1 home              + notify due 06-04 10:00; + contact7 due 06-10 23:59
                       + visit7 due 06-10 23:59
    """)
    assert found.stays("06-04 09:00") == [
        "inpatient H1 finished 05-05 12:00 > 05-12 12:00",
        "snf N1 finished 05-12 15:00 > 06-03 10:00",
    ]


def test_31_a_planned_admission_is_told_when_it_is_planned() -> None:
    found = play("""
        when           event                                      then
        04-28 09:00    A05 plan V1 H1 exp=05-06T07:00             + notify due 04-29 09:00
        04-28 12:00    care notification_delivered mode=lead_cm   = notify met
        05-06 07:30    A01 admit V1 H1                            + notify due 05-07 07:30
    """)
    assert found.stays("04-30 09:00") == []
    assert found.stays("05-06 09:00") == ["inpatient H1 active 05-06 07:30 > -"]


def test_32_an_acute_stay_inside_a_nursing_home_stay() -> None:
    found = play("""
        when           event                                 then
        01-10 12:00    A01 admit X1 N1
        02-03 12:00    A21 leave X1 N1
        02-03 13:00    A01 admit V1 H1
        02-06 12:00    A03 discharge V1 snf
        02-06 15:00    A22 return X1 N1
        03-01 12:00    A03 discharge X1 N1 home              + contact7 due 03-08 23:59
    """, "contact7")  # fmt: skip
    assert found.stays("02-04 12:00") == ["snf N1 on_leave 01-10 12:00 > -", "inpatient H1 active 02-03 13:00 > -"]
    assert found.stays("03-02 12:00") == [
        "snf N1 finished 01-10 12:00 > 03-01 12:00",
        "inpatient H1 finished 02-03 13:00 > 02-06 12:00",
    ]


def test_33_a_discharge_told_before_the_admission_makes_one_stay_and_one_notice() -> None:
    found = play("""
        when           event                                                   then
        03-06 10:00    A03 discharge V1 H1 home adm=03-03T09:00 at=03-06T09:55   + notify due 03-07 10:00
                       + contact7 due 03-13 23:59; + visit7 due 03-13 23:59
        03-06 11:00    A01 admit V1 H1 at=03-03T09:00
    """)
    assert found.stays("03-06 12:00") == ["inpatient H1 finished 03-03 09:00 > 03-06 09:55"]


def test_34_an_admission_reversed_to_observation_takes_everything_back() -> None:
    found = play("""
        when           event                                            then
        05-01 10:05    A01 admit V1 H1 at=05-01T10:00                   + notify due 05-02 10:05
        05-02 09:05    A07 to-outpatient V1 class=OBS                   - notify
        05-02 20:05    A03 discharge V1 home at=05-02T20:00
    """)
    assert found.stays("05-03 12:00") == ["observation H1 finished 05-01 10:00 > 05-02 20:00"]


def test_34_a_reversal_told_after_the_discharge_takes_its_follow_up_back() -> None:
    found = play("""
        when           event                                            then
        05-01 10:05    A01 admit V1 H1 at=05-01T10:00
        05-02 20:05    A03 discharge V1 home at=05-02T20:00             + contact7 due 05-09 23:59
        05-03 09:05    A07 to-outpatient V1 class=OBS                   - contact7
    """, "contact7")  # fmt: skip
    assert found.stays("05-03 12:00") == ["observation H1 finished 05-01 10:00 > 05-02 20:00"]


def test_36_a_pregnant_member_scored_low_is_never_lower_risk() -> None:
    found = told("""
        02-01 09:00    roster risk=low status=
        03-03 10:00    A01 admit V1 H1 dx=O80
        03-05 10:00    A03 discharge V1 home dx=O80
    """)
    assert found.tasks("03-06 10:00", "contact7 outreach visit30") == ["contact7 open 03-12 23:59"]


def test_37_a_psychiatric_stay_is_followed_up_by_the_plan_too() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 P1
        03-05 10:00    A03 discharge V1 P1 home
    """)
    assert found.tasks("03-06 09:00", "contact7") == ["contact7 open 03-12 23:59"]
    assert found.stays("03-06 09:00") == ["inpatient P1 finished 03-03 10:00 > 03-05 10:00"]


def test_38_a_state_holiday_moves_the_utilization_case() -> None:
    found = told("03-28 15:00    A01 admit V1 H1")
    assert found.tasks("03-29 09:00", "um") == ["um open 04-01 23:59"]
