"""A word is shown when it is a code; what may be a person's is told by its shape."""

import pytest

from services.onboarding.words import Share, Witness, Words, shape


def witness(patient: str, ordinal: int = 1, personal: str = "", sender: str = "HIE") -> Witness:
    return Witness(patient, ordinal, sender, lambda word: word == personal)


def told(words: Words) -> list[tuple[str, int]]:
    return [(one.word, one.count) for one in words.counts()]


def test_a_word_that_two_patients_share_is_shown() -> None:
    words = Words()
    words.see("H1", witness("A"))
    words.see("H1", witness("A"))
    assert told(words) == [("<1 letter, 1 digit>", 2)]
    words.see("H1", witness("B"))
    assert told(words) == [("H1", 3)]


def test_a_name_is_not_shown_though_a_whole_family_bears_it() -> None:
    words = Words()
    for patient in "ABC":
        words.see("RIVERA", witness(patient, personal="RIVERA"))
    assert told(words) == [("<6 letters>", 3)]


def test_what_the_header_calls_the_sender_and_what_the_standard_knows_are_shown_at_once() -> None:
    words = Words(known={"01"})
    words.see("HIE", witness("A"))
    words.see("01", witness("A"))
    assert told(words) == [("01", 1), ("HIE", 1)]


def test_a_place_where_most_words_are_one_patients_alone_shows_none_of_them() -> None:
    words = Words()
    for patient in ("A", "B"):
        words.see("ACC1", witness(patient))
    assert told(words) == [("ACC1", 2)]
    for patient in ("C", "D", "E"):
        words.see(f"ACC{patient}", witness(patient))
    assert told(words) == [("<4 letters>", 3), ("<3 letters, 1 digit>", 2)]


def test_patients_without_an_identifier_are_one_as_far_as_we_know() -> None:
    words = Words()
    words.see("X1", witness(""))
    words.see("X1", witness(""))
    assert told(words) == [("<1 letter, 1 digit>", 2)]


def test_hidden_words_of_one_shape_are_counted_together_with_the_first_as_example() -> None:
    words = Words()
    for ordinal in (7, 8, 9):
        words.see(f"ACC{ordinal}", witness(f"P{ordinal}", ordinal))
    (only,) = words.counts()
    assert (only.word, only.count, only.example) == ("<3 letters, 1 digit>", 3, 7)


@pytest.mark.parametrize(
    ("count", "of", "percent"),
    [(0, 0, "-"), (0, 9, "0 %"), (9, 9, "100 %"), (1, 3, "33.3 %"), (1, 100_000, "0.1 %"), (99_999, 100_000, "99.9 %")],
)
def test_only_all_is_100_percent_and_only_none_is_0(count: int, of: int, percent: str) -> None:
    assert Share(count, of).percent == percent


@pytest.mark.parametrize(
    ("text", "form"),
    [("90001234A", "8 digits, 1 letter"), ("O'Brien-Smith jr", "16 characters"), ("é1", "1 letter, 1 digit"),
     ("a b", "1 letter, 1 space, 1 letter")],
)  # fmt: skip
def test_a_shape_says_what_a_text_looks_like(text: str, form: str) -> None:
    assert shape(text) == form
