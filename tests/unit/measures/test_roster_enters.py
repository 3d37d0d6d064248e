"""Who a person is, and what the roster says happened."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from models.clinical import Demographics
from models.events import RosterRow, Teller
from models.owner import Owner
from services.measures.entering.roster import person_of, roster_items
from services.measures.items import FOREVER, PAST, Assigned, Item, Person
from services.member.roster import Roster

ZONE = ZoneInfo("America/Los_Angeles")


def heard(*rows: tuple[tuple[int, int], RosterRow]) -> Roster:
    told = []
    for (month, day), row in rows:
        received = datetime(2025, month, day, 12, tzinfo=ZONE)
        told.append((row, (Teller(f"{month:02d}{day:02d}", received, "F1"),)))
    return Roster(told, ZONE)


def row(**fields: object) -> RosterRow:
    first = {"member_id": "M1", "mcp_id": "A", "coverage_start": date(2025, 1, 1)}
    return RosterRow(**(first | fields))  # type: ignore[arg-type]


def person(roster: Roster, **more: object) -> Person:
    return person_of(roster.listed, roster.spans, ZONE, **more)  # type: ignore[arg-type]


def day(month: int, number: int) -> int:
    return date(2025, month, number).toordinal()


def shown(assigned: Assigned) -> tuple[str, str, int, int, int]:
    return assigned.owner.ecm_provider_id, assigned.owner.lead_cm_id, assigned.on, assigned.received, assigned.until


def events(roster: Roster, word: str) -> list[Item]:
    return [item for item in roster_items(person(roster), roster.listed) if word in item.sets]


def test_coverage_goes_on_while_no_end_is_stated_and_ends_where_one_is() -> None:
    open_ended = person(heard(((1, 5), row())))
    assert [(s.mcp_id, s.first, s.last) for s in open_ended.spans] == [("A", day(1, 1), FOREVER)]
    ending = person(heard(((1, 5), row(coverage_end=date(2025, 12, 31)))))
    assert ending.spans[0].last == day(12, 31)


def test_the_newest_row_says_who_somebody_is_and_feeds_fill_what_it_leaves_open() -> None:
    roster = heard(
        ((1, 5), row(birth_date=date(1980, 5, 1), pof="adult_homeless", sex="F")),
        ((2, 5), row(sex="F", language="es")),
    )
    said = [Demographics("F1|Patient|p", "male", race=("race|2106-3",), language="en")]
    known = person(roster, said=said, died=datetime(2025, 6, 1, 3, tzinfo=ZONE))
    assert (known.born, known.sex, known.died) == (date(1980, 5, 1), "female", day(6, 1))
    assert known.strata == (("language", "es"), ("race_ethnicity", "race|2106-3"))
    assert person(heard(), said=said, born=date(1990, 1, 1)).sex == "male"


def test_monthly_rows_about_one_assignment_leave_its_day_and_first_receipt_as_they_were() -> None:
    roster = heard(
        ((1, 10), row(ecm_provider_id="P1", lead_cm_id="L1")),
        ((2, 10), row(ecm_provider_id="P1", lead_cm_id="L2")),
        ((3, 10), row(ecm_provider_id="P1", lead_cm_id="L2", ecm_start=date(2025, 3, 1), ecm_status="enrolled")),
    )
    (assigned,) = person(roster).assignments
    assert shown(assigned) == ("P1", "L2", day(1, 10), day(1, 10), FOREVER)
    (enrolled,) = events(roster, "ecm-enrolled")
    assert (enrolled.id, enrolled.first, enrolled.last) == ("enrolled:P1:2025-03-01", day(3, 1), FOREVER)


def test_another_provider_ends_an_assignment_on_the_day_before() -> None:
    roster = heard(
        ((1, 10), row(ecm_provider_id="P1", assigned_on=date(2025, 1, 1))),
        ((5, 10), row(ecm_provider_id="P2", assigned_on=date(2025, 5, 1))),
    )
    known = person(roster)
    assert [shown(a) for a in known.assignments] == [
        ("P1", "", day(1, 1), day(1, 10), day(4, 30)), ("P2", "", day(5, 1), day(5, 10), FOREVER),
    ]  # fmt: skip
    assert known.owner_on(day(4, 30)) == Owner("A", "P1", "")
    assert [item.id for item in events(roster, "ecm-assigned")] == ["assigned:P1:2025-01-01", "assigned:P2:2025-05-01"]


def test_who_returns_to_a_provider_after_an_end_is_assigned_anew() -> None:
    roster = heard(
        ((1, 10), row(ecm_provider_id="P1", ecm_start=date(2025, 1, 10), ecm_end=date(2025, 3, 1))),
        ((6, 10), row(ecm_provider_id="P1")),
    )
    assert [(a.on, a.until) for a in person(roster).assignments] == [
        (day(1, 10), day(3, 1)), (day(6, 10), FOREVER),
    ]  # fmt: skip


def test_a_row_received_late_for_an_earlier_day_takes_the_place_of_what_followed() -> None:
    roster = heard(
        ((5, 10), row(ecm_provider_id="P2", assigned_on=date(2025, 5, 1))),
        ((6, 10), row(ecm_provider_id="P1", assigned_on=date(2025, 1, 1))),
    )
    assert [shown(a) for a in person(roster).assignments] == [("P1", "", day(1, 1), day(6, 10), FOREVER)]


def test_who_is_in_force_agrees_with_the_owner_of_tasks() -> None:
    roster = heard(
        ((1, 10), row(ecm_provider_id="P1", assigned_on=date(2025, 1, 1), lead_cm_id="L1")),
        ((2, 10), row(ecm_provider_id="P1", assigned_on=date(2025, 1, 1), lead_cm_id="L2")),
        ((5, 10), row(ecm_provider_id="P2", assigned_on=date(2025, 5, 1), ecm_end=date(2025, 8, 1))),
    )
    known = person(roster)
    for on in range(day(1, 1), day(9, 1)):
        at = datetime.combine(date.fromordinal(on), datetime.min.time().replace(hour=12), ZONE)
        assert known.owner_on(on) == roster.owner(at, "A")


def test_risk_is_in_force_from_receipt_to_receipt_and_the_first_row_speaks_for_the_time_before() -> None:
    roster = heard(
        ((1, 10), row(risk_tier="high")), ((2, 10), row(risk_tier="high")), ((5, 10), row(risk_tier="rising"))
    )
    (high,) = events(roster, "risk-high")
    (medium,) = events(roster, "risk-medium")
    assert ((high.first, high.last), (medium.first, medium.last)) == ((PAST, day(5, 9)), (day(5, 10), FOREVER))
