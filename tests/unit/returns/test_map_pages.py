"""A map page that is wrong says where and what to write; every mistake of every page is told at once."""

from pathlib import Path

import pytest

from models.errors import Problem
from services.returns.loading import LoadedMaps, load_maps
from services.returns.maps import Due, due_of, recognised
from services.wiring.returns import shipped_maps

EXAMPLES = Path(__file__).parents[3] / "services" / "returns" / "catalog" / "examples"
PAGE = """map: plan_a.rtf
file: rtf
format: {type: csv, delimiter: ",", dates: MM-DD-YYYY}
due: {month_day: 10}
mcp_id: PLANA
columns:
  "Member Client Index Number (CIN)": cin
  "Member ECM Status": ecm_status
  "Provider": provider_id
  "Month": period
codes:
  ecm_status: {"1": enrolled, "2": declined}
"""


def load(*texts: str) -> LoadedMaps:
    pages = [(f"maps/{n}.yaml", text) for n, text in enumerate(texts)]
    return load_maps(pages, calendars={"ca_state", "us_federal"})


def test_a_page_that_is_right_becomes_a_map() -> None:
    loaded = load(PAGE)
    (each,) = loaded.maps
    assert (each.id, each.file, each.due, each.mcp_id, each.fixed) == (
        "plan_a.rtf", "rtf", Due(month_day=10), "PLANA", (("mcp_id", "PLANA"),),
    )  # fmt: skip
    assert each.codes == {"ecm_status": (("1", "enrolled"), ("2", "declined"))}


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "what"),
    [
        ("file: rtf", "file: xtf", 2, "file", "'xtf' is not allowed here."),
        ("file: rtf\n", "", 1, "file", "'file' is missing."),
        ("file: rtf", "fil: rtf", 2, "fil", "'fil' is no key that is known here."),
        ("MM-DD-YYYY", "MM-DD-YY", 3, "format.dates", "'MM-DD-YY' is no way to write it."),
        ('delimiter: ","', 'delimiter: "ab"', 3, "format.delimiter", "'ab' cannot part cells."),
        ('type: csv, delimiter: ","', 'type: pipe, delimiter: ","', 3, "format.delimiter", "A pipe whose cells"),
        ("{month_day: 10}", "{month_day: 32}", 4, "due.month_day", "32 does not fit here."),
        ("{month_day: 10}", "{}", 4, "due", "It says no day."),
        ("{month_day: 10}", "{month_day: 10, business_days: 5, calendar: ca_state}", 4, "due", "It says two days."),
        ("{month_day: 10}", "{business_days: 5}", 4, "due.business_days", "Business days of which calendar?"),
        ("{month_day: 10}", "{business_days: 5, calendar: ca}", 4, "due.calendar", "There is no calendar 'ca'."),
        (": ecm_status\n", ": ecm_statu\n", 8, "columns.Member ECM Status", "'ecm_statu' is no canonical name."),
        (": ecm_status\n", ": cin\n", 8, "columns.Member ECM Status", "'cin' is also the column"),
        ('"Month"', '"provider"', 10, "columns.provider", "'provider' and 'Provider' are one header."),
        ('  "Month": period\n', "", 6, "columns", "Nothing says the period of a row."),
        ("mcp_id: PLANA\n", "", 5, "columns", "Nothing says the mcp_id of a row."),
        (": cin", ": x_number", 6, "columns", "Nothing says whom a row is about."),
        ("enrolled", "enroled", 12, "codes.ecm_status.1", "'enroled' is no ECM status."),
        ("  ecm_status: {", "  pof: {", 12, "codes.pof", "'pof' has no column."),
        ("columns:\n", "fixed: {period: 2025-01}\ncolumns:\n", 6, "fixed.period", "'period' has a column."),
    ],
)
def test_a_mistake_is_told_where_it_stands(old: str, new: str, line: int, field: str, what: str) -> None:
    assert old in PAGE
    found = load(PAGE.replace(old, new, 1)).problems
    problem = next((each for each in found if each.what.startswith(what)), None)
    assert problem is not None, found
    assert (problem.path, problem.line, problem.field) == ("maps/0.yaml", line, field)
    assert problem.remedy


def test_every_mistake_of_every_page_is_told_at_once() -> None:
    found = load(PAGE.replace("rtf\nformat", "xtf\nformat").replace("10}", "0}"), "map: [", PAGE, PAGE).problems
    assert [(each.path, each.field) for each in found] == [
        ("maps/0.yaml", "file"), ("maps/0.yaml", "due.month_day"), ("maps/1.yaml", ""), ("maps/2.yaml", "map"),
        ("maps/3.yaml", "map"),
    ]  # fmt: skip
    assert all(isinstance(each, Problem) for each in found)


def test_the_shipped_pages_and_examples_are_right() -> None:
    examples = [(path.name, path.read_text("utf-8")) for path in EXAMPLES.iterdir()]
    loaded = load_maps([*shipped_maps(), *examples], calendars={"ca_state"})
    assert loaded.problems == ()
    assert {each.id for each in loaded.maps} == {
        "canonical.rtf", "canonical.otf", "v2.rtf", "v2.otf", "plan_b.combined.rtf", "plan_b.combined.otf",
    }  # fmt: skip


def test_a_plans_own_map_says_when_its_file_is_due_else_the_shipped_one() -> None:
    own = PAGE.replace("{month_day: 10}", "{business_days: 5, calendar: ca_state}")
    maps = load_maps([("a.yaml", own), *shipped_maps()], calendars={"ca_state"}).maps
    assert due_of(maps, "rtf", "PLANA") == Due(business_days=5, calendar="ca_state")
    assert due_of(maps, "rtf", "PLANB") == due_of(maps, "otf", "PLANA") == Due(month_day=10)


def test_of_two_maps_that_fit_the_one_with_more_columns_reads() -> None:
    more = PAGE.replace("plan_a.rtf", "plan_a.more").replace('  "Month"', '  "Phone": phone\n  "Month"')
    maps = load(PAGE, more).maps
    header = "Member Client Index Number (CIN),member ecm status,Provider,Month"
    assert [each.id for each in recognised(maps, header)] == ["plan_a.rtf"]
    assert [each.id for each in recognised(maps, f"{header},phone,other")] == ["plan_a.more"]
    assert recognised(maps, "Member ECM Status,Provider,Month") == ()
