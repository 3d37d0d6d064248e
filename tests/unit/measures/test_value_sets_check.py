"""`value-sets check`: what pages need, and what is loaded."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import complete
from services.measures.needing import needs_of
from services.wiring.setup import VALUE_SETS
from services.wiring.value_sets import pages_and_sets

HEAD = "name,system,version,code,display\n"
TENSION = f"{HEAD}essential-hypertension,http://hl7.org/fhir/sid/icd-10-cm,2025,I10,\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VALUE_SETS, str(tmp_path))
    return tmp_path


def test_a_page_without_a_set_that_it_requires_is_named_and_the_command_ends_with_1(folder: Path) -> None:
    (folder / "lists.csv").write_text(TENSION)
    result = CliRunner().invoke(complete(), ["value-sets", "check", "--json"])
    assert result.exit_code == 1
    said = json.loads(result.stdout)
    (tension,) = [one for one in said["sets"] if one["name"] == "essential-hypertension"]
    assert (tension["loaded"], tension["codes"], tension["versions"]) == (True, 1, ["2025"])
    assert "cbp" in tension["required_by"]
    assert "systolic" in said["missing"]
    assert "essential-hypertension" not in said["missing"]


def test_an_expansion_and_a_table_may_lie_in_one_folder_and_everything_needed_ends_with_0(folder: Path) -> None:
    (folder / "lists.csv").write_text(TENSION)
    needs = [need.name for need in needs_of(pages_and_sets(None)[0].measures, pages_and_sets(None)[1])]
    contains = [{"system": "http://loinc.org", "code": "1-8"}]
    sets = [{"resourceType": "ValueSet", "url": name, "expansion": {"contains": contains}} for name in needs]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in sets]}
    (folder / "rest.json").write_text(json.dumps(bundle))
    result = CliRunner().invoke(complete(), ["value-sets", "check"])
    assert result.exit_code == 0, result.output
    assert f"{len(needs)} of {len(needs)} value sets" in result.output


def test_a_mistake_in_a_file_is_told_by_line(folder: Path) -> None:
    (folder / "lists.csv").write_text(f"{HEAD}essential-hypertension,,2025,I10,\n")
    result = CliRunner().invoke(complete(), ["value-sets", "check"])
    assert result.exit_code == 2
    assert "lists.csv:2: system" in result.output
