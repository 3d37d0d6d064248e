"""What measures count: which discharges, visits, days and assignments are one unit, and which are none."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from services.measures.items import Item
from services.measures.units.args import Args
from services.measures.units.assignment import AssignmentArgs, assignment
from services.measures.units.builders import BUILDERS
from services.measures.units.ed_visit import EdArgs, ed_visit
from services.measures.units.enrolment import EnrolmentArgs, enrolment
from services.measures.units.file_month import FileArgs, file_month
from services.measures.units.fuh_discharge import FuhArgs, fuh_discharge
from services.measures.units.member_month import member_month
from services.measures.units.pcr_index import PcrArgs, pcr_index
from services.measures.units.tcs_transition import TransitionArgs, tcs_transition
from services.measures.units.trc_chain import trc_chain
from services.measures.units.treatment_period import TreatmentArgs, treatment_period
from services.measures.units.unit import Unit
from tests.unit.measures.facts import PERIOD, assigned, day, fill, index, person, shown, stay

PLANNED = PcrArgs(planned_principal=("chemo",), excluded_principal=("pregnancy",))
MENTAL = FuhArgs(principal_dx=("mental",), any_dx=("self-harm",))
CHEMO, PREGNANT, ILL = frozenset({"chemo"}), frozenset({"pregnancy"}), frozenset({"mental"})


def told(units: list[Unit]) -> list[str]:
    """Units as `key first last`, with their tags."""
    return [" ".join((u.key, shown(u.first), shown(u.last), *sorted(u.tags))) for u in units]


# -- transitions of care -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("admitted", "expected"), [("04-05", ["a 03-03 04-08"]), ("04-06", ["a 03-03 03-06", "b 04-06 04-08"])]
)
def test_an_admission_on_the_thirtieth_day_extends_a_chain(admitted: str, expected: list[str]) -> None:
    facts = index(stay("a", "03-03", "03-06"), stay("b", admitted, "04-08", setting="snf"))
    assert told(trc_chain(facts, PERIOD, Args())) == expected


def test_each_discharge_of_a_chain_looks_thirty_days_ahead() -> None:
    facts = index(stay("a", "03-03", "03-06"), stay("b", "04-01", "04-03"), stay("c", "05-01", "05-04"))
    assert told(trc_chain(facts, PERIOD, Args())) == ["a 03-03 05-04"]


def test_a_chain_belongs_to_the_year_of_its_last_discharge_and_ends_by_december_1() -> None:
    assert told(
        trc_chain(index(stay("a", "2024-12-10", "2024-12-20"), stay("b", "01-05", "01-10")), PERIOD, Args())
    ) == ["a 2024-12-10 01-10"]
    assert trc_chain(index(stay("a", "11-20", "11-28"), stay("b", "12-20", "12-24")), PERIOD, Args()) == []
    assert trc_chain(index(stay("a", "11-28", "12-02")), PERIOD, Args()) == []


def test_an_acute_stay_inside_a_nursing_stay_leaves_the_nursing_discharge_only() -> None:
    facts = index(stay("n", "01-10", "03-01", setting="snf"), stay("h", "02-03", "02-06"))
    assert told(trc_chain(facts, PERIOD, Args())) == ["n 01-10 03-01"]


def test_a_readmission_without_a_known_discharge_is_passed_over() -> None:
    facts = index(stay("a", "03-03", "03-06"), stay("b", "03-20"))
    assert told(trc_chain(facts, PERIOD, Args())) == ["a 03-03 03-06"]


def test_observation_is_no_stay_of_a_chain() -> None:
    facts = index(stay("o", "03-01", "03-03", setting="observation"), stay("a", "03-03", "03-06"))
    assert told(trc_chain(facts, PERIOD, Args())) == ["a 03-03 03-06"]


# -- readmissions ------------------------------------------------------------------------------------------------------


def test_the_example_of_the_specification_credits_the_planned_stay() -> None:
    facts = index(
        stay("a", "05-01", "05-10"), stay("b", "05-15", "05-25", principal=CHEMO), stay("c", "05-30", "06-05")
    )
    assert told(pcr_index(facts, PERIOD, PLANNED)) == ["a 05-01 05-10", "b 05-15 05-25 readmitted", "c 05-30 06-05"]


@pytest.mark.parametrize(("admitted", "tagged"), [("04-05", " readmitted"), ("04-06", "")])
def test_a_readmission_begins_within_thirty_days(admitted: str, tagged: str) -> None:
    units = pcr_index(index(stay("a", "03-03", "03-06"), stay("b", admitted, "04-09")), PERIOD, PLANNED)
    assert told(units)[0] == f"a 03-03 03-06{tagged}"


@pytest.mark.parametrize(("admitted", "number"), [("02-03", 1), ("02-04", 1), ("02-05", 2)])
def test_a_gap_of_a_day_is_a_transfer(admitted: str, number: int) -> None:
    assert len(pcr_index(index(stay("a", "02-01", "02-03"), stay("b", admitted, "02-08")), PERIOD, PLANNED)) == number


def test_stays_of_a_day_deaths_and_pregnancies_are_no_index_stays() -> None:
    dropped = [
        stay("day", "01-03", "01-03"),
        stay("died", "02-03", "02-06", discharge_code="20"),
        stay("home", "03-03", "03-06", principal=PREGNANT),
        stay("moved", "03-07", "03-09"),
        stay("late", "11-20", "12-02"),
    ]
    assert pcr_index(index(*dropped), PERIOD, PLANNED) == []
    assert pcr_index(index(stay("a", "04-01", "04-04"), who=person(died="04-04")), PERIOD, PLANNED) == []


def test_a_stay_that_goes_on_is_a_readmission_and_swallows_nothing_that_follows() -> None:
    facts = index(stay("a", "03-03", "03-06"), stay("b", "03-20"), stay("c", "05-01", "05-04"))
    assert told(pcr_index(facts, PERIOD, PLANNED)) == ["a 03-03 03-06 readmitted", "c 05-01 05-04"]


def test_a_lost_discharge_of_a_transfer_is_made_good_by_the_second_stay() -> None:
    assert told(pcr_index(index(stay("a", "02-01"), stay("b", "02-02", "02-08")), PERIOD, PLANNED)) == ["a 02-01 02-08"]


def test_four_index_stays_are_outliers() -> None:
    four = [stay(month, f"{month}-01", f"{month}-04") for month in ("01", "03", "05", "07")]
    assert all("outlier" in unit.tags for unit in pcr_index(index(*four), PERIOD, PLANNED))
    assert not any(unit.tags for unit in pcr_index(index(*four[:3]), PERIOD, PLANNED))


def test_an_often_planned_procedure_is_planned_unless_the_diagnosis_is_acute() -> None:
    args = PcrArgs(potentially_planned_procedures=("bypass",), acute_principal=("attack",))
    bypass = Item(kind="procedure", id="p", first=day("03-21"), last=day("03-21"), sets=frozenset({"bypass"}))
    first = stay("a", "03-03", "03-06")
    planned = pcr_index(index(first, stay("b", "03-20", "03-24"), bypass), PERIOD, args)
    acute = pcr_index(index(first, stay("b", "03-20", "03-24", principal=frozenset({"attack"})), bypass), PERIOD, args)
    assert (planned[0].tags, acute[0].tags) == (frozenset(), frozenset({"readmitted"}))


# -- mental illness ----------------------------------------------------------------------------------------------------


def test_a_readmission_for_mental_illness_keeps_the_last_discharge_and_the_first_id() -> None:
    facts = index(stay("a", "02-20", "03-01", principal=ILL), stay("b", "03-15", "03-20", principal=ILL))
    assert told(fuh_discharge(facts, PERIOD, MENTAL)) == ["a 02-20 03-20"]


def test_a_readmission_for_anything_else_drops_both_and_spares_what_comes_later() -> None:
    facts = index(
        stay("a", "02-20", "03-01", principal=ILL),
        stay("b", "03-31", "04-02"),
        stay("c", "04-20", "04-25", principal=ILL),
    )
    assert told(fuh_discharge(facts, PERIOD, MENTAL)) == ["c 04-20 04-25"]


@pytest.mark.parametrize(("admitted", "number"), [("03-01", 0), ("03-31", 0), ("04-01", 1)])
def test_a_nonacute_admission_within_thirty_days_drops_the_discharge(admitted: str, number: int) -> None:
    facts = index(stay("a", "02-20", "03-01", principal=ILL), stay("n", admitted, "05-01", setting="snf"))
    assert len(fuh_discharge(facts, PERIOD, MENTAL)) == number


def test_psychiatric_residential_treatment_drops_nothing() -> None:
    facts = index(stay("a", "02-20", "03-01", principal=ILL), stay("r", "03-02", "05-01", setting="psych_res"))
    assert len(fuh_discharge(facts, PERIOD, MENTAL)) == 1


def test_while_a_readmission_goes_on_there_is_no_discharge() -> None:
    facts = index(stay("a", "02-20", "03-01", principal=ILL), stay("b", "03-15", principal=ILL))
    assert fuh_discharge(facts, PERIOD, MENTAL) == []


# -- emergency visits and months ---------------------------------------------------------------------------------------


def test_visits_of_a_day_are_one_unless_places_are_known_to_differ() -> None:
    def seen(*places: str) -> int:
        visits = [stay(f"e{n}", "03-03", "03-03", "emergency", place=place) for n, place in enumerate(places)]
        return len(ed_visit(index(*visits), PERIOD, EdArgs()))

    assert [seen("H1", "H1"), seen("H1", ""), seen("", ""), seen("H1", "H2"), seen("H1", "", "H2")] == [1, 1, 1, 2, 2]


@pytest.mark.parametrize(("arrived", "number"), [("03-02", 1), ("03-03", 0), ("03-05", 0), ("03-06", 1)])
def test_a_visit_during_a_stay_is_part_of_it_but_on_the_day_of_discharge(arrived: str, number: int) -> None:
    facts = index(stay("e", arrived, arrived, "emergency"), stay("a", "03-03", "03-06"))
    assert len(ed_visit(facts, PERIOD, EdArgs())) == number


def test_a_visit_is_dated_by_the_day_of_arrival() -> None:
    facts = index(stay("e", "03-31", "04-01", "emergency"))
    assert told(ed_visit(facts, PERIOD, EdArgs())) == ["e 03-31 03-31"]


def test_a_month_counts_once_its_covered_fifteenth_is_past() -> None:
    facts = index(stay("e", "02-03", "02-03", "emergency"), who=person(("01-16", "04-15")), today="04-15")
    months = member_month(facts, PERIOD, Args())
    assert [(unit.key, len(unit.facts)) for unit in months] == [("2025-02", 1), ("2025-03", 0)]
    later = index(who=person(("01-16", "04-15")), today="04-16")
    assert len(member_month(later, PERIOD, Args())) == 3


# -- adherence ---------------------------------------------------------------------------------------------------------

CLASS = TreatmentArgs(fills=("class",), gap_days_max=45)


def test_treatment_runs_from_the_first_fill_to_the_first_of_four_ends() -> None:
    drug = fill("a", "01-10", 30)
    assert told(treatment_period(index(drug), PERIOD, CLASS)) == [" 01-10 12-31"]
    assert told(treatment_period(index(drug, today="05-05"), PERIOD, CLASS)) == [" 01-10 05-05"]
    assert told(treatment_period(index(drug, who=person(("2020-01-01", "05-31"))), PERIOD, CLASS)) == [" 01-10 05-31"]
    assert told(treatment_period(index(drug, who=person(died="03-03")), PERIOD, CLASS)) == [" 01-10 03-03"]


def test_a_short_gap_in_coverage_is_bridged_and_a_longer_one_ends_treatment() -> None:
    drug = fill("a", "01-10", 30)
    bridged = person(("2020-01-01", "03-31"), ("05-16", ""))
    left = person(("2020-01-01", "03-31"), ("05-17", ""))
    assert told(treatment_period(index(drug, who=bridged), PERIOD, CLASS)) == [" 01-10 12-31"]
    assert told(treatment_period(index(drug, who=left), PERIOD, CLASS)) == [" 01-10 03-31"]


def test_a_fill_that_nobody_covers_or_of_the_year_before_begins_nothing() -> None:
    early, drug = fill("a", "2024-12-20", 30), fill("a", "02-10", 30)
    assert told(treatment_period(index(early, drug), PERIOD, CLASS)) == [" 02-10 12-31"]
    assert told(treatment_period(index(fill("a", "01-05", 30), drug, who=person(("02-01", ""))), PERIOD, CLASS)) == [
        " 02-10 12-31"
    ]
    assert treatment_period(index(fill("a", "01-05", 30), who=person(("02-01", ""))), PERIOD, CLASS) == []


# -- transitional care, assignments, enrolments, files -----------------------------------------------------------------


@pytest.mark.parametrize("code", ["01", "06", "07", "69", "", "99"])
def test_a_discharge_to_the_community_starts_a_transition(code: str) -> None:
    facts = index(stay("a", "03-03", "03-06", discharge_code=code))
    assert len(tcs_transition(facts, PERIOD, TransitionArgs(days=7))) == 1


@pytest.mark.parametrize("code", ["02", "03", "20", "30", "50", "62", "70", "83"])
def test_any_other_does_not(code: str) -> None:
    assert tcs_transition(index(stay("a", "03-03", "03-06", discharge_code=code)), PERIOD, TransitionArgs(days=7)) == []


@pytest.mark.parametrize(("admitted", "setting", "tagged"), [
    ("03-06", "acute", True), ("03-13", "snf", True), ("03-14", "acute", False), ("03-08", "observation", False),
])  # fmt: skip
def test_the_next_bed_within_the_days_supersedes(admitted: str, setting: str, tagged: bool) -> None:
    facts = index(stay("a", "03-03", "03-06"), stay("b", admitted, "03-20", setting))
    assert ("superseded" in tcs_transition(facts, PERIOD, TransitionArgs(days=7))[0].tags) == tagged


def test_a_stay_of_one_day_does_not_supersede_itself_and_a_stay_before_it_does_not_either() -> None:
    morning = [datetime(2025, 3, 6, hour, tzinfo=UTC) for hour in (6, 9, 12, 15)]
    early = stay("a", "03-06", "03-06", start=morning[0], end=morning[1])
    late = stay("b", "03-06", "03-06", start=morning[2], end=morning[3])
    units = tcs_transition(index(early, late), PERIOD, TransitionArgs(days=7))
    assert told(units) == ["a 03-06 03-06 superseded", "b 03-06 03-06"]


def test_an_assignment_begins_with_the_day_it_names_and_ends_with_its_first_receipt() -> None:
    who = person(assignments=(assigned("P1", "08-01", received="08-02", status="unable_to_reach"),))
    assert told(assignment(index(who=who), PERIOD, AssignmentArgs(days=10))) == [
        "P1@2025-08-01 08-01 08-02 unable-to-reach"
    ]


@pytest.mark.parametrize(("more", "tags"), [
    ({"enrolled": "08-01"}, {"already-enrolled"}), ({"enrolled": "08-02"}, {"enrolled"}),
    ({"enrolled": "08-11"}, {"enrolled"}), ({"enrolled": "08-12"}, set()),
    ({"until": "08-10"}, {"removed"}), ({"until": "08-11"}, set()),
])  # fmt: skip
def test_what_became_of_an_assignment_within_its_days(more: dict[str, str], tags: set[str]) -> None:
    who = person(assignments=(assigned("P1", "08-01", **more),))
    assert assignment(index(who=who), PERIOD, AssignmentArgs(days=10))[0].tags == tags


def test_an_assignment_restated_is_one_and_the_last_word_on_it_holds() -> None:
    who = person(assignments=(assigned("P1", "08-01", status="outreach"), assigned("P1", "08-01", enrolled="08-20")))
    assert told(assignment(index(who=who), PERIOD, AssignmentArgs(days=90))) == ["P1@2025-08-01 08-01 08-01 enrolled"]


def test_an_enrolment_is_the_day_on_which_ecm_starts_however_often_it_is_stated() -> None:
    rows = (assigned("P1", "03-01", enrolled="03-05"), assigned("P1", "04-01", enrolled="03-05", ended="05-01"))
    assert told(enrolment(index(who=person(assignments=rows)), PERIOD, EnrolmentArgs(days=90))) == [
        "P1@2025-03-05 03-05 03-05 disenrolled"
    ]


def test_a_month_of_files_belongs_to_its_own_year_and_closes_when_the_file_is_due() -> None:
    june = Item(
        kind="event", id="rtf:2025-06", first=day("06-01"), last=day("06-30"), number=float(day("07-10")),
        sets=frozenset({"rtf-due", "rtf-on-time"}),
    )  # fmt: skip
    december = Item(
        kind="event", id="rtf:2024-12", first=day("2024-12-01"), last=day("2024-12-31"), sets=frozenset({"rtf-due"})
    )
    (unit,) = file_month(index(june, december), PERIOD, FileArgs(file="rtf"))
    assert (unit.key, unit.tags, shown(unit.closes)) == ("2025-06", frozenset({"on-time"}), "07-10")


# -- the registry ------------------------------------------------------------------------------------------------------


def test_arguments_are_strict_and_name_their_value_sets() -> None:
    args = BUILDERS["ed_visit"].args.model_validate({"principal_dx": "mental", "any_dx": ["self-harm", "overdose"]})
    assert args.value_sets == {"mental", "self-harm", "overdose"}
    for wrong in ({"principal": "mental"}, {"any_dx": 3}):
        with pytest.raises(ValidationError):
            BUILDERS["ed_visit"].args.model_validate(wrong)
    with pytest.raises(ValidationError):
        BUILDERS["assignment"].args.model_validate({"days": "10"})


def test_a_builder_says_which_facts_it_looks_at() -> None:
    args = PcrArgs(planned_procedures=("transplant",))
    assert BUILDERS["pcr_index"].reads(args) == {("stay", ""), ("procedure", "transplant"), ("claim", "transplant")}
    assert BUILDERS["treatment_period"].reads(CLASS) == {("fill", "class")}
    assert [name for name, builder in BUILDERS.items() if builder.turns] == ["treatment_period", "member_month"]
