"""`evaluate` with what people give it: one bad bundle stops no other, and no message tells anything of a person."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli.main import complete

PERIOD = "2025-01-01/2025-12-31"
SECRET = "Zyxwvut"
PATIENT = {"resourceType": "Patient", "id": "p", "birthDate": "1970-01-01", "name": [{"family": SECRET}]}
VISIT = {
    "resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "AMB"},
    "subject": {"reference": "Patient/p"},
    "period": {"start": "2025-03-01T10:00:00Z", "end": "2025-03-01T10:20:00Z"},
}  # fmt: skip
PAGE = """\
measure: my.seen
version: "1"
source: {document: ours}
effective: {from: 2025-01-01}
initial_population: {age: {from: 18}}
numerator: {encounter: any, starts: period}
cases: [{name: none, expect: {denominator: 1}}]
"""


def bundle(*resources: object) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WARMHANDOFF_VALUE_SETS", raising=False)
    Path("pages").mkdir()
    Path("pages/my.seen.yaml").write_text(PAGE)
    Path("warmhandoff.yaml").write_text("measures: [pages]\n")
    Path("seen.json").write_text(bundle(PATIENT, VISIT))
    Path("unseen.json").write_text(bundle(PATIENT))
    return tmp_path


def run(*words: str, code: int = 0, measure: str = "my.seen", period: str = PERIOD) -> Result:
    result = CliRunner().invoke(complete(), ["evaluate", "--measure", measure, "--period", period, *words])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert SECRET not in result.output
    return result


@pytest.mark.usefixtures("folder")
def test_a_line_a_bundle_in_order_with_null_for_what_the_measure_lacks() -> None:
    lines = [json.loads(line) for line in run("seen.json", "unseen.json").stdout.splitlines()]
    assert [line["numerator"] for line in lines] == [1, 0]
    assert lines[0] == {
        "file": "seen.json", "initial-population": 1, "denominator": 1, "denominator-exclusion": None,
        "denominator-exception": None, "numerator": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("", "0 bytes"),
        (f"not json, {SECRET}", "not one JSON object"),
        (f'["{SECRET}"]', "not one JSON object"),
        (bundle(VISIT), "It holds no Patient"),
        (json.dumps({"resourceType": "Bundle", "entry": SECRET}), "It holds no Patient"),
        (bundle(PATIENT, {**PATIENT, "id": "q"}, VISIT), "It holds 2 patients"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_bad_bundle_is_told_and_the_others_are_evaluated(content: str | None, says: str) -> None:
    if content is not None:
        Path("bad.json").write_text(content)
    result = run("seen.json", "bad.json", "unseen.json", code=2)
    assert [json.loads(line)["file"] for line in result.stdout.splitlines()] == ["seen.json", "unseen.json"]
    assert result.stderr.startswith("bad.json:1")
    assert says in result.stderr


@pytest.mark.usefixtures("folder")
def test_entries_of_whatever_shape_break_nothing() -> None:
    odd = {
        "resourceType": "Patient",
        "id": "p",
        "birthDate": SECRET,
        "gender": 3,
        "deceasedDateTime": 5,
        "name": SECRET,
    }
    Path("odd.json").write_text(bundle(odd, {"resourceType": "Observation", "status": [], "code": SECRET}, 7, None, []))
    (line,) = run("odd.json").stdout.splitlines()
    assert json.loads(line)["initial-population"] == 0


@pytest.mark.usefixtures("folder")
def test_what_could_not_be_read_of_a_bundle_is_told_since_it_does_not_count() -> None:
    Path("part.json").write_text(bundle(PATIENT, {key: VISIT[key] for key in VISIT if key != "subject"}))
    result = run("part.json")
    assert json.loads(result.stdout)["numerator"] == 0
    assert "part.json: entries that were not read: 1; the first: no_subject at Bundle.entry[1]" in result.stderr


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"measure": "my.sen"}, "Did you mean 'my.seen'?"),
        ({"period": "2025"}, "START/END"),
        ({"period": "2025-01-01"}, "START/END"),
        ({"period": "2025-13-01/2025-12-31"}, "START/END"),
        ({"period": "2025-12-31/2025-01-01"}, "Swap the two"),
        ({"period": "2019-01-01/2019-12-31"}, "1 from 2025-01-01 to now"),
        ({"measure": "cms165"}, "essential-hypertension (2.16.840.1.113883.3.464.1003.104.12.1011)"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_wrong_question_ends_with_2_and_the_way_out(given: dict[str, str], says: str) -> None:
    result = run("seen.json", code=2, **given)  # type: ignore[arg-type]
    assert result.stdout == ""
    assert says in result.stderr


@pytest.mark.usefixtures("folder")
def test_an_empty_folder_of_value_sets_is_no_value_sets_and_none_is_a_mistake() -> None:
    Path("sets").mkdir()
    assert (
        "requires value sets that are not loaded"
        in run("seen.json", "--value-sets", "sets", measure="cms165", code=2).stderr
    )
    assert "no such file or folder" in run("seen.json", "--value-sets", "nowhere", code=2).stderr
    assert "no time zone" in run("seen.json", "--time-zone", "Mars", code=2).stderr
    Path("sets/a.json").write_text("{")
    assert "sets/a.json:1" in run("seen.json", "--value-sets", "sets", code=2).stderr


@pytest.mark.usefixtures("folder")
def test_a_page_with_a_mistake_is_not_evaluated_nor_is_any_other() -> None:
    Path("pages/my.other.yaml").write_text(PAGE.replace("my.seen", "my.other").replace("period}", "perod}"))
    result = run("seen.json", code=2)
    assert result.stderr.startswith("pages/my.other.yaml:6: numerator.starts")
    assert "Did you mean 'period'?" in result.stderr
