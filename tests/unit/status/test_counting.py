"""Counts of a page: by group, with rate, run-out and trend; pages that count nobody; what other rules say."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from models.measure import Contribution, CounterKey, PageInfo, Sums, is_provisional
from models.owner import Owner
from models.view import View
from services.member.counting import counted
from services.runtime.store.contract import Batch, CountChange, MemberRow
from services.runtime.store.sqlite import SqliteStore
from services.status.count_shapes import counts_json, ledger_json, units_json
from services.status.counting import Counting
from services.wiring.setup import read_setup

AT = datetime(2025, 6, 10, 19, tzinfo=UTC)
DAY = date(2025, 6, 10)
ONE, TWO = Owner("PLANA", "P1", "L1"), Owner("PLANB", "P1")
CBP = PageInfo("cbp", "1", "HEDIS-like, not certified", departures=("no frailty",))
AMB = PageInfo("amb_ed", "1", per=1000, improvement="decrease")
OFF = PageInfo("fuh.7d", "1", active=False, missing_sets=("mental-illness",))


def unit(owner: Owner = ONE, **changes: object) -> Contribution:
    row = Contribution("cbp", "1", "2025", "", 1, 1, 0, 0, 0, None, DAY, DAY, date(2025, 12, 31), owner)
    return msgspec.structs.replace(row, **changes)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore.open(tmp_path, now=lambda: AT) as store:
        yield store


def keep(store: SqliteStore, units: list[Contribution], **changes: object) -> Counting:
    reference = read_setup(None).reference
    store.commit(Batch(counters=counted(units), reference={"digest": reference.digest.encode()}, **changes))  # type: ignore[arg-type]
    return Counting(store, reference, [CBP, AMB, OFF])


def test_every_page_is_listed_also_one_that_counts_nobody(store: SqliteStore) -> None:
    found = keep(store, [unit(numerator=1), unit(TWO), unit(exception=1), unit(denominator=0, exclusion=1)]).counts(AT)
    assert [one.page.measure for one in found] == ["amb_ed", "cbp", "fuh.7d"]
    nobody, cbp, off = found
    assert (cbp.rate, cbp.value, cbp.provisional) == (Fraction(1, 2), 0.5, 4)
    assert cbp.sums == Sums(4, 3, 1, 1, 1, 0, 4)
    assert (nobody.rate, nobody.value, nobody.sums) == (None, None, Sums())
    shown = counts_json(off, read_setup(None).zone)
    assert (shown["active"], shown["missing_sets"], shown["rate"]) == (False, ["mental-illness"], None)


def test_counts_are_grouped_by_owner_and_by_one_stratum(store: SqliteStore) -> None:
    old, young = (("age_band", "65+"),), (("age_band", "18-64"),)
    units = [unit(strata=old, numerator=1), unit(strata=young), unit(TWO, strata=young), unit(TWO, period="2024")]
    counting = keep(store, units)

    def told(*by: str) -> list[tuple[dict[str, str], int, int]]:
        rows = counting.counts(AT, measure="cbp", by=by)
        return [(one.by, one.sums.numerator, one.sums.denominator) for one in rows]

    assert told("mcp") == [({"mcp_id": "PLANA"}, 1, 2), ({"mcp_id": "PLANB"}, 0, 1)]
    assert told("provider") == [({"ecm_provider_id": "P1"}, 1, 3)]
    assert told("age_band") == [({"age_band": "18-64"}, 0, 2), ({"age_band": "65+"}, 1, 1)]
    assert told("mcp", "age_band")[0] == ({"mcp_id": "PLANA", "age_band": "18-64"}, 0, 1)
    assert [one.sums.units for one in counting.counts(AT, measure="cbp", period="2024")] == [1]


def test_a_rate_per_thousand_and_a_fraction_as_text(store: SqliteStore) -> None:
    months = [unit(measure="amb_ed", unit=f"2025-0{n}", numerator=int(n == 2)) for n in range(1, 9)]
    (found,) = keep(store, months).counts(AT, measure="amb_ed")
    shown = counts_json(found, read_setup(None).zone)
    assert (shown["rate"], shown["per"], shown["value"]) == ("1/8", 1000, 125.0)


def test_a_year_is_provisional_until_claims_had_their_time(store: SqliteStore) -> None:
    counting = keep(store, [unit()])
    # The last day of the run-out, local, and the day after.
    for day, provisional in ((datetime(2026, 4, 1, 6, tzinfo=UTC), 1), (datetime(2026, 4, 1, 8, tzinfo=UTC), 0)):
        (found,) = counting.counts(day, measure="cbp", period="2025")
        assert found.provisional == provisional
    late = unit(closes_on=date(2026, 5, 1))
    assert [is_provisional(late, day) for day in (date(2026, 5, 1), date(2026, 5, 2))] == [True, False]


def of_units(*units: Contribution, **changes: object) -> MemberRow:
    row = MemberRow("M1", b"", (), msgspec.msgpack.encode(View(measures=units)), b"", AT, None, True)
    return msgspec.structs.replace(row, **changes)


def test_a_trend_undoes_what_changed_since(store: SqliteStore) -> None:
    days = {60: unit(unit="a"), 25: unit(unit="b", numerator=1), 1: unit(unit="c")}
    changes = [CountChange(AT - timedelta(days=n), "M1", None, one) for n, one in days.items()]
    units = list(days.values())
    counting = keep(store, units, members=[of_units(*units)], changes=changes)
    (found,) = counting.counts(AT, measure="cbp", points=3)
    # The last moments of March, April and May, local.
    ends = [datetime(2025, month, 1, 7, tzinfo=UTC) - timedelta(microseconds=1) for month in (4, 5, 6)]
    assert found.trend == ((ends[0], None), (ends[1], 0), (ends[2], Fraction(1, 2)))
    assert found.rate == Fraction(1, 3)
    store.commit(Batch(members=[of_units(*units, history_from=AT - timedelta(days=30))]))
    (again,) = counting.counts(AT, measure="cbp", points=2)
    assert [rate for _, rate in again.trend] == [None, Fraction(1, 2)], "of no facts, derived again, follows nothing"


def test_under_other_rules_everybody_is_derived(store: SqliteStore) -> None:
    counting = keep(store, [unit()], members=[of_units(unit())])
    assert counting.counters(AT) == {CounterKey("cbp", "1", "2025", "PLANA", "P1", "L1"): Sums(1, 1, units=1)}
    assert list(counting.ledger(AT)) == [("M1", unit())]
    store.commit(Batch(reference={"digest": b"another"}))
    assert (counting.counters(AT), list(counting.ledger(AT))) == ({}, []), "of no facts follows nothing"


def test_members_show_the_units_of_the_year_and_files_are_no_member() -> None:
    units = [unit(value=0.9), unit(period="2024"), unit(initial_population=0, denominator=0)]
    assert [(one["period"], one["value"], one["provisional"]) for one in units_json(units, DAY)] == [
        ("2025", 0.9, True)
    ]
    shown = ledger_json("@files|PLANA|P1", unit(TWO, strata=(("pof", "homeless"),)), DAY)
    assert (shown["member_id"], shown["subject"], shown["strata"]) == (None, "@files|PLANA|P1", {"pof": "homeless"})
    assert shown["owner"] == {"mcp_id": "PLANB", "ecm_provider_id": "P1", "lead_cm_id": None}
