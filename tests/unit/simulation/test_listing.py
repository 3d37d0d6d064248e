"""What a store lists of measures is compared with the labels: by measure and year, summed over units."""

from datetime import UTC, datetime
from typing import Any

from services.simulation.listing import Count, counts_of, summed
from services.simulation.scoring import Listed, Score, Tally
from services.simulation.truth import Label, TrueMeasure, TruthFile, label_line

T = datetime(2025, 8, 1, tzinfo=UTC)
TRC, PDC = TrueMeasure("trc.engagement", "2025", 2, 1), TrueMeasure("pdc.statins", "2025", 1, 1, 0.953425)
LABEL = Label("w-measures", "M1", T, (), (), ("late_claim",), (TRC, PDC), ("2025",))
UNITS: list[dict[str, Any]] = [
    {"measure": "trc.engagement", "period": "2025", "unit": "a", "denominator": 1, "numerator": 1, "value": None},
    {"measure": "trc.engagement", "period": "2025", "unit": "b", "denominator": 1, "numerator": 0, "value": None},
    {"measure": "trc.engagement", "period": "2025", "unit": "c", "denominator": 0, "numerator": 0, "value": None},
    {"measure": "pdc.statins", "period": "2025", "unit": "", "denominator": 1, "numerator": 1, "value": 348 / 365},
]


def scored(listed: list[Count] | None, label: Label | None = LABEL, periods: frozenset[str] | None = None) -> Score:
    score = Score(9)
    score.compare(T, label, Listed("M1", [], [], listed, periods))
    return score


def test_units_are_summed_and_equal_counts_are_found() -> None:
    score = scored(counts_of(UNITS))
    assert score.is_clean
    assert score.by_instant[T]["measures"] == Tally(2)
    assert score.by_measure == {"trc.engagement": Tally(1), "pdc.statins": Tally(1)}
    assert score.by_fault == {"late_claim": Tally(2)}


def test_another_count_is_one_missing_and_one_extra_of_its_measure() -> None:
    score = scored(counts_of(UNITS[1:]))
    assert score.by_measure["trc.engagement"] == Tally(0, 1, 1)
    (difference,) = score.differences
    assert difference.expected == ("trc.engagement", "2025", "1/2", None)
    assert difference.listed == ("trc.engagement", "2025", "0/1", None)


def test_another_value_differs_from_the_fourth_decimal_on() -> None:
    assert scored([*counts_of(UNITS[:3]), Count("pdc.statins", "2025", 1, 1, 0.95349)]).is_clean
    assert not scored([*counts_of(UNITS[:3]), Count("pdc.statins", "2025", 1, 1, 0.9537)]).is_clean
    assert not scored([*counts_of(UNITS[:3]), Count("pdc.statins", "2025", 1, 1)]).is_clean


def test_a_value_that_no_label_tells_is_not_compared() -> None:
    label = Label("w", "M1", T, (), (), (), (TrueMeasure("amb_ed", "2025", 7, 2),), ("2025",))
    assert scored([Count("amb_ed", "2025", 7, 2, 2.0)], label).is_clean


def test_other_measures_other_years_and_what_has_no_denominator_are_not_judged() -> None:
    beyond = [Count("trc.discharge_information", "2025", 1, 0), Count("cbp", "2024", 1, 1), Count("cbp", "2025", 0, 0)]
    assert scored([*counts_of(UNITS), *beyond]).is_clean
    assert scored([*counts_of(UNITS), Count("cbp", "2025", 1, 0)]).by_measure["cbp"] == Tally(0, 0, 1)


def test_a_listing_of_one_year_is_compared_for_that_year() -> None:
    assert scored([], periods=frozenset({"2026"})).is_clean
    assert not scored([], periods=frozenset({"2025"})).is_clean


def test_a_listing_without_measures_is_not_compared_and_a_member_not_listed_lacks_all() -> None:
    assert "measures" not in scored(None).by_instant[T]
    score = Score(9)
    score.compare(T, LABEL, None)
    assert score.by_instant[T]["measures"] == Tally(0, 2, 0)


def test_nobody_of_that_name_has_everything_too_much() -> None:
    assert scored(counts_of(UNITS), None).by_instant[T]["measures"] == Tally(0, 0, 2)


def test_files_are_a_subject_like_any_other(tmp_path: Any) -> None:
    files = Label("w", "@files|A|P", T, (), (), (), (TrueMeasure("ecm.rtf_on_time", "2025", 3, 2),), ("2025",))
    path = tmp_path / "truth"
    path.write_bytes(label_line(LABEL.__class__("w", "M1", T, (), ())) + label_line(files))
    with TruthFile(path) as truth:
        assert truth.members(T) == {"M1", "@files|A|P"}
        assert truth.of("@files|A|P", T) == files
    score = Score(9)
    months = [Count("ecm.rtf_on_time", "2025", 1, met) for met in (1, 0, 1)]
    score.compare(T, files, Listed("@files|A|P", [], [], summed(months)))
    assert score.is_clean
