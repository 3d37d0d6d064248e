"""What the contract promises of tasks, bullet by bullet ("members --json", task states and what follows them)."""

import pytest

from tests.timeline import DISPOSITIONS, moment, play, told

STAY = """
    03-03 10:00    A01 admit V1 H1
    03-06 10:00    A03 discharge V1 home
"""


# -- ends of a follow-up ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("back", "state"), [("03-10 12:00", "superseded"), ("03-13 23:59:59", "superseded"),
                                             ("03-14 00:00", "missed"), ("05-30 12:00", "missed")])  # fmt: skip
def test_the_next_stay_ends_a_follow_up_whatever_the_gap(back: str, state: str) -> None:
    found = told(f"{STAY}\n{back}    A01 admit W1 H2")
    assert found.tasks("06-10 12:00", "contact7") == [f"contact7 {state} 03-13 23:59"]


@pytest.mark.parametrize("visit", ["class=E", "class=OBS", "class=O"])
def test_an_emergency_or_observation_visit_ends_nothing(visit: str) -> None:
    found = told(f"{STAY}\n03-09 12:00    A04 register W1 H2 {visit}\n03-10 12:00    A03 discharge W1 home {visit}")
    assert found.tasks("03-11 12:00", "contact7") == ["contact7 open 03-13 23:59"]


def test_a_readmission_told_late_is_judged_by_when_it_was() -> None:
    found = told(f"{STAY}\n03-20 12:00    A01 admit W1 H2 at=03-08T12:00")
    assert found.tasks("03-19 12:00", "contact7") == ["contact7 overdue 03-13 23:59"]
    assert found.tasks("03-20 12:00", "contact7") == ["contact7 superseded 03-13 23:59"]


def test_a_nursing_home_stay_ends_a_follow_up_too() -> None:
    found = told(f"{STAY}\n03-08 12:00    A01 admit X1 N1")
    assert found.tasks("03-09 12:00", "contact7") == ["contact7 superseded 03-13 23:59"]


def test_an_admission_cancelled_ends_nothing() -> None:
    play("""
        when           event                          then
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home          + contact7 due 03-13 23:59
        03-08 12:00    A01 admit W1 H2                = contact7 superseded
        03-08 14:00    A11 cancel W1 H2               = contact7 open
    """, "contact7")  # fmt: skip


def test_what_was_done_after_the_end_does_not_count() -> None:
    found = told(f"{STAY}\n03-08 12:00    A01 admit W1 H2\n03-09 12:00    contact reached\n03-09 13:00   claim 99213")
    assert found.tasks("03-10 12:00", "contact7 visit7") == [
        "contact7 superseded 03-13 23:59",
        "visit7 superseded 03-13 23:59",
    ]


def test_what_was_done_before_the_end_counts_though_it_is_told_after() -> None:
    found = told(f"{STAY}\n03-08 12:00    A01 admit W1 H2\n03-09 12:00    contact reached at=03-07T12:00")
    assert found.tasks("03-10 12:00", "contact7") == ["contact7 met 03-13 23:59"]


def test_a_late_contact_after_a_missed_deadline_and_before_the_end_is_met_late() -> None:
    found = told(f"{STAY}\n03-15 12:00    contact reached\n03-20 12:00    A01 admit W1 H2")
    assert found.tasks("03-21 12:00", "contact7") == ["contact7 met_late 03-13 23:59"]


def test_a_death_told_late_is_judged_by_when_it_was() -> None:
    found = told(
        f"{STAY}\n04-20 12:00    A01 admit W1 H2 class=E at=03-10T12:00\n"
        f"04-20 12:01    A03 discharge W1 dead at=03-10T14:00"
    )
    assert found.tasks("04-19 12:00", "contact7") == ["contact7 overdue 03-13 23:59"]
    assert found.tasks("04-21 12:00", "contact7") == ["contact7 cancelled 03-13 23:59"]


def test_a_death_after_the_deadline_leaves_it_missed() -> None:
    found = told(f"{STAY}\n03-20 12:00    A01 admit W1 H2 class=E\n03-20 14:00    A03 discharge W1 dead")
    assert found.tasks("03-21 12:00", "contact7") == ["contact7 missed 03-13 23:59"]


def test_one_feed_alone_cannot_declare_a_member_dead() -> None:
    play("""
        when           event                                              then
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home                              + contact7 due 03-13 23:59
        03-08 10:00    A31 person H1 pid29=20250307120000 pid30=Y
        03-09 10:00    A31 person H1 pid29=20250307120000 pid30=Y feed=F2   - contact7
    """, "contact7")  # fmt: skip


def test_coverage_ends_at_the_midnight_after_its_last_day() -> None:
    found = told(f"{STAY}\n03-07 09:00    roster end=2025-03-10")
    assert found.tasks("03-10 23:59:59", "contact7") == ["contact7 open 03-13 23:59"]
    assert found.tasks("03-11 00:00", "contact7") == ["contact7 cancelled 03-13 23:59"]


def test_nothing_is_raised_for_a_member_who_is_not_covered_then() -> None:
    found = told(f"02-20 09:00    roster end=2025-02-28\n{STAY}")
    assert found.tasks("03-07 12:00") == []
    assert len(found.stays("03-07 12:00")) == 1


def test_a_discharge_after_coverage_ended_during_the_stay_raises_nothing() -> None:
    found = told(f"03-01 09:00    roster end=2025-03-04\n{STAY}")
    assert found.tasks("03-07 12:00", "contact7 visit7") == []


def test_thirty_days_change_no_state() -> None:
    found = told(STAY)
    assert found.tasks("06-07 12:00", "contact7 close30") == ["close30 open -", "contact7 overdue 03-13 23:59"]


def test_the_closing_review_does_not_appear_after_a_readmission() -> None:
    found = told(f"{STAY}\n03-20 12:00    A01 admit W1 H2")
    assert found.tasks("06-07 12:00", "close30") == []


def test_the_closing_review_that_appeared_is_superseded_by_a_later_stay() -> None:
    found = told(f"{STAY}\n04-20 12:00    A01 admit W1 H2")
    assert found.tasks("04-10 12:00", "close30") == ["close30 open -"]
    assert found.tasks("04-21 12:00", "close30") == ["close30 superseded -"]


# -- community discharge ----------------------------------------------------------------------------------------------

HOME = ("01", "06", "07", "69", "", "81", "86", "XYZ")
ELSEWHERE = ("02", "03", "04", "05", "20", "21", "30", "40", "41", "42", "43", "50", "51", "61", "62", "63", "64", "65",
             "66", "70", "82", "83", "84", "85", "87", "88", "90", "95")  # fmt: skip


@pytest.mark.parametrize("disposition", HOME + ELSEWHERE)
def test_only_a_discharge_home_starts_the_follow_up_clocks(disposition: str) -> None:
    found = told(f"03-03 10:00    A01 admit V1 H1\n03-06 10:00    A03 discharge V1 pv36={disposition}")
    assert found.tasks("03-07 09:00", "contact7") == (["contact7 open 03-13 23:59"] if disposition in HOME else [])


def test_a_disposition_corrected_to_a_nursing_home_takes_the_follow_up_away() -> None:
    play("""
        when           event                              then
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home              + contact7 due 03-13 23:59
        03-07 10:00    A08 update V1 dis=03-06T10:00 snf  - contact7
        03-08 10:00    A08 update V1 dis=03-06T10:00 home  + contact7 due 03-13 23:59
    """, "contact7")  # fmt: skip


# -- notices ----------------------------------------------------------------------------------------------------------


def test_no_admission_notice_once_the_discharge_is_known() -> None:
    found = told(
        "03-06 10:05    A03 discharge V1 H1 home adm=03-03T10:00\n03-06 10:05    A01 admit V1 H1 at=03-03T10:00"
    )
    assert found.tasks("03-06 12:00", "notify um") == ["notify open 03-07 10:05"]


def test_an_admission_notice_that_was_raised_stands_though_the_discharge_comes_within_its_day() -> None:
    found = told("03-03 10:00    A01 admit V1 H1\n03-03 20:00    A03 discharge V1 home")
    assert found.tasks("03-03 21:00", "notify") == ["notify open 03-04 10:00", "notify open 03-04 20:00"]


def test_emergency_and_observation_are_not_told() -> None:
    for kind in ("E", "OBS"):
        found = told(f"03-03 10:00    A04 register V1 H1 class={kind}\n03-03 20:00    A03 discharge V1 home")
        assert found.tasks("03-03 21:00", "notify contact7 visit7 um facility") == []


def test_the_next_stay_takes_no_notice_back() -> None:
    found = told(f"{STAY}\n03-06 20:00    A01 admit W1 H2")
    assert found.tasks("03-06 21:00", "notify") == [
        "notify open 03-07 10:00", "notify open 03-07 20:00", "notify overdue 03-04 10:00",
    ]  # fmt: skip


def test_a_notice_is_met_by_its_delivery() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1 at=03-03T09:00
        03-03 12:00    care notification_delivered detail=to=lead_cm
    """)
    assert found.tasks("03-03 13:00", "notify") == ["notify met 03-04 10:00"]


# -- clocks from receipt ----------------------------------------------------------------------------------------------


def test_a_late_roster_starts_the_clocks_of_receipt_when_the_member_is_known() -> None:
    found = told("""
        2024-12-01 08:00    facility H1 acute
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home
        03-10 09:00    roster
    """, opening=False)  # fmt: skip
    assert found.tasks("03-10 12:00") == [
        "contact7 open 03-13 23:59", "notify open 03-11 09:00", "visit7 open 03-13 23:59",
    ]  # fmt: skip
    opened = {t["opened_at"] for t in found.json(moment("03-10 12:00"))["M1"]["tasks"]}
    assert opened == {"2025-03-10T09:00:00-07:00"}


def test_a_member_listed_between_admission_and_discharge_gets_both_notices() -> None:
    found = told("""
        2024-12-01 08:00    facility H1 acute
        03-03 10:00    A01 admit V1 H1
        03-04 09:00    roster
        03-06 10:00    A03 discharge V1 home
    """, opening=False)  # fmt: skip
    assert found.tasks("03-06 12:00", "notify") == ["notify open 03-07 10:00", "notify overdue 03-05 09:00"]


# -- tasks due by the discharge ----------------------------------------------------------------------------------------


def test_what_is_due_by_the_discharge_has_no_due_time_until_it_is_known() -> None:
    found = told(f"{STAY}\n03-20 10:00    care assessment_completed at=03-05T10:00")
    assert found.tasks("03-04 10:00", "assess plan") == ["assess open -", "plan open -"]
    assert found.tasks("03-06 10:00", "assess") == ["assess open 03-06 10:00"]
    assert found.tasks("03-06 10:01", "assess plan") == ["assess overdue 03-06 10:00", "plan overdue 03-06 10:00"]
    assert found.tasks("03-21 10:01", "assess plan") == ["assess met 03-06 10:00", "plan overdue 03-06 10:00"]


def test_a_cancelled_discharge_takes_the_due_time_away_again() -> None:
    play("""
        when           event                          then
        03-03 10:00    A01 admit V1 H1                + assess due -
        03-06 10:00    A03 discharge V1 home          ~ assess due 03-06 10:00
        03-07 10:00    A13 cancel discharge V1        = assess open
    """, "assess")  # fmt: skip


# -- not possible -----------------------------------------------------------------------------------------------------


def test_a_member_who_declines_closes_the_contact() -> None:
    found = told(f"{STAY}\n03-07 10:00    contact declined")
    (task,) = [t for t in found.json(moment("03-08 10:00"))["M1"]["tasks"] if t["rule"] == "tcs.cm_contact_7d"]
    assert (task["state"], task["reason"]) == ("not_possible", "declined")


def test_a_note_may_close_any_task() -> None:
    found = told(f"{STAY}\n03-07 10:00    care task_note detail=task=tcs.ambulatory_visit_7d;action=not_possible")
    assert found.tasks("03-08 10:00", "visit7 contact7") == [
        "contact7 open 03-13 23:59",
        "visit7 not_possible 03-13 23:59",
    ]


def test_against_advice_leaves_done_what_was_done() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1
        03-04 10:00    care assessment_completed
        03-06 10:00    A03 discharge V1 ama
    """)
    assert found.tasks("03-06 12:00", "assess plan") == ["assess met 03-06 10:00", "plan not_possible 03-06 10:00"]


# -- plans and lead care managers -------------------------------------------------------------------------------------


def test_the_first_lead_care_manager_is_no_change() -> None:
    found = told(f"02-01 09:00    roster lead= assigned=\n{STAY}\n03-07 09:00    roster lead=L1 assigned=2025-03-07")
    assert found.tasks("03-07 09:30", "notify") == ["notify open 03-07 10:00", "notify overdue 03-04 10:00"]


def test_a_change_of_lead_after_the_follow_up_is_told_to_nobody() -> None:
    found = told(f"{STAY}\n04-20 09:00    roster lead=L2 assigned=2025-04-20")
    assert len(found.tasks("04-20 10:00", "notify")) == 2


def test_a_change_of_lead_before_the_stay_is_no_news() -> None:
    found = told(f"02-20 09:00    roster lead=L2 assigned=2025-02-20\n{STAY}")
    assert len(found.tasks("03-07 10:00", "notify")) == 2


def test_a_change_of_lead_during_a_follow_up_already_superseded_is_told_once_for_the_stay_that_runs() -> None:
    found = told(f"{STAY}\n03-10 09:00    A01 admit W1 H2\n03-12 09:00    roster lead=L2 assigned=2025-03-12")
    due = [t for t in found.tasks("03-12 10:00", "notify") if "03-13 09:00" in t]
    assert due == ["notify open 03-13 09:00"]


def test_a_new_lead_is_told_of_the_open_stay_too() -> None:
    found = told("03-03 10:00    A01 admit V1 H1\n03-04 09:00    roster lead=L2 assigned=2025-03-04")
    assert found.tasks("03-04 09:30", "notify") == ["notify open 03-04 10:00", "notify open 03-05 09:00"]


def test_owner_stays_with_whom_a_closed_task_was_closed_by() -> None:
    found = told(
        f"{STAY}\n03-07 09:00    contact reached\n03-08 09:00    roster lead=L2 provider=P2 assigned=2025-03-08"
    )
    owners = {t["rule"]: t["owner"]["lead_cm_id"] for t in found.json(moment("03-09 10:00"))["M1"]["tasks"]}
    assert owners["tcs.cm_contact_7d"] == "L1"
    assert owners["tcs.ambulatory_visit_7d"] == "L2"


def test_the_plan_that_takes_over_owes_what_is_still_due() -> None:
    found = told("""
        06-25 10:00    A01 admit V1 H1
        06-28 10:00    A03 discharge V1 home
        06-29 09:00    roster mcp=PLANB start=2025-07-01
    """)
    assert found.tasks("06-30 12:00", "contact7") == ["contact7 open 07-05 23:59"]
    assert found.tasks("07-01 00:00", "contact7") == ["contact7 cancelled 07-05 23:59", "contact7 open 07-05 23:59"]
    plans = {
        t["state"]: t["owner"]["mcp_id"]
        for t in found.json(moment("07-02 10:00"))["M1"]["tasks"]
        if t["rule"] == "tcs.cm_contact_7d"
    }
    assert plans == {"cancelled": "PLANA", "open": "PLANB"}


def test_the_plan_that_takes_over_was_never_late_before_its_time() -> None:
    found = told("""
        06-15 10:00    A01 admit V1 H1
        06-18 10:00    A03 discharge V1 home
        06-29 09:00    roster mcp=PLANB start=2025-07-01
    """)
    assert found.tasks("07-02 12:00", "contact7") == ["contact7 missed 06-25 23:59"]
    assert found.tasks("07-18 12:00", "close30") == ["close30 open -"]


def test_a_plan_that_takes_over_after_thirty_days_owes_nothing() -> None:
    found = told(f"{STAY}\n04-20 09:00    roster mcp=PLANB start=2025-05-01")
    assert [t for t in found.json(moment("05-02 10:00"))["M1"]["tasks"] if t["owner"]["mcp_id"] == "PLANB"] == []


# -- evidence ---------------------------------------------------------------------------------------------------------


def test_a_reversed_claim_takes_the_visit_back_and_a_denied_one_does_not() -> None:
    play("""
        when           event                                  then
        03-03 10:00    A01 admit V1 H1
        03-06 10:00    A03 discharge V1 home                  + visit7 due 03-13 23:59
        03-10 10:00    claim 99213 on 03-08 id=C1             = visit7 met
        03-11 10:00    claim 99213 on 03-08 id=C1 status=denied
        03-12 10:00    claim 99213 on 03-08 id=C1 status=reversed   = visit7 open
        03-20 10:00    claim 99213 on 03-09 id=C2 status=denied     = visit7 met
    """, "visit7")  # fmt: skip


def test_only_a_contact_that_reached_somebody_counts() -> None:
    outcomes = ("no_answer", "voicemail", "third_party", "wrong_number")
    found = told(STAY + "\n".join(f"03-0{7} 1{i}:00    contact {outcome}" for i, outcome in enumerate(outcomes)))
    assert found.tasks("03-08 12:00", "contact7") == ["contact7 open 03-13 23:59"]


@pytest.mark.parametrize(("at", "state"), [("03-05T12:00", "open"), ("03-06T08:00", "met"), ("03-06T12:00", "met"),
                                           ("03-13T23:59:59", "met"), ("03-14T00:00", "met_late")])  # fmt: skip
def test_a_contact_counts_from_the_day_of_the_discharge_to_the_end_of_the_seventh(at: str, state: str) -> None:
    found = told(f"{STAY}\n03-20 10:00    contact reached at={at}")
    assert found.tasks("03-21 12:00", "contact7") == [f"contact7 {state.replace('open', 'overdue')} 03-13 23:59"]


def test_a_claim_known_before_the_discharge_counts_when_the_discharge_is_told() -> None:
    found = told("""
        03-03 10:00    A01 admit V1 H1
        03-08 10:00    claim 99213 on 03-07
        03-09 10:00    A03 discharge V1 home at=03-06T10:00
    """)
    assert found.tasks("03-09 12:00", "visit7") == ["visit7 met 03-13 23:59"]


def test_lower_risk_gets_the_lighter_service() -> None:
    found = told(f"02-01 09:00    roster risk=low status=\n{STAY}")
    assert found.tasks("03-07 09:00", "notify contact7 visit7 outreach visit30 um facility screen") == [
        "facility open 03-07 10:00", "outreach open 03-07 10:00", "screen open 04-05 23:59", "um overdue 03-04 23:59",
        "visit30 open 04-05 23:59",
    ]  # fmt: skip


def test_a_member_without_lead_gets_one_before_going_home() -> None:
    found = told(f"02-01 09:00    roster lead=\n{STAY}\n03-08 09:00    roster lead=L1")
    assert found.tasks("03-03 12:00", "assign share") == ["assign open 03-04 10:00"]
    assert found.tasks("03-08 12:00", "assign") == ["assign met_late 03-04 10:00"]


def test_a_lead_assigned_in_time_meets_the_assignment() -> None:
    found = told("""
        02-01 09:00    roster lead= assigned=
        03-03 10:00    A01 admit V1 H1
        03-03 15:00    roster lead=L1 assigned=2025-03-03
    """)
    assert found.tasks("03-03 16:00", "assign") == ["assign met 03-04 10:00"]


def test_unknown_dispositions_are_named() -> None:
    assert set(DISPOSITIONS.values()) <= {*HOME, *ELSEWHERE}


def test_a_lead_assigned_during_the_stay_is_made_known_within_a_day() -> None:
    """Care-rules §1.5, `tcs.share_cm_identity`: the clock starts when the care manager is assigned."""
    found = told("""
        02-01 09:00    roster lead= assigned=
        03-03 10:00    A01 admit V1 H1
        03-05 09:00    roster lead=L1 assigned=2025-03-05
    """)
    assert found.tasks("03-04 12:00", "share") == []
    assert found.tasks("03-05 12:00", "share") == ["share open 03-06 09:00"]


def test_a_refusal_after_the_deadline_does_not_take_the_deadline_away() -> None:
    """ "Only a retraction of the event itself takes a passed deadline away": judged by event time, it was overdue."""
    found = told(f"{STAY}\n03-17 10:00    contact declined")
    assert found.tasks("03-18 12:00", "contact7") == ["contact7 overdue 03-13 23:59"]
