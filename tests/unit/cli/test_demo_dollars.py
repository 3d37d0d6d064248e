"""The demo's money: by the counters alone, and the same that `programs` says."""

from datetime import date

from models.measure import CounterKey, PageInfo, Sums
from services.cli.demo.dollars import Paid, Purse
from services.cli.demo.staging import PROGRAMS
from services.wiring.programs import read_programs

PAGES = [PageInfo(name, "1") for name in ("tcs.cm_contact_7d", "tcs.ambulatory_visit_7d", "ecm.careplan_90")]
PLAN = "SIM-PLAN-A"


def purse() -> Purse:
    return Purse(read_programs(PROGRAMS).programs, PAGES)


def key(measure: str, year: str = "2025", plan: str = PLAN, provider: str = "P1") -> CounterKey:
    return CounterKey(measure, "1", year, plan, provider)


def test_money_moves_with_the_counters_of_the_plan_and_the_year() -> None:
    counters = {
        key("tcs.cm_contact_7d"): Sums(4, 4, 0, 0, 2),
        key("tcs.cm_contact_7d", provider="P2"): Sums(4, 4, 0, 0, 2),
        key("tcs.cm_contact_7d", year="2024"): Sums(4, 4, 0, 0, 4),
        key("tcs.cm_contact_7d", plan="SIM-PLAN-B"): Sums(4, 4, 0, 0, 4),
        key("tcs.ambulatory_visit_7d"): Sums(5, 5, 0, 0, 2),
        key("ecm.careplan_90"): Sums(20, 20, 0, 0, 3),
        CounterKey("ecm.careplan_90", "1", "2025", PLAN, kind="age_band", stratum="65+"): Sums(20, 20, 0, 0, 20),
    }
    episode, points = purse().look(counters, date(2025, 4, 2))
    assert points == Paid("sim.points", "$20,000.00", "$20,000.00", "+$20,000.00 at 80 points")
    assert episode == Paid("sim.episode", "$3,300.00", "$0.00", "")


def test_before_anything_is_counted_everything_is_at_stake() -> None:
    episode, points = purse().look({}, date(2025, 4, 2))
    assert (points.earned, points.at_stake) == ("$0.00", "$40,000.00")
    assert episode.earned == "$0.00"
