"""A claim, a fill, a care event and a resource, as items."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from models.clinical import Clinical, Part, Ranked
from models.events import CareEvent, Claim, Fill, Teller
from models.time import Stamp
from services.measures.entering.care_events import enter_care_event
from services.measures.entering.claims import enter_claim
from services.measures.entering.clinical import enter_clinical
from services.measures.entering.fills import enter_fill
from services.measures.items import FOREVER, PAST, Item
from services.measures.listed import Listed
from services.measures.value_sets import ValueSets

ZONE = ZoneInfo("America/Los_Angeles")
TOLD = (Teller("a" * 64, datetime(2025, 3, 9, 12, tzinfo=UTC), "F1"),)
SETS = ValueSets(
    {
        name: Listed(frozenset(codes.split(",")))
        for name, codes in {
            "visit": "hcpcs|99213,revenue|0510",
            "procedure": "icd10pcs|02703DZ",
            "tension": "icd10cm|I10",
            "office": "pos|11",
            "therapist": "specialty|psychologist",
            "diabetes-drugs": "ingredient|metformin,ingredient|glipizide",
            "rasa": "ingredient|valsartan",
            "arni": "ingredient|sacubitril/valsartan",
            "bp": "loinc|85354-9",
            "systolic": "loinc|8480-6",
            "home": "disposition|01",
        }.items()
    }
)


def day(month: int, number: int) -> int:
    return date(2025, month, number).toordinal()


def claim(**fields: object) -> Claim:
    return Claim(**({"member_id": "M1", "claim_id": "C1", "service_from": date(2025, 3, 6)} | fields))  # type: ignore[arg-type]


def of_kind(items: tuple[Item, ...], kind: str) -> list[Item]:
    return [item for item in items if item.kind == kind]


def test_a_claim_is_a_visit_with_its_place_provider_and_diagnoses() -> None:
    told = claim(
        procedure_codes=("99213",),
        diagnosis_codes=("E119", "I10"),
        place_of_service="11",
        provider_specialty="Psychologist",
        status="denied",
    )
    visit = enter_claim(told, TOLD, SETS)[0]
    assert (visit.kind, visit.id, visit.first, visit.last) == ("claim", "claim:C1", day(3, 6), day(3, 6))
    assert (visit.sets, visit.pos, visit.by) == ({"visit"}, {"office"}, {"therapist"})
    assert (visit.dx, visit.principal, visit.status, visit.setting) == ({"tension"}, set(), "denied", "outpatient")
    assert visit.names == ("a" * 64,)


def test_revenue_codes_and_codes_of_hospital_procedures_tell_of_visits_too() -> None:
    told = claim(revenue_codes=("0510",), procedure_codes=("02703DZ",))
    assert enter_claim(told, TOLD, SETS)[0].sets == {"visit", "procedure"}


def test_listed_diagnoses_and_procedures_are_items_of_their_own_and_the_others_share_one() -> None:
    told = claim(diagnosis_codes=("E119", "I10", "Z000"), procedure_codes=("99213",), service_to=date(2025, 3, 8))
    items = enter_claim(told, TOLD, SETS)
    found = [(item.id, item.last, item.sets, item.codes) for item in of_kind(items, "condition")]
    assert found == [
        ("claim:C1/icd10cm|I10", day(3, 8), {"tension"}, ("icd10cm|I10",)),
        ("claim:C1/condition", day(3, 8), set(), ("icd10cm|E119", "icd10cm|Z000")),
    ]
    assert [item.id for item in of_kind(items, "procedure")] == ["claim:C1/hcpcs|99213"]


def test_a_laboratorys_diagnoses_are_no_conditions() -> None:
    assert not of_kind(enter_claim(claim(diagnosis_codes=("I10",), place_of_service="81"), TOLD, SETS), "condition")


def test_a_claim_without_a_day_is_nothing() -> None:
    assert enter_claim(claim(service_from=None), TOLD, SETS) == ()


def test_a_combination_is_its_ingredients_unless_a_set_lists_the_whole() -> None:
    (both,) = enter_fill(Fill("M1", "F1", date(2025, 1, 5), "", "glipizide/metformin", 30), TOLD, SETS)
    assert (both.sets, both.ingredients, both.days) == (
        {"diabetes-drugs"},
        ("ingredient|glipizide", "ingredient|metformin"),
        30,
    )
    (whole,) = enter_fill(Fill("M1", "F2", date(2025, 1, 5), "", "sacubitril / valsartan", 30), TOLD, SETS)
    assert (whole.sets, whole.ingredients) == ({"arni"}, ("ingredient|sacubitril/valsartan",))
    (partly,) = enter_fill(Fill("M1", "F3", date(2025, 1, 5), "", "valsartan/hydrochlorothiazide", 30), TOLD, SETS)
    assert [part.sets for part in partly.parts] == [{"rasa"}, set()]


def test_a_fill_that_names_no_ingredient_is_its_own_product() -> None:
    (fill,) = enter_fill(Fill("M1", "F1", date(2025, 1, 5), "00001000101", "", None), TOLD, SETS)
    assert (fill.ingredients, fill.days) == (("ndc|00001000101",), 0)


def test_a_care_event_is_known_by_type_outcome_mode_and_recipient_on_its_local_day() -> None:
    late = datetime(2025, 3, 9, 6, tzinfo=UTC)  # ten in the evening of the day before, in Los Angeles
    event = CareEvent("M1", late, "notification_delivered", "A1", "ongoing_provider", "sent", (("to", "lead_cm"),))
    (item,) = enter_care_event(event, TOLD, ZONE)
    word = "notification-delivered"
    assert item.sets == {word, f"{word}:ongoing-provider", f"{word}:sent", f"{word}:lead-cm"}
    assert (item.first, item.start, item.place) == (day(3, 8), late, "A1")
    assert ("mode", "ongoing_provider") in item.detail


def test_a_discharge_letter_is_complete_with_all_six_parts() -> None:
    parts = ("diagnoses", "instructions", "medications", "practitioner", "tests", "treatment")
    at = datetime(2025, 3, 9, 20, tzinfo=UTC)
    for held in (parts, parts[1:]):
        event = CareEvent("M1", at, "discharge_information_received", detail=tuple((part, "") for part in held))
        (item,) = enter_care_event(event, TOLD, ZONE)
        assert ("discharge-information-received:complete" in item.sets) == (held == parts)


def test_a_care_plan_has_the_word_that_pages_use_and_a_note_on_a_task_is_no_event() -> None:
    at = datetime(2025, 3, 9, 20, tzinfo=UTC)
    assert enter_care_event(CareEvent("M1", at, "care_plan_completed"), TOLD, ZONE)[0].sets == {"careplan-completed"}
    assert enter_care_event(CareEvent("M1", at, "task_note"), TOLD, ZONE) == ()


def stamp(*wall: int, offset: int | None = None) -> Stamp:
    at = datetime(*wall)  # type: ignore[arg-type]  # noqa: DTZ001 - a wall time as written
    return Stamp(at, offset, "second" if len(wall) > 3 else "day")


def enter(clinical: Clinical) -> Item:
    (item,) = enter_clinical(clinical, TOLD, ZONE, SETS)
    return item


def test_a_result_is_dated_by_the_end_of_what_it_was_measured_over_on_the_local_day() -> None:
    reading = Clinical(
        "observation", "F1|Patient|p", "Observation/o1", "final", codes=("loinc|85354-9",),
        start=stamp(2025, 3, 7), end=stamp(2025, 3, 9, 6, offset=0), parts=(Part(("loinc|8480-6",), 139.0),),
    )  # fmt: skip
    item = enter(reading)
    assert (item.first, item.last, item.sets) == (day(3, 8), day(3, 8), {"bp"})
    assert item.start == datetime(2025, 3, 9, 6, tzinfo=UTC)
    assert [(part.sets, part.number) for part in item.parts] == [({"systolic"}, 139.0)]


def test_a_cancelled_result_is_dated_by_its_issue_and_one_without_any_day_is_nothing() -> None:
    bare = Clinical("observation", "F1|Patient|p", "Observation/o1", "cancelled", recorded=stamp(2025, 3, 7))
    assert enter(bare).first == day(3, 7)
    assert enter_clinical(Clinical("observation", "F1|Patient|p", "Observation/o2"), TOLD, ZONE, SETS) == ()


def test_a_condition_goes_on_until_it_is_said_to_have_ended() -> None:
    def condition(**fields: object) -> Item:
        return enter(Clinical("condition", "F1|Patient|p", "Condition/c", codes=("icd10cm|I10",), **fields))  # type: ignore[arg-type]

    since = condition(start=stamp(2025, 3, 7))
    assert (since.first, since.last, since.ended) == (day(3, 7), FOREVER, False)
    assert condition(activity="active").first == PAST
    assert condition(start=stamp(2025, 3, 7), activity="resolved").last == day(3, 7)
    assert condition(start=stamp(2025, 3, 7), end=stamp(2025, 4, 1)).last == day(4, 1)


def test_an_encounter_tells_its_class_diagnoses_and_where_it_led() -> None:
    visit = enter(
        Clinical(
            "encounter", "F1|Patient|p", "Encounter/e", "finished", start=stamp(2025, 3, 7, 9, 30),
            end=stamp(2025, 3, 8), act_class="IMP", disposition=("disposition|01",),
            diagnoses=(Ranked(("icd10cm|E119",), 1), Ranked(("icd10cm|I10",), 2)),
        )
    )  # fmt: skip
    assert (visit.setting, visit.act_class, visit.discharge_code) == ("acute", "IMP", "01")
    assert (visit.dx, visit.principal, visit.disposition) == ({"tension"}, set(), {"home"})
    assert (visit.first, visit.last, visit.end) == (day(3, 7), day(3, 8), None)
