"""Numbers come out in one unit for each kind of quantity, or not at all."""

import pytest

from connectors.fhir.units import Quantity, canonical
from tests.unit.fhir.support import loinc


@pytest.mark.parametrize(
    ("code", "number", "unit", "meant"),
    [
        ("4548-4", 7.2, "%", Quantity(7.2, "%")),
        ("59261-8", 75, "mmol/mol", Quantity(9.013, "%")),
        ("4548-4", 48, "mmol/mol", Quantity(6.54304, "%")),
        ("8480-6", 132, "mmHg", Quantity(132, "mm[Hg]")),
        ("8480-6", 16, "kPa", Quantity(120.00992, "mm[Hg]")),
        ("29463-7", 150, "lbs", Quantity(68.038855, "kg")),
        ("29463-7", 3400, "g", Quantity(3.4, "kg")),
        ("8302-2", 70, "[in_i]", Quantity(177.8, "cm")),
        ("8310-5", 98.6, "degF", Quantity(37.0, "Cel")),
        ("2339-0", 7, "mmol/L", Quantity(126.112, "mg/dL")),
        ("2160-0", 88.4, "umol/L", Quantity(0.999981, "mg/dL")),
        ("2089-1", 3.4, "mmol/l", Quantity(131.461, "mg/dL")),
        ("14959-1", 30, "mg/g{creat}", Quantity(30, "mg/g")),
        ("14959-1", 3.4, "mg/mmol", Quantity(30.056, "mg/g")),
        ("98979-8", 59, "mL/min/{1.73_m2}", Quantity(59, "mL/min/{1.73_m2}")),
        ("718-7", 135, "g/L", Quantity(13.5, "g/dL")),
    ],
)
def test_a_number_becomes_its_canonical_unit(code: str, number: float, unit: str, meant: Quantity) -> None:
    assert canonical(number, unit, [loinc(code)]) == meant


def test_an_analyte_in_a_unit_that_leaves_open_what_it_means_has_no_number() -> None:
    assert canonical(0.072, "1", [loinc("4548-4")], is_ucum=True) == Quantity(None, "1", is_known=False)
    assert canonical(7.2, "blobs", [loinc("4548-4")]) == Quantity(None, "blobs", is_known=False)


def test_an_analyte_without_unit_is_taken_as_it_is_and_flagged() -> None:
    assert canonical(132, "", [loinc("8480-6")]) == Quantity(132, "", is_known=False)


def test_other_quantities_keep_their_number_and_unit() -> None:
    assert canonical(12, "widgets", ["x|1"]) == Quantity(12, "widgets", is_known=False)
    assert canonical(12, "{widgets}", ["x|1"], is_ucum=True) == Quantity(12, "{widgets}")
    assert canonical(140, "beats/min", ["x|1"]) == Quantity(140, "/min")
    assert canonical(140, "{beats}/min", ["x|1"]) == Quantity(140, "/min")
    assert canonical(3, "", ["x|1"]) == Quantity(3, "")


def test_a_weight_of_an_unknown_code_is_a_weight_still() -> None:
    assert canonical(100, "[lb_av]", ["local|W"]) == Quantity(45.359237, "kg")
