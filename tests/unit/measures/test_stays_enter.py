"""Stays and emergency visits, each once, whoever tells of them."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.events import Claim, Diagnosis, Facility, PatientClass, Persona, Statement, Teller
from models.reference import Reference
from models.time import Stamp
from models.view import SourceRef, Stay
from services.measures.entering.billed_stays import billed_stays
from services.measures.entering.memory import Nothing
from services.measures.entering.stays import stay_items
from services.measures.entering.told_stays import Snapshot, ToldStay, told_stays
from services.measures.items import FOREVER, Item
from services.measures.listed import Listed
from services.measures.value_sets import ValueSets
from services.member.book import book_of
from services.member.said import Heard
from services.member.stays import Folding, stays

ZONE = ZoneInfo("America/Los_Angeles")
NOON = datetime(2025, 1, 1, 12, tzinfo=ZONE)
SETS = ValueSets({code: Listed(frozenset({f"icd10cm|{code}"})) for code in ("F329", "J189", "T1491", "I10")})
FACILITIES = {
    row.facility_id: row
    for row in (Facility("H1", setting="acute"), Facility("H2", setting="psych"), Facility("N1", setting="snf"))
}


def on(day: int, hour: int = 10, month: int = 3) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=ZONE)


def told(
    stay_id: str,
    admitted: datetime,
    discharged: datetime | None,
    act_class: PatientClass = "inpatient",
    facility: str = "H1",
    *,
    arrived: datetime | None = None,
    diagnoses: tuple[tuple[Diagnosis, ...], ...] = (),
    disposition: str = "",
) -> ToldStay:
    stay = Stay(
        stay_id, facility, act_class, "finished" if discharged else "active", admitted, discharged, disposition,
        (SourceRef("F1", "", f"adt-{stay_id}"),),
    )  # fmt: skip
    snapshots = tuple(Snapshot((on(n + 1), on(n + 1), False, on(n + 1), ""), said) for n, said in enumerate(diagnoses))
    return ToldStay(stay, arrived or admitted, snapshots, (f"adt-{stay_id}",))


def bill(claim_id: str, first: int, last: int | None, bill_type: str = "111", **fields: object) -> Claim:
    days = {"service_from": date(2025, 3, first), "service_to": date(2025, 3, last) if last else None}
    return Claim(**({"member_id": "M1", "claim_id": claim_id, "bill_type": bill_type} | days | fields))  # type: ignore[arg-type]


def entered(*facts: ToldStay | Claim, sets: ValueSets = SETS) -> list[Item]:
    claims = [(fact, (Teller(fact.claim_id, NOON, "F1"),)) for fact in facts if isinstance(fact, Claim)]
    return stay_items([f for f in facts if isinstance(f, ToldStay)], claims, FACILITIES, ZONE, sets, Nothing())


def shown(*facts: ToldStay | Claim) -> list[tuple[str, str, int, int]]:
    """Id, setting, first and last day of March of every stay."""
    march = date(2025, 2, 28).toordinal()
    rows = [item for item in entered(*facts) if item.kind == "stay"]
    return [(s.id, s.setting, s.first - march, 0 if s.last == FOREVER else s.last - march) for s in rows]


def test_a_claim_of_the_day_after_is_the_stay_that_messages_told_with_their_times_and_its_diagnoses() -> None:
    message = told("S1", on(3, 23), on(6), diagnoses=((Diagnosis("J189", "F", 1),),))
    claim = bill("C1", 4, 6, diagnosis_codes=("F329", "T1491"), disposition="01")
    (stay,) = entered(message, claim)
    assert (stay.id, stay.start, stay.end, stay.discharge_code) == ("S1", on(3, 23), on(6), "01")
    assert (stay.principal, stay.dx) == ({"F329"}, {"F329", "T1491"})
    assert stay.names[0] == "adt-S1"
    assert len(stay.names) == 2


@pytest.mark.parametrize(
    "claim",
    [
        bill("C1", 5, 8),  # admitted two days later
        bill("C1", 3, 6, "211"),  # a nursing home
        bill("C1", 3, 6, provider_npi="H2"),  # another hospital that we know
    ],
)
def test_a_claim_of_another_stay_is_a_stay_of_its_own(claim: Claim) -> None:
    assert len(shown(told("S1", on(3), on(6)), claim)) == 2


def test_a_stay_known_from_claims_alone_is_named_by_the_claim_known_first() -> None:
    assert shown(bill("C1", 3, 6)) == [("claim:C1", "acute", 3, 6)]


def test_interim_bills_are_one_stay_that_is_open_until_the_last() -> None:
    first = bill("C1", 1, 10, "112", disposition="30", provider_npi="7")
    second = bill("C2", 11, 20, "113", disposition="30", provider_npi="7", admit_date=date(2025, 3, 1))
    last = bill("C3", 21, 25, "114", disposition="03", provider_npi="7")
    assert shown(first, second) == [("claim:C1", "acute", 1, 0)]
    assert shown(last, second, first)[0][1:] == ("acute", 1, 25)
    assert entered(first, last, second)[0].discharge_code == "03"


def test_a_readmission_on_the_day_of_discharge_is_another_stay_when_both_bills_are_whole() -> None:
    assert len(shown(bill("C1", 3, 6), bill("C2", 6, 9))) == 2


def test_after_the_last_of_several_bills_whatever_begins_is_another_stay() -> None:
    first = bill("C1", 3, 4, "112", disposition="30", admit_date=date(2025, 3, 3))
    last = bill("C2", 5, 6, "114", disposition="02", admit_date=date(2025, 3, 3))
    for begins in (bill("C3", 6, 9), bill("C3", 7, 9), bill("C3", 7, 9, "112", disposition="30")):
        assert [row[0] for row in shown(first, last, begins)] == ["claim:C1", "claim:C3"]
    assert len(shown(bill("C0", 1, 3), first)) == 2
    assert len(shown(first, last, bill("C3", 7, 9, "113", disposition="30"))) == 1


def test_a_discharge_that_only_the_claim_tells_ends_the_stay() -> None:
    assert shown(told("S1", on(3), None), bill("C1", 3, 6)) == [("S1", "acute", 3, 6)]
    assert shown(told("S1", on(3), None)) == [("S1", "acute", 3, 0)]


@pytest.mark.parametrize(
    ("claim", "setting"),
    [
        (bill("C1", 3, 6, "0111"), "acute"),
        (bill("C1", 3, 6, revenue_codes=("0124",)), "psych"),
        (bill("C1", 3, 6, revenue_codes=("0128",)), "irf"),
        (bill("C1", 3, 6, "181"), "snf"),
        (bill("C1", 3, 6, "211"), "snf"),
        (bill("C1", 3, 6, "181", provider_npi="H1"), "snf"),
        (bill("C1", 3, 6, "651"), "ltc"),
        (bill("C1", 3, 6, "861", revenue_codes=("1002",)), "sud_res"),
        (bill("C1", 3, 6, "861", revenue_codes=("1001",)), "psych_res"),
        (bill("C1", 3, 6, "111", provider_npi="H2"), "psych"),
        (bill("C1", 3, 6, "131", revenue_codes=("0762",)), "observation"),
        (bill("C1", 3, 6, "", admit_date=date(2025, 3, 3)), "acute"),
        (bill("C1", 3, 6, "", admit_date=date(2025, 3, 3), revenue_codes=("0450", "0120")), "acute"),
        (bill("C1", 3, 3, "131", revenue_codes=("0450",)), "emergency"),
        (bill("C1", 3, 3, "", place_of_service="23"), "emergency"),
    ],
)
def test_bill_type_and_revenue_codes_say_the_setting(claim: Claim, setting: str) -> None:
    assert [row[1] for row in shown(claim)] == [setting]


def test_an_office_visit_is_no_stay() -> None:
    assert shown(bill("C1", 3, 3, "", procedure_codes=("99213",), place_of_service="11")) == []


def test_the_bills_of_a_hospital_and_a_physician_are_one_emergency_visit() -> None:
    hospital = bill("C1", 3, 3, "131", revenue_codes=("0450",))
    physician = bill("C2", 3, 3, "", procedure_codes=("99284",), place_of_service="23", provider_npi="55")
    assert len(shown(hospital, physician)) == 1
    assert shown(told("S1", on(3, 22), on(4, 4), "emergency"), physician, hospital) == [("S1", "emergency", 3, 4)]


def test_two_emergency_rooms_known_to_differ_are_two_visits() -> None:
    other = bill("C1", 3, 3, "131", revenue_codes=("0450",), provider_npi="H2")
    assert len(shown(told("S1", on(3), on(3, 14), "emergency"), other)) == 2


def test_an_emergency_room_that_admits_is_part_of_the_stay() -> None:
    physician = bill("C1", 3, 3, "", procedure_codes=("99285",), place_of_service="23")
    assert shown(told("S1", on(4, 2), on(6), arrived=on(3, 22)), physician) == [("S1", "acute", 4, 6)]
    assert shown(bill("C2", 3, 6), physician) == [("claim:C2", "acute", 3, 6)]


def test_an_emergency_visit_on_the_day_of_discharge_counts_and_so_does_one_from_a_nursing_home() -> None:
    physician = bill("C1", 6, 6, "", procedure_codes=("99285",), place_of_service="23")
    assert len(shown(told("S1", on(3), on(6)), physician)) == 2
    assert len(shown(told("S1", on(3), on(9), "snf", "N1"), physician)) == 2


def test_where_no_message_told_when_an_emergency_visit_ended_its_bills_do() -> None:
    lost, hospital = told("S1", on(3, 22), None, "emergency"), bill("C1", 3, 4, "131", revenue_codes=("0450",))
    physician = bill("C2", 3, 3, "", procedure_codes=("99284",), place_of_service="23")
    assert shown(lost, physician) == [("S1", "emergency", 3, 3)]
    assert shown(lost, physician, hospital) == [("S1", "emergency", 3, 4)]
    assert shown(told("S1", on(3, 4), on(3, 9), "emergency"), hospital) == [("S1", "emergency", 3, 3)]


def test_a_lost_discharge_from_an_emergency_room_does_not_hide_later_visits() -> None:
    assert len(shown(told("S1", on(3), None, "emergency"), bill("C1", 20, 20, "131", revenue_codes=("0450",)))) == 2


def test_the_most_certain_diagnoses_of_messages_say_which_is_principal_and_all_of_the_newest_count() -> None:
    admitting, final = (Diagnosis("T1491", "A", 1),), (Diagnosis("I10", "F", 2), Diagnosis("F329", "F", 1))
    later = (Diagnosis("J189", "A", 1),)
    items = entered(told("S1", on(3), on(6), diagnoses=(admitting, final, later)))
    assert (items[0].principal, items[0].dx) == ({"F329"}, {"F329", "I10", "J189"})
    assert {item.id for item in items[1:]} == {f"S1/icd10cm|{code}" for code in ("F329", "I10", "J189")}
    assert {(item.kind, item.first, item.last) for item in items[1:]} == {("condition", items[0].first, items[0].last)}


def test_an_interim_bill_does_not_outweigh_what_messages_say_of_diagnoses() -> None:
    message = told("S1", on(3), None, diagnoses=((Diagnosis("F329", "W", 1),),))
    (stay, *_) = entered(message, bill("C1", 3, 9, "112", disposition="30", diagnosis_codes=("J189",)))
    assert stay.principal == {"F329"}


def test_stays_do_not_depend_on_the_order_of_what_is_told() -> None:
    facts: list[ToldStay | Claim] = [
        told("S1", on(3), on(6)), told("S2", on(6, 15), on(9), facility="H2"),
        told("S3", on(3, 4), on(3, 6), "emergency"),
        bill("C1", 4, 6), bill("C2", 6, 9), bill("C3", 20, 22), bill("C4", 12, 12, "", place_of_service="23"),
        bill("C5", 12, 12, "131", revenue_codes=("0450",), provider_npi="H2"),
    ]  # fmt: skip
    assert shown(*facts) == shown(*reversed(facts))


def test_what_was_folded_from_messages_enters_with_its_arrival_and_its_diagnoses() -> None:
    def statement(kind: str, hour: int, stated: PatientClass, *diagnoses: Diagnosis) -> Heard:
        at = Stamp(datetime(2025, 3, 3, hour), -480)  # noqa: DTZ001 - a wall time as written
        said = Statement(
            kind, "A01", "F1", "F1|H1|1", Persona(), ("H1",), ("H1", "V1"), patient_class=stated,  # type: ignore[arg-type]
            admitted=at, occurred=at, recorded=at, diagnoses=diagnoses,
        )  # fmt: skip
        received = NOON + timedelta(days=60, hours=hour)
        return Heard(said, (Teller(f"{hour:064d}", received, "F1"),), received)

    heard = [statement("admit", 1, "emergency"), statement("to_inpatient", 5, "inpatient", Diagnosis("F329", "A", 1))]
    book = book_of(Reference(rules=(), zone=ZONE, facilities=FACILITIES))
    said = [one for each in heard for one in book.resolver.resolve(each)]
    (one,) = told_stays(stays("M1", said, (), book, NOON + timedelta(days=90), Folding()), Nothing())
    assert one.arrived_at is not None
    assert one.stay.admitted_at is not None
    assert one.arrived_at < one.stay.admitted_at
    assert [snapshot.diagnoses[0].code for snapshot in one.snapshots] == ["F329"]


def test_a_stay_that_only_claims_tell_of_is_shown_by_its_days_and_one_that_messages_told_is_not_repeated() -> None:
    claims = [
        (claim, (Teller(claim.claim_id, NOON, "plan"),))
        for claim in (
            bill("C1", 3, 6),
            bill("C2", 20, 24, provider_npi="N1", disposition="01"),
            bill("C3", 9, 9, "131"),
        )
    ]
    (stay,) = billed_stays([told("S1", on(3), on(6))], claims, FACILITIES, ZONE)
    assert (stay.stay_id, stay.facility_id, stay.patient_class, stay.status) == ("claim:C2", "N1", "snf", "finished")
    assert stay.admitted_at == datetime(2025, 3, 20, tzinfo=ZONE)
    assert stay.discharged_at == datetime(2025, 3, 24, 23, 59, 59, tzinfo=ZONE)
    assert (stay.disposition, stay.admitted_precision, stay.flags) == ("01", "day", ("claims_only",))
