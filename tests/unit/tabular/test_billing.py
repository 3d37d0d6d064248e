"""Claims, fills and program inputs: what is written becomes what is compared; what cannot be is left out and marked."""

from datetime import date

import pytest

from models.events import Claim, Fill, ProgramInput, RosterRow
from tests.unit.tabular.test_reader import facts, read

CLAIM = (
    "claim_id,member_id,service_from,service_to,admit_date,discharge_date,disposition,bill_type,revenue_codes,"
    "paid_amount\n"
)
FILL = "fill_id,member_id,fill_date,ndc,ingredient,days_supply,status\n"
INPUT = "program,period,provider,key,value\n"


def marks(kind: str, body: str) -> tuple[str, ...]:
    (reading,) = read(kind, body)
    assert reading.outcome == "interpreted", reading.problem
    return reading.flags


def test_an_institutional_claim_keeps_all_that_measures_and_money_need() -> None:
    body = (
        "claim_id,member_id,service_from,service_to,admit_date,discharge_date,disposition,bill_type,place_of_service,"
        "revenue_codes,procedure_codes,diagnosis_codes,provider_npi,provider_specialty,paid_amount,status\n"
        'C9,M1,2025-03-01,2025-03-04,2025-03-01,2025-03-04,1,0111,21,120;0450,99223,j18.9;E11.9,1234567893,"Internal '
        'Medicine","$1,812.50",paid\n'
    )
    assert facts("claims", body) == [
        Claim(
            "M1", "C9", date(2025, 3, 1), date(2025, 3, 4), "paid", ("99223",), ("J189", "E119"), "21",
            date(2025, 3, 1), date(2025, 3, 4), "01", "111", ("0120", "0450"), "1234567893", "Internal Medicine",
            "1812.50",
        )
    ]  # fmt: skip
    assert marks("claims", body) == ()


def test_a_discharge_before_its_admission_is_left_out_and_the_rest_of_the_claim_counts() -> None:
    body = f"{CLAIM}C1,M1,2025-03-04,2025-03-01,2025-03-04,2025-03-01,01,111,,5\n"
    (claim,) = facts("claims", body)
    assert isinstance(claim, Claim)
    assert (claim.service_to, claim.discharge_date, claim.admit_date) == (None, None, date(2025, 3, 4))
    assert marks("claims", body) == ("impossible:service_to", "impossible:discharge_date")


def test_codes_and_amounts_of_no_usual_shape_are_marked() -> None:
    body = f"{CLAIM}C1,M1,2025-03-04,,,,home,inpatient,ER;0450,about 5\n"
    shapes = ("disposition", "bill_type", "revenue_codes", "paid_amount")
    assert marks("claims", body) == tuple(f"bad_shape:{column}" for column in shapes)


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("5", "5"),
        ("$1,234.50", "1234.50"),
        ("(12.00)", "-12.00"),
        ("-3", "-3"),
        (".5", "0.5"),
        ("1e3", ""),
        ("NaN", ""),
    ],
)
def test_an_amount_is_an_exact_decimal(written: str, means: str) -> None:
    (claim,) = facts("claims", f'{CLAIM}C1,M1,2025-03-04,,,,,,,"{written}"\n')
    assert isinstance(claim, Claim)
    assert claim.paid_amount == means


def test_a_fill_is_known_by_its_drug_and_its_supply() -> None:
    body = f"{FILL}X1,M1,03/01/2025,0093-1058-01,Metformin  HCl,90.0,\nX2,M1,2025-03-01,00093105801,,30,Canceled\n"
    assert facts("fills", body) == [
        Fill("M1", "X1", date(2025, 3, 1), "00093105801", "metformin hcl", 90, "dispensed"),
        Fill("M1", "X2", date(2025, 3, 1), "00093105801", "", 30, "cancelled"),
    ]


@pytest.mark.parametrize("supply", ["0", "-30", "30.5", "1000", "a month"])
def test_a_supply_that_cannot_be_is_left_out(supply: str) -> None:
    body = f"{FILL}X1,M1,2025-03-01,,statin,{supply},dispensed\n"
    assert facts("fills", body) == [Fill("M1", "X1", date(2025, 3, 1), "", "statin", None)]
    assert marks("fills", body) == ("impossible:days_supply",)


def test_what_no_measure_knows_of_a_fill_is_marked() -> None:
    body = f"{FILL}X1,M1,2025-03-01,123,,30,lost\n"
    assert marks("fills", body) == ("unknown_word:status", "bad_shape:ndc")


def test_a_program_is_told_numbers_that_nobody_can_count() -> None:
    body = f'{INPUT}plan_a.qip,2025-Q1,P1,Prior Rate:cbp,0.61\nplan_a.qip,2025,,reimbursement,"$120,000"\n'
    assert facts("program_inputs", body) == [
        ProgramInput("plan_a.qip", "2025-Q1", "P1", "prior_rate:cbp", "0.61"),
        ProgramInput("plan_a.qip", "2025", "", "reimbursement", "120000"),
    ]
    assert facts("program_inputs", body)[0].subject == "@inputs|plan_a.qip|P1"  # type: ignore[attr-defined]


def test_a_number_that_is_none_waits_and_a_key_that_nobody_knows_is_marked() -> None:
    good, bad = read("program_inputs", f"{INPUT}p,2025,P1,wishes,3\np,2025,P1,cost,three\n")
    assert good.flags == ("unknown_word:key",)
    assert bad.problem is not None
    assert (bad.problem.reason, bad.problem.where, bad.problem.shape) == (
        "bad_number",
        "value",
        "5 characters, letters",
    )


@pytest.mark.parametrize("column", ["race_ethnicity", "race/ethnicity", "Race/Ethnicity"])
def test_a_roster_row_says_by_what_rates_are_told_apart(column: str) -> None:
    body = f"member_id,mcp_id,coverage_start,sex,language,{column}\nM1,PLANA,2025-01-01,female,Spanish,Hispanic\n"
    (row,) = facts("roster", body)
    assert isinstance(row, RosterRow)
    assert (row.sex, row.language, row.race_ethnicity) == ("F", "Spanish", "Hispanic")
    assert marks("roster", body.replace("female", "girl")) == ("unknown_word:sex",)
