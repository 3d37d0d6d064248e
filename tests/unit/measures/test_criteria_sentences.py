"""What `explain` tells a care manager: what is missing, until when it would help, and what was seen and not counted."""

from datetime import date

from services.measures.verdicts import Missing
from tests.unit.measures.pages import PER_STAY, STAY, verdict


def missing(criterion: str, facts: str = "", **given: str) -> list[tuple[str, str]]:
    """Sentences with their last days; alternatives as one text each."""
    return [_told(one) for one in verdict(criterion, facts, **given).missing]


def _told(one: Missing) -> tuple[str, str]:
    ways = " | ".join(f"{sentence} until {until}" for sentence, until in map(_told, one.alternatives))
    return (f"{one.sentence}: {ways}" if ways else one.sentence, str(one.until or "-"))


def near(criterion: str, facts: str, **given: str) -> list[str]:
    return [f"{one.kind} {one.day} {one.reason}" for one in verdict(criterion, facts, **given).near]


AFTER = "{visit: [seen, called], starts: {days: [1, 30], of: unit.end}}"


def test_a_window_is_told_as_dates_with_the_last_day_that_helps() -> None:
    assert missing(AFTER, STAY, unit=PER_STAY) == [
        ("a visit (seen or called), from 2025-03-07 through 2025-04-05", "2025-04-05")
    ]


def test_a_fact_that_was_seen_is_told_with_the_first_reason_that_it_does_not_count() -> None:
    early, reversed_ = "{visit: seen, at: 2025-03-06}", "{visit: seen, at: 2025-03-08, status: reversed}"
    assert near(AFTER, f"{STAY}, {early}, {reversed_}, {{visit: other, at: 2025-03-09}}", unit=PER_STAY) == [
        "claim 2025-03-06 counts only from 2025-03-07 through 2025-04-05",
        "claim 2025-03-08 is 'reversed', which does not count",
    ]
    asked = "{visit: seen, dx: sick, pos: [home, office], not_by: nurse, setting: [acute, psych], disposition: '01'}"
    where = "{visit: seen, at: 2025-01-01, dx: sick, pos: home"
    assert near(asked, f"{{visit: seen, at: 2025-01-01}}, {where}, by: nurse}}, {where}}}") == [
        "claim 2025-01-01 counts only with a diagnosis of sick",
        "claim 2025-01-01 does not count by nurse",
        "claim 2025-01-01 counts only in setting acute or psych",
    ]
    assert near("{order: drug}", "{order: drug, at: 2025-01-01, refused: true}") == ["order 2025-01-01 was refused"]
    assert near("{observation: test, value: {above: 9}}", "{observation: test, at: 2025-01-01, value: 8}") == [
        "observation 2025-01-01 counts only with a value above 9"
    ]
    assert near("{condition: sick, starts: period}", "{condition: sick, to: 2025-01-01}") == [
        "condition None counts only from 2025-01-01 through 2025-12-31"
    ]


def test_facts_about_a_stay_are_told_by_the_stay() -> None:
    care = "define: {care: {stay: any}}"
    test = "{observation: test, at: 2025-03-04}"
    assert near("{observation: test, not_within: care}", f"{STAY}, {test}", more=care) == [
        "observation 2025-03-04 does not count within care by the clock"
    ]
    assert near("{observation: test, outside: care}", f"{STAY}, {test}", more=care) == [
        "observation 2025-03-04 shares a day with care"
    ]


def test_open_windows_single_days_and_several_spans_are_told() -> None:
    begun = "define: {begun: {visit: start}}"
    twice = "{visit: start, at: 2025-02-01}, {visit: start, at: 2025-08-01}"
    assert missing("{visit: seen, starts: {from: 06-30}}") == [("a visit (seen), on or after 2025-06-30", "2025-12-31")]
    assert missing("{visit: seen, ends: {to: 06-30}}") == [
        ("a visit (seen), ending on or before 2025-06-30", "2025-06-30")
    ]
    assert missing("{visit: seen, overlaps: {days: [1, 1], of: begun.start}}", twice, more=begun) == [
        ("a visit (seen), at some time on 2025-02-02 or on 2025-08-02", "2025-08-02")
    ]
    assert missing("{visit: seen, during: {days: [0, 1], of: begun.start}}", more=begun) == [
        ("a visit (seen), all of it days 0 to 1 of begun.start, of which nothing is known yet", "2025-12-31")
    ]
    many = ", ".join(f"{{visit: start, at: 2025-0{n}-01}}" for n in range(1, 7))
    ((told, _),) = missing("{visit: seen, starts: begun}", many, more=begun)
    assert told == "a visit (seen), on 2025-01-01 or on 2025-02-01 or on 2025-03-01 or in 3 more spans"


def test_alternatives_stand_side_by_side_and_what_belongs_together_together() -> None:
    asked = (
        "{any: [{visit: seen, starts: {to: 06-30}}, {all: [{procedure: done}, {observation: test}, {sex: female}]}]}"
    )
    assert missing(asked) == [
        (
            (
                "one of these: a visit (seen), on or before 2025-06-30 until 2025-06-30"
                " | a procedure (done) and a result (test) until 2025-12-31"
            ),
            "2025-12-31",
        )
    ]


def test_a_definition_of_several_kinds_of_care_is_told_kind_by_kind() -> None:
    more = "define: {care: {any: [{visit: seen}, called]}, called: {visit: called, by: nurse}}"
    asked = "{which: {of: care, starts: {days: [0, 7], of: unit.end}}}"
    assert missing(asked, STAY, more=more, unit=PER_STAY) == [
        (
            (
                "one of these: a visit (seen), from 2025-03-06 through 2025-03-13 until 2025-03-13"
                " | a visit (called), by nurse, from 2025-03-06 through 2025-03-13 until 2025-03-13"
            ),
            "2025-03-13",
        )
    ]


def test_of_numbers_what_they_are_is_told_beside_what_they_should_be() -> None:
    asked = "{reading: {of: {latest_day: {observation: bp}}, lowest: {upper: {below: 140}, lower: {below: 90}}}}"
    assert missing(asked, "{observation: bp, at: 2025-05-01, parts: {upper: 150, lower: 80}}") == [
        ("the lowest upper below 140: 150 on 2025-05-01", "2025-12-31")
    ]
    assert missing(asked) == [("a result (bp)", "2025-12-31")]
    fill = "{fill: drug, at: 2025-01-01, days: 30, ingredient: one}"
    share = "{covered_days: {of: {fill: drug}, during: {from: 01-01, to: 03-01}, share_at_least: 80}}"
    assert missing(share, fill) == [
        (
            "at least 80 % of days covered, 30 of 60 so far, from 2025-01-01 through 2025-03-01, by a fill (drug)",
            "2025-03-01",
        )
    ]


def test_the_person_is_told_in_words() -> None:
    assert missing("{age: {from: 66, to: 80, at: 12-31}}") == [("aged 66 to 80 on 2025-12-31", "-")]
    assert missing("{age: {from: 66}}") == [("aged 66 or older on 2025-12-31", "-")]
    assert missing("{age: {to: 17}}") == [("aged 17 or younger on 2025-12-31", "-")]
    assert missing("{sex: [male, other]}") == [("of sex male or other", "-")]
    assert missing("{died: period}") == [("a death from 2025-01-01 through 2025-12-31", "2025-12-31")]
    none = "coverage: []"
    assert missing("{enrolled: {during: period}}", who=none) == [
        ("covered by one plan from 2025-01-01 through 2025-12-31 without a gap", "2025-12-31")
    ]
    assert missing("{enrolled: {during: period, gaps: 1, gap_days_max: 45}}", who=none) == [
        ("covered by one plan from 2025-01-01 through 2025-12-31 with at most 1 gap of up to 45 days", "2025-12-31")
    ]


def test_what_is_there_and_should_not_be_is_told_without_a_day_that_would_help() -> None:
    asked = "{none: [{visit: seen, starts: period}, {visit: other}]}"
    assert missing(asked, "{visit: seen, at: 2025-05-01}") == [
        ("without a visit (seen), from 2025-01-01 through 2025-12-31", "-")
    ]


def test_of_what_is_true_nothing_is_missing_and_the_definition_is_told() -> None:
    told = verdict(
        "care", "{visit: seen, at: 2025-05-01}", more="define: {care: {any: [{visit: seen}, {visit: called}]}}"
    )
    assert (told.met, told.missing) == (True, ())
    assert [(one.kind, one.definition, one.day) for one in told.because] == [("claim", "care", date(2025, 5, 1))]


def test_so_many_are_told() -> None:
    asked = "{visit: seen, at_least: 2, on_different_days: true}"
    assert missing(asked, "{visit: seen, at: 2025-05-01}") == [
        ("a visit (seen), at least 2 of them on different days", "2025-12-31")
    ]
    assert missing("{nth: {of: {visit: seen}, number: 2}}", "{visit: seen, at: 2025-05-01}") == [
        ("day 2 of a visit (seen)", "2025-12-31")
    ]
