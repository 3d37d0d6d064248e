"""Reports add up: a summary is the sum of its individual reports, and a table says what went into it."""

import csv
from collections import Counter
from io import StringIO
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.counting import Row, by_stratum, count
from services.reporting.measure_report import individual, subject_list, summary
from services.reporting.tables import contributions_csv
from tests.unit.reporting.support import ED_VISITS, ENGAGEMENT, HEADING, row

FATES = st.sampled_from(
    [
        {"denominator": 0},
        {"denominator": 0, "exclusion": 1},
        {"exception": 1},
        {"numerator": 0},
        {"numerator": 1},
        {"numerator": 3, "value": 3.0},
    ]
)
STRATA = st.dictionaries(st.sampled_from(["age_band", "pof"]), st.sampled_from(["a", "b"])).map(
    lambda found: tuple(sorted(found.items()))
)
ROWS = st.lists(st.tuples(FATES, STRATA), max_size=12).map(
    lambda told: [row(f"M{n}", unit=f"s{n}", strata=strata, **fate) for n, (fate, strata) in enumerate(told)]
)


def counts(group: dict[str, Any]) -> Counter[str]:
    return Counter({each["code"]["coding"][0]["code"]: each["count"] for each in group["population"]})


@given(ROWS)
def test_a_summary_is_the_sum_of_the_individual_reports(rows: list[Row]) -> None:
    whole = summary(ENGAGEMENT, HEADING, count(rows, HEADING), by_stratum(rows, HEADING))["group"][0]
    parts = [individual(ENGAGEMENT, HEADING, each)["group"][0] for each in rows]
    assert counts(whole) == sum((counts(part) for part in parts), Counter()) + Counter()
    for stratifier in whole.get("stratifier", ()):
        kind = stratifier["code"][0]["coding"][0]["code"]
        for stratum in stratifier["stratum"]:
            inside = [
                counts(p)
                for p, r in zip(parts, rows, strict=True)
                if (kind, stratum["value"]["text"]) in r.contribution.strata
            ]
            assert counts(stratum) == sum(inside, Counter())


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_units_changes_no_count(rows: list[Row], dice: Any) -> None:
    shuffled = dice.sample(rows, len(rows))
    assert count(rows, HEADING) == count(shuffled, HEADING)
    assert by_stratum(rows, HEADING) == by_stratum(shuffled, HEADING)
    assert contributions_csv(rows, HEADING) == contributions_csv(shuffled, HEADING)


@given(ROWS)
def test_the_score_is_the_net_rate_or_absent(rows: list[Row]) -> None:
    group = summary(ED_VISITS, HEADING, count(rows, HEADING))["group"][0]
    net = sum(each.contribution.denominator - each.contribution.exception for each in rows)
    met = sum(each.contribution.numerator for each in rows)
    assert group.get("measureScore", {}).get("value") == (met * 1000 / net if net else None)


@given(ROWS)
def test_a_list_of_a_population_is_as_long_as_its_units(rows: list[Row]) -> None:
    report = subject_list(ENGAGEMENT, HEADING, rows)
    for listed in report["contained"]:
        assert len(listed.get("entry", ())) <= counts(report["group"][0])[listed["id"]]


@given(ROWS)
def test_what_a_table_says_can_be_counted_again(rows: list[Row]) -> None:
    told = list(csv.DictReader(StringIO(contributions_csv(rows, HEADING))))
    whole = count(rows, HEADING)
    for column in ("initial_population", "exclusion", "exception", "numerator", "provisional"):
        assert sum(int(line[column]) for line in told) == getattr(whole, column)
    assert sum(int(line["denominator"]) + int(line["exclusion"]) for line in told) == whole.denominator
    assert {(line["subject"], line["unit"], line["strata"]) for line in told} == {
        (each.subject, each.contribution.unit, ";".join(f"{kind}={value}" for kind, value in each.contribution.strata))
        for each in rows
    }
