"""Tables keep their columns, and say what the reports say."""

import csv
import re
from io import StringIO
from pathlib import Path

from services.reporting.counting import by_stratum, count
from services.reporting.tables import CONTRIBUTIONS, COUNTS, GAPS, contributions_csv, counts_csv, gaps_csv
from tests.unit.reporting.support import ENGAGEMENT, EXCLUDED, HEADING, gap, row

PAGE = Path(__file__).parents[3] / "docs/reference/measure-reports.md"


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_contributions_stand_in_order_and_net_of_exclusions() -> None:
    rows = [row("M2", **EXCLUDED), row("M1", unit="s2", value=0.5), row("M1", unit="s1", strata=(("pof", "sud"),))]
    told = read(contributions_csv(rows, HEADING))
    assert [(each["subject"], each["unit"]) for each in told] == [("M1", "s1"), ("M1", "s2"), ("M2", "s1")]
    assert [(each["denominator"], each["exclusion"]) for each in told] == [("1", "0"), ("1", "0"), ("0", "1")]
    assert (told[0]["strata"], told[1]["value"], told[2]["provisional"]) == ("pof=sud", "0.5", "1")


def test_counts_stand_in_all_and_by_stratum() -> None:
    rows = [row("M1", numerator=1, strata=(("pof", "sud"),)), row("M2"), row("M3", **EXCLUDED)]
    whole, stratum = read(counts_csv(ENGAGEMENT, HEADING, count(rows, HEADING), by_stratum(rows, HEADING)))
    assert (whole["denominator"], whole["rate"], whole["value"], whole["stratum"]) == ("2", "1/2", "0.5", "")
    assert (stratum["stratum"], stratum["stratum_value"], stratum["rate"]) == ("pof", "sud", "1/1")
    assert read(counts_csv(ENGAGEMENT, HEADING, count([], HEADING), {}))[0]["rate"] == ""


def test_a_gap_has_a_line_for_each_program_that_pays_for_it() -> None:
    (line,) = read(gaps_csv([gap("M1")]))
    assert (line["subject"], line["until"], line["program"], line["worth"]) == (
        "M1",
        "2025-07-05",
        "plan_a.qip",
        "41.67",
    )


def test_no_cell_is_a_formula() -> None:
    (line,) = read(contributions_csv([row("=HYPERLINK(1)")], HEADING))
    assert line["subject"] == "'=HYPERLINK(1)"


def test_every_column_is_in_the_reference_in_its_order() -> None:
    tables = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    for kind, columns in (("contributions", CONTRIBUTIONS), ("counts", COUNTS), ("gaps", GAPS)):
        assert tuple(re.findall(r"`(\w+)`", tables[kind])) == columns
