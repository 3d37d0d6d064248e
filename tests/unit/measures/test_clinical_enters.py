"""FHIR resources as items: how long they last, and whether they ended."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.fhir.bundle import read_bundle
from models.events import Teller
from services.measures.entering.clinical import enter_clinical
from services.measures.items import Item
from services.measures.value_sets import ValueSets

TOLD = (Teller("told", datetime(2025, 6, 1, tzinfo=UTC), "feed"),)


def entered(**resource: object) -> Item:
    patient = {"resourceType": "Patient", "id": "p1"}
    entry = [{"resource": patient}, {"resource": {"id": "r1", "subject": {"reference": "Patient/p1"}, **resource}}]
    record = read_bundle({"resourceType": "Bundle", "type": "collection", "entry": entry})
    (told,) = record.clinical
    (item,) = enter_clinical(told, TOLD, ZoneInfo("UTC"), ValueSets({}))
    return item


def procedure(**performed: object) -> Item:
    return entered(resourceType="Procedure", status="completed", **performed)


def order(**more: object) -> Item:
    given = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "authoredOn": "2025-03-01"}
    return entered(**{**given, **more})


def days(item: Item) -> tuple[date, date]:
    return date.fromordinal(item.first), date.fromordinal(item.last)


@pytest.mark.parametrize(
    ("performed", "ended"),
    [
        ({"performedDateTime": "2025-03-01T08:00:00Z"}, True),
        ({"performedPeriod": {"start": "2025-03-01", "end": "2025-03-02"}}, True),
        ({"performedPeriod": {"start": "2025-03-01"}}, False),
    ],
)
def test_a_procedure_without_the_end_of_its_period_has_not_ended(performed: dict[str, object], ended: bool) -> None:
    assert procedure(**performed).ended is ended


def test_a_prescription_lasts_as_long_as_its_supply() -> None:
    supply = {"expectedSupplyDuration": {"value": 30, "code": "d"}, "numberOfRepeatsAllowed": 1}
    assert days(order(dispenseRequest=supply)) == (date(2025, 3, 1), date(2025, 4, 29))


def test_a_stated_end_goes_before_the_supply_and_nothing_stated_is_one_day() -> None:
    bounds = {"timing": {"repeat": {"boundsPeriod": {"start": "2025-03-01", "end": "2025-03-10"}}}}
    supply = {"expectedSupplyDuration": {"value": 30, "code": "d"}}
    stated = order(dosageInstruction=[bounds], dispenseRequest=supply)
    assert days(stated) == (date(2025, 3, 1), date(2025, 3, 10))
    assert days(order()) == (date(2025, 3, 1), date(2025, 3, 1))
