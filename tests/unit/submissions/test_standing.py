"""A submission is prefilled, judged at once, and stays as it was sent while the truth goes on beside it."""

import itertools
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import msgspec
import pytest

from models.measure import Contribution
from models.owner import Owner
from models.submission import SubmissionDecision
from services.submissions.feedback import Feedback, feedback
from services.submissions.round import Field, Improvement, Round
from services.submissions.standing import Submission, standing
from services.submissions.telling import freeze_line, submission_json
from services.submissions.values import values_of

AT = datetime(2024, 9, 1, 17, tzinfo=UTC)
ZONE = ZoneInfo("America/Los_Angeles")
HALF = Fraction(1, 2)
CBP = Field("cbp", "cbp", threshold=Fraction(62, 100))
ED = Field("amb_ed", "amb_ed", threshold=Fraction(60), improvement="decrease")
PARTNERS = Field("partners")
ROUND = Round(
    "ipp.5", "5", "IPP", "2025.1", date(2024, 1, 1), date(2024, 6, 30), date(2024, 9, 3), (CBP, ED, PARTNERS),
    prefill="ipp.4",
)  # fmt: skip
CONTACT = SubmissionDecision(AT, "ops", "contact", "ipp.5", "Ana Rivera", "ana@plan.example")
TODAY = {"cbp": HALF, "amb_ed": Fraction(58)}
PRIOR = {"cbp": Fraction(2, 5), "partners": Fraction(7)}


def freeze(hours: int = 1, **values: str) -> SubmissionDecision:
    pairs = tuple(sorted(values.items()))
    return SubmissionDecision(AT + timedelta(hours=hours), "ops", "freeze", "ipp.5", values=pairs)


def words(shown: Submission) -> dict[str, Feedback]:
    return {answer.field.name: answer.feedback for answer in shown.answers}


@pytest.mark.parametrize(
    ("value", "prior", "threshold", "improvement", "said"),
    [
        ("62/100", None, "62/100", "increase", "meets"),
        ("619/1000", "60/100", "62/100", "increase", "improves"),
        ("60/100", "60/100", "62/100", "increase", "below"),
        ("61/100", None, "62/100", "increase", "below"),
        (None, "60/100", "62/100", "increase", "missing"),
        ("60", None, "60", "decrease", "meets"),
        ("61", "62", "60", "decrease", "improves"),
        ("61", "61", "60", "decrease", "below"),
        ("0", None, None, "increase", "meets"),
        ("3", "2", None, "increase", "improves"),
        ("2", "2", None, "increase", "below"),
        ("1", "2", None, "decrease", "improves"),
    ],
)
def test_what_a_value_comes_to(
    value: str | None, prior: str | None, threshold: str | None, improvement: Improvement, said: Feedback
) -> None:
    numbers = [None if text is None else Fraction(text) for text in (value, prior, threshold)]
    assert feedback(*numbers, improvement) == said


def test_a_draft_shows_today_beside_the_round_before() -> None:
    shown = standing(ROUND, [], TODAY, PRIOR)
    assert (shown.state, shown.contact, shown.lacks) == ("draft", None, ("contact",))
    assert words(shown) == {"cbp": "improves", "amb_ed": "meets", "partners": "below"}
    cbp, ed, partners = shown.answers
    assert (cbp.value, cbp.prior, cbp.prefill_source) == (HALF, Fraction(2, 5), "ipp.4")
    assert (ed.prior, ed.prefill_source) == (None, "")
    assert (partners.value, partners.today) == (7, 7)  # prefilled: nobody stated another


def test_after_a_freeze_the_value_stays_and_the_truth_goes_on() -> None:
    sent = freeze(cbp="2/5", amb_ed="61/1", partners="7/1")
    shown = standing(ROUND, [CONTACT, sent], {"cbp": Fraction(3, 4), "amb_ed": None}, PRIOR)
    assert (shown.state, shown.frozen_at, shown.frozen_by) == ("submitted", sent.at, "ops")
    told = {
        each["field"]: (each["value"], each["today"], each["feedback"])
        for each in submission_json(shown, ZONE)["fields"]
    }
    assert told == {"cbp": (0.4, 0.75, "below"), "amb_ed": (61.0, None, "below"), "partners": (7.0, 7.0, "below")}


def test_a_field_that_was_sent_empty_stays_empty() -> None:
    shown = standing(ROUND, [CONTACT, freeze(cbp="", amb_ed="58/1")], TODAY, PRIOR)
    assert words(shown) == {"cbp": "missing", "amb_ed": "meets", "partners": "missing"}


def test_the_newest_contact_and_freeze_hold_in_whatever_order_they_are_told() -> None:
    other = msgspec.structs.replace(CONTACT, at=AT + timedelta(minutes=1), name="Bo Chen")
    elsewhere = msgspec.structs.replace(CONTACT, at=AT + timedelta(days=1), round="ipp.4", name="Nobody")
    told = [CONTACT, other, elsewhere, freeze(1, cbp="1/2"), freeze(2, cbp="3/4")]
    found = {
        msgspec.json.encode(submission_json(standing(ROUND, [*order, *order], TODAY, PRIOR), ZONE))
        for order in itertools.permutations(told)
    }
    (only,) = map(msgspec.json.decode, found)
    assert only["contact"]["name"] == "Bo Chen"
    assert only["fields"][0]["exact"] == "3/4"


def test_a_freeze_carries_the_values_and_gives_them_back() -> None:
    shown = standing(ROUND, [CONTACT], TODAY, PRIOR)
    line = freeze_line(shown, AT, "ops", "sent by mail")
    assert line["values"] == {"cbp": "1/2", "amb_ed": "58/1", "partners": "7/1"}
    again = standing(ROUND, [CONTACT, freeze(**line["values"])], {}, PRIOR)
    assert again.values == shown.values


def test_the_shape_is_the_contract_s() -> None:
    shown = submission_json(standing(ROUND, [CONTACT], TODAY, PRIOR), ZONE)
    assert {"round", "program", "period", "due", "contact", "state", "frozen_at", "fields"} <= shown.keys()
    assert shown["contact"] == {"name": "Ana Rivera", "email": "ana@plan.example"}
    promised = {"measure", "value", "prior_value", "prefill_source", "threshold", "today", "feedback"}
    assert promised <= shown["fields"][0].keys()
    assert (shown["period"], shown["due"], shown["state"]) == (["2024-01-01", "2024-06-30"], "2024-09-03", "draft")


def counted(measure: str, unit: str, last: date, numerator: int = 0, mcp_id: str = "PLANA") -> tuple[str, Contribution]:
    return "M1", Contribution(
        measure, "v1", str(last.year), unit, 1, 1, 0, 0, numerator, None, last, last, last, Owner(mcp_id)
    )


def test_units_count_that_end_in_the_period_and_members_year_to_date() -> None:
    ledger = [
        counted("cbp", "", date(2024, 12, 31), 1),
        counted("cbp", "", date(2023, 12, 31), 1),
        counted("amb_ed", "2024-01", date(2024, 1, 31), 2),
        counted("amb_ed", "2024-06", date(2024, 6, 30), 1),
        counted("amb_ed", "2024-07", date(2024, 7, 31), 9),
        counted("trc.engagement", "s1", date(2024, 3, 1), 1),
    ]
    assert values_of(ROUND, ledger, {"amb_ed": 1000}) == {"cbp": 1, "amb_ed": 1500}


def test_a_round_of_one_plan_counts_that_plan_s_units() -> None:
    ledger = [counted("cbp", "", date(2024, 12, 31), 1), counted("cbp", "", date(2024, 12, 31), 0, "PLANB")]
    of_plan = msgspec.structs.replace(ROUND, mcp_id="PLANB")
    assert values_of(of_plan, ledger, {}) == {"cbp": 0, "amb_ed": None}
    assert values_of(ROUND, ledger, {})["cbp"] == HALF
