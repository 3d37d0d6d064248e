"""The simulator's own restatement of the measures gives the numbers of care-rules §7 and of PQA's examples."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from models.time import end_of_day
from services.simulation.claims import Claim
from services.simulation.files import Sent, due_at
from services.simulation.measuring.known import Stay
from services.simulation.measuring.returned import on_time
from services.simulation.places import ZONE
from tests.unit.simulation.tiny import (
    CHEMOTHERAPY,
    MEDICAL,
    MENTAL,
    ROW,
    day,
    deed,
    fill,
    noon,
    result,
    stay,
    told,
    visit,
)

ENGAGED, RECONCILED, NOTIFIED, READMITTED = (
    "trc.engagement", "trc.medication_reconciliation", "trc.notification", "pcr.observed",
)  # fmt: skip


def test_scenario_1_a_plain_discharge() -> None:
    found = told(
        stays=[stay("03-03", "03-06")],
        claims=[visit("03-12", "99495")],
        deeds=[
            deed("notification_delivered", "03-03", to="pcp"),
            deed("contact", "03-07", outcome="reached"),
        ],
    )
    assert (found[NOTIFIED], found[ENGAGED], found[RECONCILED], found[READMITTED]) == ("1/1", "1/1", "1/1", "0/1")
    assert (found["tcs.cm_contact_7d"], found["tcs.ambulatory_visit_7d"]) == ("1/1", "1/1")


def test_scenario_6_a_visit_on_the_day_of_discharge_is_no_engagement() -> None:
    found = told(stays=[stay("07-07", "07-11")], claims=[visit("07-11")])
    assert (found[ENGAGED], found["tcs.ambulatory_visit_7d"]) == ("0/1", "1/1")


@pytest.mark.parametrize(("again", "pcr"), [("02-03", "0/1"), ("02-04", "0/1"), ("02-05", "1/2")])
def test_scenario_7_a_transfer(again: str, pcr: str) -> None:
    found = told(stays=[stay("02-01", "02-03", disposition="02"), stay(again, "02-08")])
    assert (found[ENGAGED], found[READMITTED]) == ("0/1", pcr)


def test_scenario_10_readmitted_before_the_visit() -> None:
    found = told(
        stays=[stay("08-28", "09-02"), stay("09-06", "09-10")], deeds=[deed("contact", "09-12", outcome="reached")]
    )
    assert (found[ENGAGED], found[READMITTED], found["tcs.cm_contact_7d"]) == ("0/1", "1/2", "1/1")


def test_scenario_12_observation() -> None:
    watched = told(stays=[stay("04-10", "04-11", stay_class="observation")])
    assert (ENGAGED in watched, watched[READMITTED]) == (False, "0/1")
    assert READMITTED not in told(stays=[stay("04-10", "04-10", stay_class="observation")])


def test_scenario_13_death_takes_all_transitions_of_the_year_and_one_index_stay() -> None:
    earlier = stay("02-06", "02-10")
    before = told("2025-03-15", stays=[earlier], claims=[visit("02-19")])
    assert (before[ENGAGED], before[READMITTED]) == ("1/1", "0/1")
    after = told("2025-05-02", stays=[earlier, stay("04-28", "05-01", disposition="20")], claims=[visit("02-19")])
    assert (ENGAGED in after, after[READMITTED]) == (False, "0/1")
    assert after["amb_ed"] == "0/4"


def test_scenario_18_the_year_ends_on_december_1() -> None:
    assert told(stays=[stay("11-28", "12-01")])[ENGAGED] == "0/1"
    assert ENGAGED not in told(stays=[stay("11-28", "12-02")])
    across = told(stays=[stay("11-25", "11-28"), stay("12-20", "12-24")])
    assert (ENGAGED in across, across[READMITTED]) == (False, "1/1")


def test_scenario_19_coverage_that_ends_in_the_window_takes_the_discharge_away() -> None:
    ended = replace(ROW, covered_to=date(2025, 6, 30))
    lost = told(stays=[stay("06-16", "06-20")], rows=[ended])
    assert ENGAGED not in lost
    assert READMITTED not in lost
    assert told(stays=[stay("06-16", "06-20")], claims=[visit("07-03")])[ENGAGED] == "1/1"


def test_scenario_22_to_a_nursing_home_then_home() -> None:
    chain = [stay("05-05", "05-12", MENTAL, disposition="03"), stay("05-12", "06-03", stay_class="snf")]
    found = told(stays=chain, claims=[visit("06-10")])
    assert (found[ENGAGED], found[READMITTED], "fuh.7d" in found) == ("1/1", "0/1", False)


def test_scenario_23_a_planned_readmission() -> None:
    stays = [stay("03-06", "03-10"), stay("03-20", "03-22", CHEMOTHERAPY), stay("04-02", "04-05")]
    found = told(stays=stays)
    assert (found[ENGAGED], found[READMITTED]) == ("0/1", "1/3")


def test_the_source_example_of_readmissions() -> None:
    stays = [stay("05-01", "05-10"), stay("05-15", "05-25", CHEMOTHERAPY), stay("05-30", "06-05")]
    assert told(stays=stays)[READMITTED] == "1/3"


def test_four_index_stays_make_an_outlier() -> None:
    stays = [stay(f"{month:02}-01", f"{month:02}-05") for month in (2, 4, 6, 8)]
    assert told(stays=stays[:3])[READMITTED] == "0/3"
    assert READMITTED not in told(stays=stays)


def test_scenario_24_emergency_visits_within_a_month_count_once() -> None:
    visits = [visit("02-01", "99283", MENTAL, "23"), visit("02-20", "99283", MENTAL, "23")]
    follow_up = visit("02-01", "90834", MENTAL, "02")
    found = told(claims=[*visits, follow_up])
    assert (found["fum.7d"], found["fum.30d"], found["amb_ed"]) == ("1/1", "1/1", "2/12")
    assert told(claims=[*visits, visit("03-04", "99283", MENTAL, "23")])["fum.7d"] == "0/2"
    assert "fum.7d" not in told(claims=[*visits, follow_up], stays=[stay("02-25", "02-27")])


def test_the_bill_of_the_hospital_says_what_an_emergency_visit_was_for() -> None:
    physician = visit("02-01", "99283", MENTAL, "23")
    hospital = visit("02-01", "99284", MEDICAL, "", bill_type="131", revenue=("0450",))
    assert told(claims=[physician])["fum.7d"] == "0/1"
    assert "fum.7d" not in told(claims=[physician, hospital])
    arrived = stay("02-01", "02-01", MENTAL, stay_class="emergency")
    assert told(stays=[arrived], claims=[replace(physician, diagnoses=MEDICAL)])["fum.7d"] == "0/1"
    assert "fum.7d" not in told(stays=[arrived], claims=[hospital])


def test_scenario_11_an_emergency_visit_on_a_day_of_a_stay_is_none() -> None:
    billed = visit("10-01", "99283", MENTAL, "23")
    assert told(stays=[stay("10-01", "10-04", MENTAL)], claims=[billed])["amb_ed"] == "0/12"


def test_scenario_25_a_psychiatric_readmission() -> None:
    stays = [stay("02-20", "03-01", MENTAL), stay("03-15", "03-20", MENTAL)]
    assert told(stays=stays, claims=[visit("03-20", "90834", MENTAL)])["fuh.7d"] == "0/1"
    seen = told(stays=stays, claims=[visit("03-20", "90834", MENTAL), visit("03-26", "90834", MENTAL)])
    assert (seen["fuh.7d"], seen["fuh.30d"]) == ("1/1", "1/1")
    assert "fuh.7d" not in told(stays=[stays[0], stay("03-15", "03-20")])


def test_a_mental_health_provider_is_follow_up_after_a_stay_but_not_after_an_emergency() -> None:
    plain = visit("03-03", "90834", specialty="psychiatry")
    assert told(stays=[stay("02-20", "03-01", MENTAL)], claims=[plain])["fuh.7d"] == "1/1"
    assert told(claims=[visit("03-01", "99283", MENTAL, "23"), plain])["fum.7d"] == "0/1"
    assert told(claims=[visit("03-01", "99283", ("F10.20",), "23"), plain])["fua.7d"] == "1/1"


def test_a_drug_for_dependence_is_follow_up() -> None:
    came = visit("03-01", "99283", ("Z71.9", "T40.1X1A"), "23")
    found = told(claims=[came], fills=[fill("03-09", "buprenorphine/naloxone", 30)])
    assert (found["fua.7d"], found["fua.30d"]) == ("0/1", "1/1")


def test_scenario_26_blood_pressure_flips() -> None:
    visits = [visit("01-15", diagnoses=["I10"]), visit("02-01", diagnoses=["I10"])]
    june, september = result("06-01", "blood_pressure", 132, 84), result("09-10", "blood_pressure", 150, 92)
    again = result("09-10", "blood_pressure", 138, 94)
    emergency = result("10-01", "blood_pressure", 120, 70, in_emergency=True)
    assert told(claims=visits)["cbp"] == "0/1"
    assert told(claims=visits, results=[june])["cbp"] == "1/1"
    assert told(claims=visits, results=[june, september])["cbp"] == "0/1"
    assert told(claims=visits, results=[june, september, again, emergency])["cbp"] == "0/1"
    assert told(claims=visits, results=[june, emergency])["cbp"] == "1/1"
    assert "cbp" not in told(claims=visits[:1], results=[june])
    assert told(claims=visits, results=[result("01-20", "blood_pressure", 120, 70)])["cbp"] == "0/1"


def test_a_blood_pressure_read_in_acute_care_does_not_count() -> None:
    visits = [visit("01-10", diagnoses=["I10"]), visit("02-01", diagnoses=["I10"])]
    readings = [result("06-01", "blood_pressure", 132, 84), result("09-10", "blood_pressure", 150, 92)]

    def met(*more: Claim, stays: Sequence[Stay] = ()) -> str:
        return told(claims=[*visits, *more], results=readings, stays=stays)["cbp"]

    assert met() == "0/1"
    assert met(visit("09-10", "99284", place="23")) == "1/1"
    assert met(visit("09-09", "99284", place="23")) == "0/1"
    assert met(stays=[stay("09-08", "09-12")]) == "1/1"
    assert met(stays=[stay("09-08", "09-12", stay_class="observation")]) == "0/1"
    ended = replace(stay("09-08", "09-10"), begins_at=noon("09-08"), ends_at=noon("09-10") - timedelta(minutes=1))
    assert met(stays=[ended]) == "0/1"
    assert met(stays=[replace(ended, ends_at=noon("09-10"))]) == "1/1"
    assert met(stays=[replace(ended, last=None, ends_at=None)]) == "1/1"
    # The visit's own bill says no more than the hospital did.
    assert met(visit("09-10", "99284", place="23"), stays=[replace(ended, stay_class="emergency")]) == "0/1"


def test_scenario_27_the_last_hba1c() -> None:
    visits = [visit("01-15", diagnoses=["E11.9"]), visit("02-01", diagnoses=["E11.9"])]
    may, november = result("05-01", "hba1c", 8.2), result("11-20", "hba1c", 7.6)
    found = told(claims=visits, results=[may])
    assert (found["gsd.lt8"], found["gsd.gt9"]) == ("0/1", "0/1")
    found = told(claims=visits, results=[may, november])
    assert (found["gsd.lt8"], found["gsd.gt9"]) == ("1/1", "0/1")
    found = told(claims=visits)
    assert (found["gsd.lt8"], found["gsd.gt9"]) == ("0/1", "1/1")


def test_diabetes_is_two_days_of_diagnosis_or_one_and_a_drug_and_no_laboratory_bill() -> None:
    once = visit("01-15", diagnoses=["E11.9"])
    assert "gsd.lt8" not in told(claims=[once])
    assert told(claims=[once], fills=[fill("03-01")])["gsd.lt8"] == "0/1"
    assert "gsd.lt8" not in told(claims=[once, visit("02-01", "83036", ["E11.9"], "81")])


@pytest.mark.parametrize(
    ("fills", "expected"),
    [
        ([("01-01", 90), ("03-25", 90), ("07-05", 90), ("10-15", 90)], "1/1 0.9534"),
        ([("03-25", 90), ("07-05", 90), ("09-25", 90)], "1/1 0.9574"),
        ([("10-04", 30), ("11-01", 30)], None),
        ([("01-01", 90)], None),
    ],
)
def test_published_spans_of_adherence(fills: list[tuple[str, int]], expected: str | None) -> None:
    found = told(fills=[fill(on, days=days) for on, days in fills])
    assert found.get("pdc.diabetes") == expected


def test_two_drugs_of_a_class_do_not_wait_for_each_other() -> None:
    found = told(fills=[fill("01-01", "lisinopril"), fill("04-01", "losartan")])
    assert found["pdc.rasa"] == "0/1 0.4932"
    both = [fill("01-01", "lisinopril"), fill("03-25", "lisinopril/hydrochlorothiazide")]
    assert told(fills=both)["pdc.rasa"] == "0/1 0.4932"


def test_scenario_28_supply_waits_while_the_member_is_away() -> None:
    fills = [fill(on, days=30) for on in ("01-10", "02-05", "03-20", "05-01")]
    rows = [replace(ROW, covered_to=date(2025, 5, 31))]
    assert told(fills=fills, rows=rows)["pdc.diabetes"] == "1/1 0.8451"
    assert told(fills=fills, rows=rows, stays=[stay("04-10", "04-15")])["pdc.diabetes"] == "1/1 0.8759"


def test_drugs_that_exclude() -> None:
    fills = [fill("01-01"), fill("04-01")]
    assert "pdc.diabetes" in told(fills=fills)
    assert "pdc.diabetes" not in told(fills=[*fills, fill("05-01", "insulin glargine")])
    assert "pdc.diabetes" not in told(fills=fills, claims=[visit("06-01", diagnoses=["N18.6"])])
    assert "pdc.diabetes" not in told(fills=fills, claims=[visit("06-01", "Q5003")])


def test_scenario_30_outreach() -> None:
    first = replace(ROW, received_at=noon("08-01"), ecm_from=None, assigned_on=day("08-01"), status="assigned")
    mailing = deed("outreach_attempt", "08-02", outcome="sent", mode="mass_mail")
    call = deed("outreach_attempt", "08-05", outcome="no_answer", mode="phone")
    assert told("2025-08-04", rows=[first], deeds=[mailing])["ecm.outreach_10"] == "0/1"
    assert told("2025-08-20", rows=[first], deeds=[mailing, call])["ecm.outreach_10"] == "1/1"
    late = deed("outreach_attempt", "08-12", outcome="reached", mode="text")
    assert told("2025-08-20", rows=[first], deeds=[late])["ecm.outreach_10"] == "0/1"
    enrolled = replace(first, received_at=noon("09-01"), ecm_from=day("09-01"), status="")
    plan = deed("care_plan_completed", "11-30")
    found = told(rows=[first, enrolled], deeds=[plan])
    assert (found["ecm.enrolment_90"], found["ecm.careplan_90"]) == ("1/1", "1/1")
    assert "ecm.outreach_10" not in told(rows=[ROW])


def test_scenario_29_files_in_time() -> None:
    june = date(2025, 6, 1)
    last_minute = end_of_day(date(2025, 7, 10), ZONE) - timedelta(minutes=1)
    assert due_at(june) == end_of_day(date(2025, 7, 10), ZONE)

    def counts(at: datetime, *versions: Sent) -> dict[str, str]:
        return {m.measure: f"{m.numerator}/{m.denominator}" for m in on_time(versions, at, (2025,)) if m.denominator}

    in_time = Sent("PLANA", "P1", "rtf", june, last_minute, is_accepted=True)
    late = Sent("PLANA", "P1", "otf", june, last_minute + timedelta(minutes=4), is_accepted=True)
    corrected = replace(late, received_at=last_minute + timedelta(days=5))
    assert counts(noon("07-20"), in_time, late, corrected) == {"ecm.rtf_on_time": "1/1", "ecm.otf_on_time": "0/1"}
    refused = replace(in_time, is_accepted=False)
    found = counts(noon("07-20"), refused, replace(in_time, received_at=noon("07-15")))
    assert found == {"ecm.rtf_on_time": "0/1", "ecm.otf_on_time": "0/1"}  # what never came is not in time either


def test_scenario_32_an_acute_stay_inside_a_nursing_stay() -> None:
    stays = [stay("01-10", "03-01", stay_class="snf"), stay("02-03", "02-06")]
    found = told(stays=stays)
    assert (found[ENGAGED], found[READMITTED]) == ("0/1", "0/1")


def test_depression_is_screened_and_followed_up() -> None:
    assert told()["dsf.screening"] == "0/1"
    found = told(results=[result("03-01", "phq2", 2)])
    assert (found["dsf.screening"], "dsf.follow_up" in found) == ("1/1", False)
    positive = result("03-01", "phq2", 3)
    assert told(results=[positive])["dsf.follow_up"] == "0/1"
    assert told(results=[positive, result("03-01", "phq9", 9)])["dsf.follow_up"] == "1/1"
    assert told(results=[positive], claims=[visit("03-31", "90834", MENTAL)])["dsf.follow_up"] == "1/1"
    assert told(results=[positive], claims=[visit("04-01", "90834", MENTAL)])["dsf.follow_up"] == "0/1"
    assert "dsf.screening" not in told(claims=[visit("2024-05-05", diagnoses=["F31.9"])])


def test_months_of_membership_are_those_whose_fifteenth_is_past_and_covered() -> None:
    assert told("2025-03-15")["amb_ed"] == "0/2"
    assert told("2025-03-16")["amb_ed"] == "0/3"
    assert told("2026-02-16", rows=[replace(ROW, covered_to=date(2025, 3, 14))], years=(2025, 2026)) == {
        "amb_ed": "0/2"
    }


def test_depression_needs_no_coverage_on_the_last_day_and_blood_pressure_does() -> None:
    left = [replace(ROW, covered_to=date(2025, 11, 16))]
    visits = [visit("01-15", diagnoses=["I10"]), visit("02-01", diagnoses=["I10"])]
    found = told(claims=visits, rows=left)
    assert (found["dsf.screening"], "cbp" in found) == ("0/1", False)
    assert "dsf.screening" not in told(rows=[replace(ROW, covered_to=date(2025, 11, 15))])


def test_nobody_enrols_after_death() -> None:
    died = stay("02-01", "02-05", disposition="20")
    row = replace(ROW, received_at=noon("03-06"), ecm_from=day("03-06"), assigned_on=day("03-06"))
    assert "ecm.careplan_90" in told(rows=[row])
    assert "ecm.careplan_90" not in told(rows=[row], stays=[died])
