"""What becomes of a page's answers: rates, counted days, thinned units, populations, editions; and how it is told."""

from services.measures.book import Known, MeasureBook
from services.measures.cases import check_cases, play
from services.measures.items import Item
from services.measures.value_sets import ValueSets
from tests.unit.measures.facts import day, index, person, stay
from tests.unit.measures.pages import PER_STAY, STAY, asking, holds, loaded, page

RATES = f"""
unit: {PER_STAY}
initial_population: {{age: {{from: 18}}}}
rates:
  week: {{event: contact, starts: {{days: [0, 7], of: unit.end}}}}
  month: {{event: contact, starts: {{days: [0, 30], of: unit.end}}}}
"""
CONTACT = Item("event", "c", day("03-20"), day("03-20"), frozenset({"contact"}))
FACTS = [stay("s", "03-03", "03-06"), CONTACT]


def _book(*files: tuple[str, str]) -> MeasureBook:
    return MeasureBook(loaded(*files), ValueSets())


def test_each_rate_is_counted_by_itself_over_one_denominator() -> None:
    found = _book(page(RATES)).contributions([FACTS], person(), day("2025-12-31"), Known())
    assert {row.measure: (row.unit, row.denominator, row.numerator) for row in found} == {
        "made.up.week": ("s", 1, 0), "made.up.month": ("s", 1, 1),
    }  # fmt: skip


def test_a_rate_is_explained_by_its_own_numerator_under_its_own_id() -> None:
    book, known = _book(page(RATES)), index(*FACTS, today="2025-03-25")
    for rate, met, closes, status in (("week", False, "2025-03-13", "closed"), ("month", True, "2025-04-05", "open")):
        (told,) = book.explained(f"made.up.{rate}", known)
        (numerator,) = [one for one in told.verdicts if one.population == "numerator"]
        assert (told.measure, numerator.met, str(numerator.closes_on)) == (f"made.up.{rate}", met, closes)
        assert told.status_of("numerator") == status
    assert book.explained("made.up.year", known) == []


def test_a_page_may_count_days_instead_of_saying_yes() -> None:
    body = "initial_population: {age: {from: 18}}\ncount: {visit: seen, starts: period}\n"
    visits = "{visit: seen, at: 2025-05-01}, {visit: seen, at: 2025-05-01}, {visit: seen, at: 2025-06-01}"
    case = f"cases: [{{name: two, facts: [{visits}], expect: {{denominator: 1, numerator: 2}}}}]"
    found = loaded(page(body + case))
    assert check_cases(found.pages[0], found.libraries) == []


STAYS = ", ".join(f"{{stay: any, setting: acute, from: 2025-{a}, to: 2025-{b}}}" for a, b in [
    ("01-01", "01-05"), ("01-31", "02-02"), ("02-02", "02-03"), ("03-04", "03-05"), ("04-03", "04-04"),
])  # fmt: skip


def test_thinning_keeps_the_first_unit_and_the_next_so_many_days_later() -> None:
    def firsts(days: int, facts: str = STAYS) -> int:
        return holds("{age: {from: 18}}", facts, unit=PER_STAY, more=f"thin_days: {days}")

    # 30 days after January 1 is January 31; 30 after that is March 2.
    assert [firsts(days) for days in (1, 30, 31, 33)] == [5, 4, 3, 2]


def test_units_that_are_excluded_or_in_no_denominator_thin_nobody_out() -> None:
    def counts(more: str) -> tuple[int, int, int]:
        written, case = asking("{age: {from: 18}}", STAYS, unit=PER_STAY, more=f"thin_days: 31\n{more}")
        sums = play(written.measure, case)
        return sums["initial_population"], sums["denominator"], sums["exclusion"]

    first = "{unit: {starts: {from: 01-01, to: 01-01}}}"
    assert counts("") == (3, 3, 0)
    # Without January 1, January 31 is the first, and February 2 is too soon after it.
    assert counts(f"exclusion: {first}") == (3, 2, 1)
    assert counts(f"denominator: {{none: {first}}}") == (3, 2, 0)
    assert counts(f"drop: {first}") == (2, 2, 0)


def test_the_engine_and_not_the_page_keeps_populations_within_each_other() -> None:
    def counts(more: str) -> dict[str, int]:
        written, case = asking(
            "{visit: seen}", "{visit: seen, at: 2025-05-01}, {order: drug, at: 2025-05-01}", more=more
        )
        return {name: n for name, n in play(written.measure, case).items() if n and name != "initial_population"}

    assert counts("") == {"denominator": 1, "numerator": 1}
    assert counts("denominator: {visit: other}\nexclusion: {order: drug}\nexception: {order: drug}") == {}
    assert counts("exclusion: {order: drug}\nexception: {order: drug}") == {"exclusion": 1}
    assert counts("exception: {order: drug}") == {"denominator": 1, "numerator": 1}
    written, case = asking("{visit: other}", "{order: drug, at: 2025-05-01}", more="exception: {order: drug}")
    assert (play(written.measure, case)["exception"], play(written.measure, case)["numerator"]) == (1, 0)


def test_what_is_not_asked_is_neither_met_nor_unmet() -> None:
    more = "exclusion: {order: drug}\nexception: {visit: other}"
    written, case = asking("{visit: seen}", "{order: drug, at: 2025-05-01}", more=more)
    known = index(*case.items)
    (one,) = written.measure.counted(known, case.period)
    met = {each.population: each.met for each in written.measure.verdicts(one, known, case.period)}
    assert met == {
        "initial-population": True, "denominator-exclusion": True, "numerator": None, "denominator-exception": None,
    }  # fmt: skip


def test_each_period_is_served_by_its_edition() -> None:
    name, text = page(RATES)
    old = (name, text.replace("{from: 2020-01-01}", "{from: 2024-01-01, to: 2024-12-31}"))
    new = ("made.up@2025.yaml", text.replace("{from: 2020-01-01}", "{from: 2025-01-01}").replace('"1"', '"2"'))
    facts = [stay("a", "2023-05-01", "2023-05-02"), stay("b", "2024-05-01", "2024-05-02"), *FACTS]
    found = _book(old, new).contributions([facts], person(), day("2025-12-31"), Known())
    assert {(row.period, row.version) for row in found} == {("2024", "1"), ("2025", "2")}


def test_a_definition_that_looks_at_the_unit_is_found_anew_for_each() -> None:
    more = (
        "define: {follow-up: {any: [soon, {event: never}]}, soon: {visit: seen, starts: {days: [1, 7], of: unit.end}}}"
    )
    facts = f"{STAY}, {{stay: any, setting: acute, from: 2025-06-01, to: 2025-06-02}}, {{visit: seen, at: 2025-06-05}}"
    assert holds("follow-up", facts, unit=PER_STAY, more=more) == 1


def test_an_exception_belongs_to_the_rate_whose_numerator_fails() -> None:
    excused = Item("event", "e", day("03-07"), day("03-07"), frozenset({"excused"}))
    book = _book(page(f"{RATES}exception: {{event: excused}}\n"))
    found = book.contributions([[*FACTS, excused]], person(), day("2025-12-31"), Known())
    counts = {row.measure: (row.numerator, row.exception) for row in found}
    assert counts == {"made.up.week": (0, 1), "made.up.month": (1, 0)}
    met = {
        rate: [v.met for v in told.verdicts if v.population == "denominator-exception"]
        for rate in ("week", "month")
        for told in book.explained(f"made.up.{rate}", index(*FACTS, excused, today="2025-12-31"))
    }
    assert met == {"week": [True], "month": [None]}
