"""What cases prove: `measures check` plays them, `measures prove` changes the page and looks whether they notice."""

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli.main import complete
from services.measures.cases import check_cases
from services.measures.mutating import mutants
from services.measures.proving import prove
from tests.unit.measures.pages import HEAD, loaded, page

PAGE = """\
unit: {each: {stay: any}}
initial_population: {age: {from: 18, at: 12-31}}
numerator: {visit: [seen, called], starts: {days: [1, 30], of: unit.end}}
"""
FEW = """\
cases:
  - name: a visit the day after
    facts: [{stay: any, from: 2025-03-03, to: 2025-03-06}, {visit: seen, at: 2025-03-07}]
    expect: {denominator: 1, numerator: 1}
"""
MANY = """\
cases:
  - name: a visit the day after, that goes on
    facts: [{stay: any, from: 2025-03-03, to: 2025-03-06}, {visit: seen, at: 2025-03-07}]
    expect: {denominator: 1, numerator: 1}
  - name: a call on day 30
    facts: [{stay: any, from: 2025-03-03, to: 2025-03-06}, {visit: called, from: 2025-04-05, to: 2025-04-06}]
    expect: {denominator: 1, numerator: 1}
  - name: not on the day
    facts: [{stay: any, from: 2025-03-03, to: 2025-03-06}, {visit: seen, from: 2025-03-06, to: 2025-03-07}]
    expect: {denominator: 1}
  - name: nor on day 31
    facts: [{stay: any, from: 2025-03-03, to: 2025-03-06}, {visit: seen, at: 2025-04-06}]
    expect: {denominator: 1}
  - name: eighteen
    person: {born: 2007-12-31}
    facts: [{stay: any, from: 2025-03-03, to: 2025-03-06}]
    expect: {denominator: 1}
  - name: not yet
    person: {born: 2008-01-01}
    facts: [{stay: any, from: 2025-03-03, to: 2025-03-06}]
    expect: {initial_population: 0}
"""


def survivors(text: str) -> tuple[str, ...]:
    (proved,) = prove(loaded(page(text)))
    return proved.survivors


def test_a_mutant_that_no_case_notices_is_a_rule_that_nobody_proved() -> None:
    found = survivors(PAGE + FEW)
    assert "numerator.starts.days[1]: 30 -> 31" in found
    assert "numerator.visit[1]: called left out" in found
    assert "numerator.visit[0]: seen left out" not in found
    assert survivors(PAGE + MANY) == ()


def test_a_survivor_may_be_explained_and_an_explanation_may_be_stale() -> None:
    explained = """\
equivalent:
  - {mutant: "numerator.starts.days[1]: 30 -> 31", why: nobody comes on that day}
  - {mutant: "numerator.visit[0]: seen left out", why: it is noticed}
  - {mutant: "there is no such mutant", why: it was once}
"""
    (proved,) = prove(loaded(page(PAGE + FEW + explained)))
    assert "numerator.starts.days[1]: 30 -> 31" not in proved.survivors
    assert proved.explained == ("numerator.starts.days[1]: 30 -> 31",)
    assert proved.stale == ("numerator.visit[0]: seen left out", "there is no such mutant")


def test_a_library_is_proved_by_the_pages_that_use_it() -> None:
    library = "library: common\ndefine:\n  follow-up: {visit: [seen, called]}\n"
    user = PAGE.replace("{visit: [seen, called], ", "{which: {of: follow-up, ").replace("unit.end}}", "unit.end}}}")
    found = {one.name: one for one in prove(loaded(("library.yaml", library), page(user + FEW)))}
    assert found["common"].survivors == ("define.follow-up.visit[1]: called left out",)


def test_the_changes_of_a_page_leave_the_page_as_it_was() -> None:
    data = loaded(page(PAGE + FEW)).pages[0].page.data
    before = json.dumps(data)
    assert all(json.dumps(mutant.data) != before for mutant in mutants(data))
    assert json.dumps(data) == before


def test_a_case_says_what_was_expected_and_what_came_out() -> None:
    found = loaded(page(PAGE + FEW.replace("numerator: 1", "numerator: 0, exclusion: 2")))
    told = [str(problem) for problem in check_cases(found.pages[0], found.libraries)]
    assert [text.splitlines()[1].strip() for text in told] == [
        "The case 'a visit the day after' fails: exclusion 2 was expected, 0 came out.",
        "The case 'a visit the day after' fails: numerator 0 was expected, 1 came out.",
    ]
    assert told[0].startswith("made.up.yaml:10: cases[0]")


def test_a_case_expects_only_what_the_page_counts() -> None:
    found = loaded(page(PAGE + FEW.replace("numerator: 1", "numerators: 1")))
    told = "\n".join(str(problem) for problem in check_cases(found.pages[0], found.libraries))
    assert "'numerators' is nothing that a case can expect" in told
    assert "numerator 0 was expected, 1 came out" in told


def test_a_page_without_cases_proves_nothing() -> None:
    found = loaded(page(PAGE))
    assert "proves nothing" in str(check_cases(found.pages[0], found.libraries)[0])


# -- on the command line


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WARMHANDOFF_VALUE_SETS", raising=False)
    Path("pages").mkdir()
    return tmp_path


def write(name: str, text: str) -> None:
    Path(f"pages/{name}.yaml").write_text(HEAD.format(name=name) + text)


def run(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(complete(), list(words))
    assert result.exit_code == code, result.output
    return result


@pytest.mark.usefixtures("folder")
def test_check_lists_every_mistake_of_a_folder_and_starts_nothing() -> None:
    write("a.one", PAGE.replace("visit", "vist") + FEW)
    write("a.two", PAGE.replace("from: 18", "from: old") + FEW)
    write("a.three", PAGE + FEW.replace("numerator: 1", "numerator: 2"))
    Path("pages/a.four.yaml").write_bytes(b"measure: a.four\nlabel: caf\xe9\n")
    assert "pages/a.four.yaml:1" in run("measures", "check", "pages", code=2).stderr
    Path("pages/a.four.yaml").unlink()
    told = run("measures", "check", "pages", code=2).stderr
    heads = [line for line in told.splitlines() if line.startswith("pages/")]
    assert heads == [
        "pages/a.one.yaml:8: numerator",
        "pages/a.two.yaml:7: initial_population.age.from",
        "pages/a.three.yaml:10: cases[0]",
    ]
    assert "numerator 2 was expected, 1 came out" in told


@pytest.mark.usefixtures("folder")
def test_load_and_serve_do_not_start_with_a_mistake_in_a_page() -> None:
    write("a.one", PAGE.replace("visit", "vist") + FEW)
    write("a.two", PAGE + FEW.replace("numerator: 1", "numerator: 2"))
    Path("warmhandoff.yaml").write_text("measures: [pages]\n")
    Path("empty.ndjson").write_text("")
    for words in (["load", "empty.ndjson"], ["serve", "--http", "127.0.0.1:0"]):
        told = run("--store", "store", *words, code=2).stderr
        assert "pages/a.one.yaml:8: numerator" in told
        assert "pages/a.two.yaml:10: cases[0]" in told
        assert not Path("store").exists()


@pytest.mark.usefixtures("folder")
def test_a_page_without_a_value_set_that_it_requires_is_listed_and_switched_off() -> None:
    write("a.one", PAGE + FEW)
    write("a.two", PAGE + FEW + "optional_sets: [called]\n")
    Path("warmhandoff.yaml").write_text("measures: [pages]\nvalue_sets: [sets]\n")
    Path("sets").mkdir()
    Path("sets/seen.csv").write_text("name,system,version,code,display\nseen,CPT,,99213,a visit\n")
    Path("empty.ndjson").write_text("")
    run("--store", "store", "load", "empty.ndjson")
    listed = json.loads(run("--store", "store", "measures", "--json").stdout)["measures"]
    found = {one["measure"]: (one["active"], one["missing_sets"]) for one in listed if one["measure"].startswith("a.")}
    assert found == {"a.one": (False, ["called"]), "a.two": (True, [])}
    (two,) = [one for one in listed if one["measure"] == "a.two"]
    assert "value set 'called' is not loaded" in two["departures"][-1]
    assert "off: needs called" in run("--store", "store", "measures", "--measure", "a.one").stdout


@pytest.mark.usefixtures("folder")
def test_prove_lists_survivors_and_ends_with_1() -> None:
    write("a.one", PAGE + FEW + "equivalent: [{mutant: gone, why: it was once}]\n")
    told = run("measures", "prove", "pages", "--measure", "a.one", code=1).stdout
    assert "no case notices: numerator.starts.days[1]: 30 -> 31" in told
    assert "it is gone: gone" in told
    (shown,) = json.loads(run("measures", "prove", "pages", "--measure", "a.one", "--json", code=1).stdout)["pages"]
    assert shown["stale"] == ["gone"]
    write("a.one", PAGE + MANY)
    assert "0 survive" in run("measures", "prove", "pages", "--measure", "a.one").stdout
    assert "Did you mean" in run("measures", "prove", "pages", "--measure", "a.on", code=2).stderr
