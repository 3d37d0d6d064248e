"""Laws of money: more is never less, never more than there is, parts sum to the whole, and every hint is a recount."""

from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.programs.amounts import cents
from services.programs.inputs import Gate, Inputs, Outreach, Rate
from services.programs.loading import load_programs
from services.programs.periods import span_of
from services.programs.program import Program
from services.programs.telling import result
from services.programs.what_if import Changes

CATALOG = Path(__file__).parents[2] / "services/programs/catalog"
PROGRAMS = {p.id: p for p in load_programs([(str(x), x.read_text("utf-8")) for x in CATALOG.glob("*.yaml")]).programs}
PER_THOUSAND = {"amb_ed"}
SUMS = ("capitation", "reimbursement", "benchmark", "cost")


@st.composite
def rates(draw: st.DrawFn, measure: str) -> Rate:
    base = draw(st.integers(0, 60))
    per = 1000 if measure in PER_THOUSAND else 1
    return Rate.of(draw(st.integers(0, base)), base, per=per, open_=draw(st.booleans()))


@st.composite
def inputs(draw: st.DrawFn, program: Program) -> Inputs:
    """Anything that could be known of a payee."""
    span = span_of(program.page.period, program.page.effective.from_)
    stated = {key: draw(st.fractions(0, 10_000_000, max_denominator=100)) for key in SUMS}
    for measure in program.page.measure_ids:
        most = 2_000 if measure in PER_THOUSAND else 1
        for key in ("prior_rate", "benchmark"):
            stated[f"{key}:{measure}"] = draw(st.fractions(0, most, max_denominator=1_000))
    on_time = st.sampled_from([True, False, None])
    return Inputs(
        span=span,
        rates={measure: draw(rates(measure)) for measure in program.page.measure_ids},
        gates=tuple(Gate(month, file, on_time=draw(on_time)) for month in span.months for file in program.page.files),
        eligible={month: draw(st.integers(0, 500)) for month in span.months},
        amounts={key: value for key, value in stated.items() if draw(st.integers(0, 9))},
        engaged={month: draw(st.integers(0, 500)) for month in span.months},
        outreach=tuple(
            Outreach(tries, draw(st.integers(0, tries)), draw(st.booleans()))
            for tries in draw(st.lists(st.integers(1, 9), max_size=9))
        ),
    )


every_program = pytest.mark.parametrize("name", sorted(PROGRAMS))


@every_program
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_a_better_rate_never_earns_less(name: str, data: st.DataObject) -> None:
    program = PROGRAMS[name]
    known = data.draw(inputs(program))
    before = program.pay(known).earned
    for page in program.page.lines:
        rate = known.rate(page.measure)
        if rate.value is not None:
            events = data.draw(st.integers(1, 20))
            better = rate.after(-events if page.lower else events)
            assert program.pay(known.with_rates({page.measure: better})).earned >= before


@every_program
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_never_more_than_the_best_that_can_come(name: str, data: st.DataObject) -> None:
    program = PROGRAMS[name]
    known = data.draw(inputs(program))
    told = result(program, known)
    assert told.at_stake >= 0
    everything = {measure: msgspec.structs.replace(rate, open=True) for measure, rate in known.rates.items()}
    gates = tuple(msgspec.structs.replace(gate, on_time=None) for gate in known.gates)
    most = program.pay_at_best(msgspec.structs.replace(known, rates=everything, gates=gates)).earned
    assert told.earned <= most


@every_program
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_what_measures_bring_sums_to_what_is_earned(name: str, data: st.DataObject) -> None:
    program = PROGRAMS[name]
    paid = program.pay(data.draw(inputs(program)))
    if paid.lines and any(line.amount for line in paid.lines):
        assert sum((line.amount for line in paid.lines), Fraction(0)) == paid.earned


@every_program
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_supposing_nothing_changes_nothing(name: str, data: st.DataObject) -> None:
    program = PROGRAMS[name]
    known = data.draw(inputs(program))
    assert Changes().on(known) == known
    same = Changes(rates={m: r.value for m, r in known.rates.items() if r.value is not None}, amounts=known.amounts)
    assert result(program, same.on(known)) == result(program, known)


@every_program
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_every_hint_is_the_payment_asked_again(name: str, data: st.DataObject) -> None:
    program = PROGRAMS[name]
    known = data.draw(inputs(program))
    told = result(program, known)
    for one in told.measures:
        rate = one.rate
        if one.one_more is not None:
            assert rate.numerator is not None
            counted = Rate.of(int(rate.numerator) + 1, rate.base, per=rate.per, open_=rate.open)
            assert told.earned + one.one_more == program.pay(known.with_rates({one.line.measure: counted})).earned
        if one.to_target is not None:
            page = next(page for page in program.page.lines if page.measure == one.line.measure)
            reached = [
                program.pay(known.with_rates({one.line.measure: rate.after(-n if page.lower else n)})).line(
                    one.line.measure
                )
                for n in (one.to_target - 1, one.to_target)
            ]
            assert [line.met for line in reached] == [False, True]
    for late in told.gates:
        assert late.cost == program.pay(known.with_gate(late.gate.key, on_time=True)).earned - told.earned or (
            late.gate.on_time is not False and late.cost == 0
        )


@every_program
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_the_next_tier_is_where_it_is_said_to_be(name: str, data: st.DataObject) -> None:
    program = PROGRAMS[name]
    known = data.draw(inputs(program))
    tier = result(program, known).next_tier
    if tier is None:
        return
    assert tier.points > 0
    for page in program.page.lines:
        if page.measure in tier.events:
            sign, events = -1 if page.lower else 1, tier.events[page.measure]
            scores = [
                program.pay(known.with_rates({page.measure: known.rate(page.measure).after(sign * n)})).score
                for n in (events - 1, events)
            ]
            assert scores[0] is not None
            assert scores[1] is not None
            assert scores[0] < tier.rung.from_ <= scores[1]


@given(st.fractions(-10_000_000, 10_000_000, max_denominator=10_000))
def test_rounding_is_half_to_even_and_at_most_half_a_cent(amount: Fraction) -> None:
    paid = Fraction(cents(amount))
    assert abs(paid - amount) <= Fraction(1, 200)
    if abs(paid - amount) == Fraction(1, 200):
        assert int(paid * 100) % 2 == 0


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50)), min_size=1, max_size=4))
def test_neutral_empties_leave_their_weight_to_the_others(counts: list[tuple[int, int]]) -> None:
    program = PROGRAMS["plan_a.threshold"]
    ids = program.page.measure_ids
    perfect = {measure: Rate.of(base, base) for measure, (base, _) in zip(ids, counts, strict=False)}
    if "amb_ed" in perfect:
        perfect["amb_ed"] = Rate(Fraction(0))
    span = span_of("quarter", program.page.effective.from_)
    paid = program.pay(Inputs(span=span, rates=perfect, eligible={span.months[0]: 100})).earned
    assert paid == 1000
