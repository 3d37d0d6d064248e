"""What a page may not say: every mistake of every file is told at once, with its line, its field and a remedy."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from models.pages import loader_on
from services.measures.cases import cases_of, check_cases
from services.measures.items import Index
from services.measures.loading import load_measures
from services.measures.proving import prove
from tests.laws.histories import EXAMPLES, law
from tests.unit.measures.pages import HEAD, PER_STAY, STAY, loaded, page, told, wrong

GOOD = "initial_population: {age: {from: 18}}\nnumerator: {visit: seen}\n"
LIBRARY = ("library.yaml", "library: common\ndefine:\n  in-hospice: {visit: hospice}\n")


def test_a_mistake_names_file_line_and_field_and_says_what_to_write() -> None:
    (found,) = told(page(GOOD.replace("visit", "vist")))
    file, *words = found.splitlines()
    assert file == "made.up.yaml:7: numerator"
    assert "'vist'" in words[0]
    assert "Did you mean 'visit'?" in words[1]


def test_all_mistakes_of_all_files_are_told_at_once() -> None:
    one = page(
        "initial_population: {age: {form: 18}}\nnumerator: {visit: seen, satrts: period}\nthin_days: many", "a.one"
    )
    two = page("initial_population: nobody\nnumerator: {visit: []}\nexclusion: {age: {}}\nextra: 1", "a.two")
    broken = ("a.three.yaml", "numerator: [\n")
    empty = ("a.four.yaml", "# nothing\n")
    library = ("library.yaml", "library: common\ndefine: {here: {vist: seen}}\n")
    found = told(one, two, broken, empty, library)
    places = sorted(each.partition("\n")[0].rpartition(": ")[::2] for each in found)
    assert {place.partition(":")[0] for place, _ in places} >= {"a.one.yaml", "a.two.yaml", "library.yaml"}
    assert [each.partition(":")[0] for each in found if "a.three" in each or "a.four" in each] != []
    assert {field for place, field in places if place.startswith("a.one")} == {
        "initial_population.age.form", "initial_population.age", "numerator.satrts", "thin_days",
    }  # fmt: skip
    assert {field for place, field in places if place.startswith("a.two")} == {
        "initial_population", "numerator.visit", "exclusion.age", "extra",
    }  # fmt: skip
    assert {field for place, field in places if place.startswith("library")} == {"define.here"}


@pytest.mark.parametrize(
    ("criterion", "says"),
    [
        ("{visit: seen, order: drug}", "one word; here are 2"),
        ("{}", "no word of ours"),
        ("[{visit: seen}]", "This list is no criterion"),
        ("18", "18 is no criterion"),
        ("null", "None is no criterion"),
        ("true", "True is no criterion"),
        ("nowhere", "'nowhere' is not defined"),
        ("{all: []}", "The list is empty"),
        ("{none: [{visit: seen}, 3]}", "3 is no criterion"),
        ("{all: {visit: seen}, starts: period}", "'starts' is no word that is known here"),
        ("{visit: 99213}", "99213 is not text"),
        ("{visit: [seen, seen]}", "stands in the list twice"),
        ("{visit: [any, seen]}", "'any' is no value set"),
        ("{visit: seen, dx: any}", "'any' is no value set"),
        ("{visit: seen, dx: {of: x}}", "This mapping is not text"),
        ("{stay: acute}", "A stay has no codes of its own"),
        ("{stay: any, setting: hospital}", "'hospital' is not allowed here"),
        ("{stay: any, setting: acut}", "Did you mean 'acute'?"),
        ("{stay: any, class: day}", "'day' is not allowed here"),
        ("{visit: seen, on_different_days: true}", "how many different days"),
        ("{visit: seen, at_least: 1}", "too small"),
        ("{visit: seen, at_least: two}", "no whole number"),
        ("{visit: seen, at_least: 2, on_different_days: 1}", "1 is not true"),
        ("{order: drug, refused: false}", "False is not true"),
        ("{order: drug, refused: yes}", "'yes' is not true"),
        ("{observation: test, value: {over: 3}}", "'over' is no word"),
        ("{observation: test, value: {}}", "Nothing bounds the number"),
        ("{observation: test, value: {above: '9'}}", "no number"),
        ("{observation: test, value: {above: 9, below: 9}}", "No number is within"),
        ("{observation: test, value: {at_least: 9, below: 8}}", "No number is within"),
        ("{observation: test, value: 9}", "9 is not text"),
        ("{observation: test, parts: []}", "The list is empty"),
        ("{which: {visit: seen}}", "Of what is not said"),
        ("{which: [a]}", "This list is no mapping"),
        ("{nth: {of: {visit: seen}, number: 0}}", "too small"),
        ("{nth: {of: {visit: seen}}}", "no whole number"),
        ("{reading: {of: {observation: test}}}", "the lowest or the highest"),
        ("{reading: {of: {observation: test}, lowest: {}}}", "It is empty"),
        ("{reading: {of: {observation: test}, lowest: {5: {below: 1}}}}", "is no name"),
        ("{reading: {of: {observation: test}, lowest: {value: 8}}}", "8 is no mapping"),
        ("{covered_days: {of: {fill: drug}, at_least: 3}}", "During what"),
        ("{covered_days: {of: {fill: drug}, during: period}}", "How much must be covered"),
        ("{covered_days: {of: {fill: drug}, during: period, at_least: 1, share_at_least: 2}}", "said twice"),
        ("{covered_days: {of: {fill: drug}, during: period, at_least: 1, overlap: []}}", "One word is asked"),
        ("{covered_days: {of: {fill: drug}, during: period, at_least: 1, overlap: pile}}", "'pile' is not allowed"),
        ("{age: {}}", "No age is named"),
        ("{age: {from: 85, to: 18}}", "Swap the two"),
        ("{age: {from: -1}}", "too small"),
        ("{age: {from: 18.5}}", "no whole number"),
        ("{age: {from: true}}", "no whole number"),
        ("{age: {from: 0450}}", "'0450' is no whole number"),
        ("{age: {from: 10:30}}", "'10:30' is no whole number"),
        ("{age: {from: 9999999999}}", "too large"),
        ("{sex: no}", "'no' is not allowed here"),
        ("{sex: F}", "'F' is not allowed here"),
        ("{sex: []}", "The list is empty"),
        ("{died: {on: period}}", "'on' is no word"),
        ("{lasts: {of: period}}", "A length needs one limit"),
        ("{enrolled: {gaps: 1}}", "Write both 'gaps' and 'gap_days_max'"),
        ("{unit: {setting: acute}}", "no unit to ask"),
        ("{unit_is: readmitted}", "no unit to ask"),
        ("{visit: seen, within: unit}", "no unit to look at"),
        ("{visit: seen, not_within: nowhere}", "'nowhere' is not defined"),
        ("{visit: seen, outside: nowhere}", "'nowhere' is not defined"),
    ],
)  # fmt: skip
def test_a_criterion_is_refused(criterion: str, says: str) -> None:
    assert says in wrong(criterion)


@pytest.mark.parametrize(
    ("window", "says"),
    [
        ("unit", "no unit to look at"),
        ("{from: unit.end}", "no unit to look at"),
        ("year", "'year' is not defined"),
        ("5", "5 is no window"),
        ("{}", "neither a first nor a last day"),
        ("{from: period.end, to: period.start}", "ends before it begins"),
        ("{from: 06-30, to: 01-01}", "ends before it begins"),
        ("{from: 1 day after period.end, to: 12-31}", "ends before it begins"),
        ("{days: [30, 0], of: period.end}", "ends before it begins"),
        ("{days: [1], of: period.end}", "no pair of days"),
        ("{days: [a, 2], of: period.end}", "no whole number"),
        ("{days: [0, 1]}", "counted from nothing"),
        ("{days: [0, 1], of: period.end, from: birth}", "'from' is no word"),
        ("{from: 13-01}", "no day of a year"),
        ("{from: 02-30}", "no day of a year"),
        ("{from: yesterday}", "no moment"),
        ("{from: period.middle}", "no moment"),
        ("{from: 3 weeks before period.end}", "no moment"),
        ("{from: 3}", "no moment"),
        ("{form: period.end}", "'form' is no word"),
        ("{from: nowhere.start}", "'nowhere' is not defined"),
    ],
)
def test_a_window_is_refused(window: str, says: str) -> None:
    assert says in wrong(f"{{visit: seen, starts: {window}}}")


def test_a_window_that_is_empty_for_some_units_only_is_none_of_our_business() -> None:
    assert wrong("{visit: seen, starts: {from: unit.end, to: 06-30}}", f"unit: {PER_STAY}") == ""
    assert wrong("{visit: seen, starts: {from: 06-30, to: unit.end}}", f"unit: {PER_STAY}") == ""
    backwards = "{visit: seen, starts: {from: 1 day after unit.end, to: unit.start}}"
    assert "ends before it begins" in wrong(backwards, f"unit: {PER_STAY}")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("define: {a: b, b: a}", "'a' is defined by itself: a -> b -> a"),
        ("define: {a: {visit: seen, starts: {from: a.start}}}", "'a' is defined by itself: a -> a"),
        ("windows: {a: {from: b.start}, b: {to: a.end}}", "'a' is defined by itself: a -> b -> a"),
        ("windows: {a: {from: a.start}}", "'a' is defined by itself: a -> a"),
        (
            "windows: {a: {from: b.start}}\ndefine: {b: {visit: seen, starts: a}}",
            "'a' is defined by itself: a -> b -> a",
        ),
    ],
)
def test_what_is_defined_by_itself_is_refused_also_through_windows(more: str, says: str) -> None:
    found = told(page(f"initial_population: {{visit: any, starts: a}}\nnumerator: {{visit: any}}\n{more}"))
    assert any(says in each for each in found)


@pytest.mark.parametrize("name", ["visit", "age", "any", "period", "unit", "birth", "service-order", "which"])
def test_no_definition_or_window_is_called_by_a_word_of_ours(name: str) -> None:
    for key, value in (("define", "{visit: seen}"), ("windows", "{from: birth}")):
        (found,) = told(page(f"{GOOD}{key}: {{{name}: {value}}}"))
        assert f"{key}.{name}" in found
        assert "is a word of ours" in found


def test_a_name_means_one_thing() -> None:
    both = "windows: {a: {from: birth}}\ndefine: {a: {visit: seen}}"
    (found,) = told(page(f"initial_population: a\nnumerator: {{visit: seen, starts: a}}\n{both}"))
    assert "'a' is a definition, too" in found


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        (GOOD + "define: {a: {visit: seen}}", "define.a", "defined and not used"),
        (GOOD + "windows: {a: {from: birth}}", "windows.a", "defined and not used"),
        (GOOD + "define: {1: {visit: seen}}", "define", "is no name"),
        (GOOD + "define: {}", "define", "It is empty"),
        (GOOD + "define: [a]", "define", "no mapping"),
        (GOOD + "optional_sets: [sen]", "optional_sets[0]", "Did you mean 'seen'?"),
        (GOOD + "optional_sets: [[seen]]", "optional_sets[0]", "not text"),
        (GOOD + "value_sets: {sen: 2.16}", "value_sets.sen", "asks for 'sen'"),
        (GOOD + "codes: {seen: 99213}", "codes.seen", "not text"),
        (GOOD + "codes: {seen: ['99213']}", "codes.seen", "no code"),
        (GOOD + "library: comon", "library", "There is no library 'comon'"),
        (GOOD + "unit: trc_chan", "unit", "Did you mean 'trc_chain'?"),
        (GOOD + "unit: [a]", "unit", "not text"),
        (GOOD + "unit: {every: {stay: any}}", "unit.every", "no word"),
        (GOOD + "unit_args: {days: 3}", "unit_args", "takes no arguments"),
        (GOOD + "unit: assignment\nunit_args: {days: soon}", "unit_args.days", "no whole number"),
        (GOOD + "unit: assignment", "unit", "needs arguments: days"),
        (GOOD + "unit: {each: {stay: any, starts: unit}}", "unit.each", "cannot look at the unit"),
        (GOOD + "thin_days: 0", "thin_days", "too small"),
        (GOOD + "per: [1]", "per", "no whole number"),
        (GOOD + "improvement: []", "improvement", "One word is asked"),
        (GOOD + "improvement: up", "improvement", "Allowed: decrease, increase"),
        (GOOD + "count: {visit: seen}", "count", "here are 2"),
        (GOOD.replace("numerator", "rates"), "rates.visit", "word of ours"),
        ("initial_population: {age: {from: 1}}\nrates: {}", "rates", "It is empty"),
        (
            "initial_population: {age: {from: 1}}\nrates: {denominator: {visit: seen}}",
            "rates.denominator",
            "word of ours",
        ),
        ("numerator: {visit: seen}", "", "whom it is about"),
        ("initial_population: {visit: seen}", "", "one of numerator, rates and count"),
        (GOOD + "numerator: {visit: seen}", "numerator", "twice"),
    ],
)
def test_a_page_is_refused(body: str, field: str, says: str) -> None:
    found = told(page(body))
    assert any(says in each for each in found), found
    assert any(field in each.partition("\n")[0] for each in found)


def test_a_head_is_refused() -> None:
    head = "measure: other\nversion: 1.0\nlabel: [x]\nsource: {section: 3}\neffective: {from: 2025-13-01}\n"
    fields = {each.partition("\n")[0].rpartition(": ")[2] for each in told(("made.up.yaml", head + GOOD))}
    assert fields == {"measure", "version", "label", "source.document", "source.section", "effective.from"}
    none = told(("made.up.yaml", GOOD))
    assert [
        word for word in ("where its logic comes from", "which periods") if not any(word in each for each in none)
    ] == []
    swapped = HEAD.format(name="made.up").replace("2020-01-01}", "2025-01-01, to: 2024-12-31}") + GOOD
    assert "before it begins" in told(("made.up.yaml", swapped))[0]


def _edition(version: str, effective: str, name: str = "made.up") -> tuple[str, str]:
    _, text = page(GOOD)
    return f"{name}.yaml", text.replace('"1"', f'"{version}"').replace("{from: 2020-01-01}", effective)


def test_two_editions_follow_each_other_and_do_not_overlap() -> None:
    first = _edition("1", "{from: 2024-01-01, to: 2024-12-31}")
    second = _edition("2", "{from: 2025-01-01, to: null}", "made.up@2025")
    assert [one.version for one in loaded(first, second).measures] == ["1", "2"]
    (found,) = told(first, _edition("2", "{from: 2024-12-31}", "made.up@2025"))
    assert found.startswith("made.up@2025.yaml:5: effective")
    assert "'1' for some of these days in made.up.yaml" in found
    (found,) = told(first, _edition("1", "{from: 2025-01-01}", "made.up@2025"))
    assert "has this version in made.up.yaml" in found


def test_a_library_is_checked_whether_or_not_a_page_uses_it() -> None:
    (found,) = told(("library.yaml", "library: common\ndefine: {a: {visit: seen, starts: perod}}\n"))
    assert found.startswith("library.yaml:2: define.a.starts")
    (found,) = told(("library.yaml", "library: common\n"))
    assert "defines nothing" in found
    (found,) = told(LIBRARY, ("second.yaml", LIBRARY[1]))
    assert "There is a library 'common' in library.yaml, too" in found


def test_a_measure_without_its_name_is_no_library() -> None:
    name, text = page(GOOD + "library: common")
    (found,) = told(LIBRARY, (name, text.replace("measure: made.up\n", "")))
    assert found.startswith("made.up.yaml:1: measure") or "measure" in found


def test_a_file_holds_one_page() -> None:
    name, text = page(GOOD)
    (found,) = told((name, f"{text}---\n{text}"))
    assert "A file holds one page" in found


@pytest.mark.parametrize(
    "criterion",
    [
        "{all: [" * 300 + "{visit: seen}" + "]}" * 300,
        "{none: " * 400 + "{visit: seen}" + "}" * 400,
    ],
)
def test_depth_is_a_mistake_like_any_other(criterion: str) -> None:
    found = wrong(criterion)
    assert found == "" or "too deeply" in found


def test_a_long_chain_of_definitions_is_a_mistake_at_worst() -> None:
    chain = "\n".join(f"  d{n}: d{n + 1}" for n in range(600))
    found = told(
        page(f"initial_population: d0\nnumerator: {{visit: seen}}\ndefine:\n{chain}\n  d600: {{visit: seen}}\n")
    )
    assert found == [] or any("too deeply" in each for each in found)


CASES = """
cases:
  - name: it
    facts: [{facts}]
    expect: {{initial_population: 1, denominator: 1, numerator: 1}}
{more}
"""


@pytest.mark.parametrize(
    ("facts", "more", "says"),
    [
        ("{vist: seen, at: 2025-01-01}", "", "A fact is of one kind; here are 0"),
        ("{visit: seen, at: 2025-02-30}", "", "no calendar day"),
        ("{visit: seen, at: 2025-02-03 25:00}", "", "no time"),
        ("{visit: seen, at: 20250203}", "", "no calendar day"),
        ("{visit: seen, att: 2025-02-03}", "", "'att' is no word"),
        ("seen", "", "no mapping"),
        ("{stay: any, setting: acut}", "", "Did you mean 'acute'?"),
        ("{observation: test, value: high}", "", "no number"),
        ("{observation: test, parts: [a]}", "", "no mapping"),
        ("{visit: seen}", "    coverage: {from: 2025-01-01}", "no list"),
        ("{visit: seen}", "    coverage: 3", "no list"),
        ("{visit: seen}", "    coverage: [3]", "no mapping"),
        ("{visit: seen}", "    assignments: all", "no list"),
        ("{visit: seen}", "    person: {age: 3}", "'age' is no word"),
        ("{visit: seen}", "    period: 20250", "too large"),
        ("{visit: seen}", "    period: 2025-01-01", "no whole number"),
        ("{visit: seen}", "    today: soon", "no calendar day"),
        ("{visit: seen}", "    units: 3", "'units' is no word"),
        ("{visit: seen}", "    given: 3", "'given' is no word"),
    ],
)
def test_a_case_is_refused(facts: str, more: str, says: str) -> None:
    found = load_measures([page(GOOD + CASES.format(facts=facts, more=more))])
    assert found.problems == ()
    problems = check_cases(found.pages[0], found.libraries)
    assert any(says in str(problem) for problem in problems), problems
    assert all(problem.line > 1 for problem in problems)


# -- whatever is written, nothing is raised

WHOLE = yaml.load(
    HEAD.format(name="made.up")
    + f"""
unit: {PER_STAY}
define:
  care: {{any: [{{visit: seen, dx: [sick, ill], starts: year}}, {{procedure: done, outside: {{stay: any}}}}]}}
  second: {{nth: {{of: care, number: 2}}}}
windows:
  year: {{from: 01-01 prior year, to: 60 days after unit.end}}
drop: {{sex: unknown}}
initial_population:
  all: [{{age: {{from: 18, to: 85, at: 12-31}}}}, {{enrolled: {{during: period, gaps: 1, gap_days_max: 45}}}}]
denominator: {{none: [{{died: period}}, {{unit: {{setting: psych}}}}, {{unit_is: planned}}]}}
exclusion: {{lasts: {{of: unit, days_below: 2}}}}
exception: {{order: drug, refused: true, within: unit}}
rates:
  low:
    reading:
      of: {{latest_day: {{observation: test, parts: [a, b]}}}}
      lowest: {{a: {{below: 3}}, value: {{above: 1.5}}}}
  kept:
    covered_days:
      {{of: {{fill: drug}}, during: {{days: [0, 9], of: second.start}}, overlap: shift, share_at_least: 80}}
thin_days: 30
codes: {{seen: ["loinc|1"]}}
optional_sets: [ill]
departures: [none]
equivalent: [{{mutant: m, why: w}}]
cases:
  - name: it
    person: {{born: 1980-01-01, sex: F}}
    coverage: [{{mcp: PLANA, from: 2020-01-01}}]
    assignments: [{{on: 2025-01-01, provider: P1}}]
    facts:
      - {STAY}
      - {{visit: seen, at: 2025-03-04 10:00, dx: sick}}
      - {{fill: drug, at: 2025-03-05, days: 30, ingredient: a}}
    expect: {{initial_population: 1, denominator: 1}}
""",
    Loader=loader_on(yaml.SafeLoader),
)
STRANGE: list[Any] = [
    None, True, False, 0, -1, 2**40, 1.5, float("inf"), "", "any", "unit", "unit.start", "period", "no", "x" * 5000,
    "99999999999 days before birth", "02-29 prior year", "care", "second.end", [], [[]], [None], {}, {"visit": "seen"},
    {"all": []}, {1: 2}, {None: None}, {"from": {}},
    {"days": [0, 1], "of": "unit.end"}, ["a", 1],
]  # fmt: skip


def _places(node: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [at, *(place for key, value in inner for place in _places(value, (*at, key)))]


PLACES = _places(WHOLE)[1:]


def _changed(node: Any, at: tuple[Any, ...], change: Callable[[Any, Any], None]) -> Any:
    copy = yaml.safe_load(yaml.safe_dump(node))
    holder = copy
    for step in at[:-1]:
        if not isinstance(holder, dict | list):
            return copy
        try:
            holder = holder[step]
        except (LookupError, TypeError):
            return copy
    with suppress(LookupError, TypeError, AttributeError):
        change(holder, at[-1])
    return copy


def _replace(value: Any, holder: Any, key: Any) -> None:
    holder[key] = value


def _remove(_: Any, holder: Any, key: Any) -> None:
    del holder[key]


def _rename(value: Any, holder: Any, key: Any) -> None:
    holder[value] = holder.pop(key)


def _add(value: Any, holder: Any, key: Any) -> None:
    holder[key]["extra"] = value


CHANGES = (_replace, _remove, _rename, _add)


@st.composite
def pages(draw: st.DrawFn) -> Any:
    data: Any = WHOLE
    for _ in range(draw(st.integers(1, 3))):
        how, at, value = (draw(st.sampled_from(given)) for given in (CHANGES, PLACES, STRANGE))
        data = _changed(data, at, partial(how, value))
    return data


def test_the_page_that_is_mutated_is_right() -> None:
    data = {**WHOLE, "denominator": {"none": WHOLE["denominator"]["none"][:2]}}
    assert told(("made.up.yaml", yaml.safe_dump(data))) == []


@given(pages())
@settings(law, max_examples=3 * EXAMPLES)
def test_whatever_a_page_says_gives_problems_and_no_exception(data: Any) -> None:
    found = load_measures([LIBRARY, ("made.up.yaml", yaml.safe_dump(data))])
    for problem in found.problems:
        assert str(problem).startswith(("made.up.yaml:", "library.yaml:"))
        assert problem.line >= 1
        assert problem.what
        assert problem.remedy
    for one in found.pages:
        check_cases(one, found.libraries)
        for case in cases_of(one, found.libraries)[0]:
            index = Index(case.items, case.person, case.today)
            for counted in one.measure.counted(index, case.period):
                one.measure.verdicts(counted, index, case.period)


@given(st.data())
@settings(law, max_examples=3 * EXAMPLES)
def test_whatever_a_library_says_gives_problems_and_no_exception(data: st.DataObject) -> None:
    library = {
        "library": "common",
        "define": dict(WHOLE["define"]),
        "optional_sets": ["ill"],
        "codes": {"seen": ["loinc|1"]},
    }
    at = data.draw(st.sampled_from(_places(library)[1:]))
    changed = _changed(library, at, partial(_replace, data.draw(st.sampled_from(STRANGE))))
    found = load_measures([("library.yaml", yaml.safe_dump(changed)), page(GOOD)])
    assert all(str(problem) for problem in found.problems)


@given(st.text(alphabet="abz09:-[]{}#&*!|>'\"%@`, \n\t", max_size=80))
def test_whatever_a_file_holds_gives_problems_and_no_exception(text: str) -> None:
    assert load_measures([("made.up.yaml", text)]).problems


def test_the_mutants_of_a_page_with_every_word_raise_nothing() -> None:
    data = {**WHOLE, "denominator": {"none": WHOLE["denominator"]["none"][:2]}}
    (proved,) = prove(loaded(("made.up.yaml", yaml.safe_dump(data))))
    assert proved.mutants > 60
    assert proved.survivors
    assert proved.stale == ("m",)
