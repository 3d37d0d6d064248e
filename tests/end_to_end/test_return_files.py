"""A plan's return files are loaded in its own columns, belong to the provider's files, and are shown as nobody."""

import json

from tests.end_to_end.running import House

MAP = """map: plan_c.rtf
file: rtf
mcp_id: PLANC
format: {type: pipe, dates: MM/DD/YYYY, months: YYYYMM}
due: {month_day: 10}
columns: {CIN: cin, Provider: provider_id, Month: period, Status: ecm_status}
codes: {ecm_status: {"1": enrolled}}
"""
FILE = "CIN|Provider|Month|Status\n90000001A|P1|202506|1\n90000002B|P1|202506|9\n90000003C|P1|June|1\n"


def test_a_file_in_a_plans_own_columns_is_taken_by_its_map(house: House) -> None:
    house.write("returns.csv", FILE)
    refused = house.run("load", "returns.csv")
    assert refused.returncode == 2
    house.write("maps.yaml", MAP)
    house.config("return_maps: [maps.yaml]\n")
    done = house.run("load", "returns.csv", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["new"], summary["quarantined"], summary["not_interpreted"], summary["marked"]) == (1, 1, 0, 1)
    assert b"returns.csv: ecm_status has a word that no rule knows in 1 row: line 3." in done.stderr
    (waiting,) = json.loads(house.ok("quarantine", "list", "--json"))["quarantine"]
    assert (waiting["reason"], waiting["where"]) == ("bad_month", "period")
    assert json.loads(house.ok("members", "--json"))["members"] == []
    assert json.loads(house.ok("verify", "--json"))["differences"] == []


def test_a_map_that_is_wrong_stops_the_start_and_says_where(house: House) -> None:
    house.write("maps.yaml", MAP.replace("enrolled", "enroled").replace("MM/DD/YYYY", "today"))
    house.config("return_maps: [maps.yaml]\n")
    done = house.run("load", "maps.yaml")
    assert done.returncode == 2
    assert b"maps.yaml:4: format.dates" in done.stderr
    assert b"maps.yaml:7: codes.ecm_status.1" in done.stderr
    assert b"Did you mean 'enrolled'?" in done.stderr
