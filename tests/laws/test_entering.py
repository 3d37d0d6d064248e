"""Laws of entering: order and repetition leave no trace, and value sets have an inverse."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from models.clinical import Clinical
from models.events import CareEvent, Claim, Event, Fill, Teller
from models.time import Stamp
from services.measures.entering.gathering import Facts, Surroundings, groups_of, items_of
from services.measures.items import Item
from services.measures.listed import Listed
from services.measures.value_sets import ValueSets
from services.member.facts import absorb
from services.member.memo import Answers

ZONE = ZoneInfo("America/Los_Angeles")
START = datetime(2025, 3, 1, tzinfo=UTC)
CODES = ("hcpcs|99213", "hcpcs|99284", "icd10cm|F329", "icd10cm|I10", "ingredient|metformin")

names = st.sampled_from(["one", "two", "three", "four"])
spans = st.tuples(st.integers(1, 9), st.integers(1, 9)).map(lambda pair: (min(pair), max(pair)))
lists = st.dictionaries(
    names,
    st.builds(
        lambda always, dated: Listed(
            frozenset(always) | dated.keys(),
            dated={code: (span,) for code, span in dated.items() if code not in always},
        ),
        st.sets(st.sampled_from(CODES)),
        st.dictionaries(st.sampled_from(CODES), spans),
    ),
)

days = st.dates(date(2025, 3, 1), date(2025, 3, 12))
claims = st.builds(
    Claim,
    member_id=st.just("M1"),
    claim_id=st.sampled_from(["C1", "C2", "C3"]),
    service_from=days,
    service_to=st.none() | days,
    status=st.sampled_from(["paid", "denied", "reversed"]),
    procedure_codes=st.sampled_from([(), ("99213",), ("99284",), ("99213", "99284")]),
    diagnosis_codes=st.sampled_from([(), ("I10",), ("F329", "I10")]),
    place_of_service=st.sampled_from(["", "11", "23", "81"]),
    bill_type=st.sampled_from(["", "111", "112", "114", "131", "211", "118"]),
    revenue_codes=st.sampled_from([(), ("0450",), ("0120",), ("0762",)]),
    provider_npi=st.sampled_from(["", "1", "2"]),
)
fills = st.builds(
    Fill, st.just("M1"), st.sampled_from(["F1", "F2"]), days, st.just(""), st.just("metformin"), st.integers(1, 90),
    st.sampled_from(["dispensed", "reversed"]),
)  # fmt: skip
contacts = st.builds(
    CareEvent, st.just("M1"), st.datetimes(datetime(2025, 3, 1), datetime(2025, 3, 9), timezones=st.just(UTC)),  # noqa: DTZ001
    st.just("contact"), st.just("A1"), st.just("phone"), st.sampled_from(["reached", "no_answer"]),
)  # fmt: skip
resources = st.builds(
    lambda number, day, status, named: Clinical(
        "encounter" if number == 1 else "observation", "F1|Patient|p", f"R/{number}", status, codes=("hcpcs|99213",),
        start=Stamp(datetime(2025, 3, day, 9)), act_class="EMER" if number == 1 else "",  # noqa: DTZ001
        encounter="R/1" if named else "",
    ),
    st.integers(1, 3), st.integers(1, 20), st.sampled_from(["final", "finished", "entered-in-error"]), st.booleans(),
)  # fmt: skip
facts = st.one_of(claims, fills, contacts, resources)
histories = st.lists(st.tuples(facts, st.integers(0, 5)), max_size=12)


@given(lists)
def test_sets_of_is_the_inverse_of_codes(listed: Mapping[str, Listed]) -> None:
    sets = ValueSets(listed)
    for code in CODES:
        assert sets.sets_of(code) == {name for name in sets.names if code in sets.codes(name)}


@given(lists, st.lists(st.sampled_from(CODES)), st.integers(1, 9))
def test_what_codes_match_on_a_day_is_what_each_matches(
    listed: Mapping[str, Listed], codes: list[str], day: int
) -> None:
    sets = ValueSets(listed)
    assert sets.matching(codes, day) == frozenset().union(*(sets.naming(code, day) for code in codes))


@given(lists, st.sets(names))
def test_narrowing_leaves_out_names_and_nothing_else(listed: Mapping[str, Listed], wanted: set[str]) -> None:
    sets = ValueSets(listed)
    for code in CODES:
        assert sets.narrowed(wanted).sets_of(code) == sets.sets_of(code) & wanted


@given(histories, st.randoms(use_true_random=False))
def test_order_and_repetition_of_facts_leave_no_trace(history: list[tuple[Any, int]], dice: Any) -> None:
    events = [told(fact, hours) for fact, hours in history]
    again = [*events, *(event for event in events if dice.random() < 0.5)]
    dice.shuffle(again)
    assert shown(entered(events)) == shown(entered(again))


@given(histories, st.integers(0, 12))
def test_what_is_remembered_gives_the_same_items(history: list[tuple[Any, int]], cut: int) -> None:
    events = [told(fact, hours) for fact, hours in history]
    known: dict[str, Answers[Any, Any]] = {kind: Answers() for kind in groups_of(of([]), AROUND, {})}
    for heard in (events[:cut], events):
        warm = [item for enter in groups_of(of(heard), AROUND, known).values() for item in enter()]
    assert shown(warm) == shown(entered(events))


AROUND = Surroundings(ZONE, ValueSets({code: Listed(frozenset({code})) for code in CODES}))


def told(fact: Any, hours: int) -> Event:
    return Event(fact, Teller(f"{hours:02d}{crc32(repr(fact).encode()):010d}", START + timedelta(hours=hours), "F1"))


def of(events: list[Event]) -> Facts:
    known = absorb({}, events)

    def only(kind: type) -> Any:
        return {fact: tellers for fact, tellers in known.items() if isinstance(fact, kind)}

    return Facts(only(Claim), only(Fill), only(CareEvent), only(Clinical))


def entered(events: list[Event]) -> list[Item]:
    return items_of(of(events), AROUND)


def shown(items: list[Item]) -> list[str]:
    """Everything that items say; sets are put in order."""
    rows = []
    for item in items:
        values = [getattr(item, field) for field in item.__struct_fields__]
        rows.append(repr([sorted(value) if isinstance(value, frozenset) else value for value in values]))
    return sorted(rows)
