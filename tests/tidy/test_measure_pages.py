"""Every word of a measure page is in the reference, and no other; the pages that are shown are right, and proved."""

import re
from pathlib import Path

import pytest

from services.measures.cases import COUNTS, check_cases
from services.measures.cases import KEYS as CASE_KEYS
from services.measures.compiling import BUILDERS as WORDS
from services.measures.compiling import FILTERS
from services.measures.facts_of_cases import ITEM_KEYS
from services.measures.kinds import CLASSES, KINDS, SETTINGS
from services.measures.loading import Loaded
from services.measures.paging import KEYS, LIBRARY_KEYS
from services.measures.proving import prove
from services.measures.units.builders import BUILDERS
from services.wiring.measures import pages_of

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs/reference/measure-pages.md").read_text(encoding="utf-8")
HOW_TO = (ROOT / "docs/how-to/write-a-measure.md").read_text(encoding="utf-8")
EXAMPLE = ROOT / "docs/how-to/plan_b.bp_after_discharge.yaml"


def rows(part: str) -> dict[str, str]:
    """The tables of a part: the words of each first cell, with the rest of the row."""
    (body,) = re.findall(rf"^## {part}\n(.*?)(?=^## |\Z)", REFERENCE, re.MULTILINE | re.DOTALL)
    cells = re.findall(r"^\| (`.*?) \| (.*) \|$", body, re.MULTILINE)
    return {word: rest for first, rest in cells for word in re.findall(r"`([\w-]+)`", first)}


@pytest.mark.parametrize(
    ("part", "known"),
    [
        ("Keys", set(KEYS)),
        ("Criteria", set(WORDS)),
        ("Kinds of fact", set(KINDS)),
        ("Filters", set(FILTERS)),
        ("Unit builders", set(BUILDERS)),
        ("Cases", {*CASE_KEYS, *ITEM_KEYS}),
    ],
)
def test_a_table_has_every_word_and_no_other(part: str, known: set[str]) -> None:
    assert set(rows(part)) == known


@pytest.mark.parametrize("name", sorted(KINDS))
def test_the_statuses_that_count_are_told(name: str) -> None:
    told = rows("Kinds of fact")[name].split(" | ")[1]
    statuses = KINDS[name].statuses
    assert set(re.findall(r"[\w-]+", re.sub(r"\(.*\)", "", told))) == ({"any"} if statuses is None else statuses - {""})


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_what_a_builder_takes_and_says_is_told(name: str) -> None:
    args, tags, _ = (f"{rows('Unit builders')[name]} ").split("| ", 2)
    assert set(BUILDERS[name].args.model_fields) == set(re.findall(r"`(\w+)`", args)) - {"rtf", "otf"}
    assert set(BUILDERS[name].tags) == set(re.findall(r"`([\w-]+)`", tags))


def test_closed_lists_of_words_are_told() -> None:
    filters = rows("Filters")
    assert set(re.findall(r"`(\w+)`", filters["class"].split(" | ")[0])) == CLASSES
    assert set(re.findall(r"`(\w+)`", filters["setting"].split(" | ")[0])) == SETTINGS
    assert set(COUNTS) <= set(re.findall(r"`(\w+)`", rows("Cases")["expect"]))
    told = re.findall(r"^A \*library\*.*?\n\n", REFERENCE, re.MULTILINE | re.DOTALL)[0]
    assert set(LIBRARY_KEYS) == set(re.findall(r"`(\w+)`", told))


def shown(name: str, text: str) -> Loaded:
    """A page that documents show, beside those that are shipped."""
    return pages_of([(f"{name}.yaml", text)])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plan_b.hba1c_twice", REFERENCE.split("```yaml\n")[-1].split("```")[0]),
        ("plan_b.bp_after_discharge", EXAMPLE.read_text(encoding="utf-8")),
    ],
)
def test_a_page_that_is_shown_is_right_and_no_mutant_survives(name: str, text: str) -> None:
    loaded = shown(name, text)
    (written,) = [one for one in loaded.pages if one.measure.id == name]
    assert check_cases(written, loaded.libraries) == []
    (proved,) = prove(loaded, name)
    assert (proved.survivors, proved.stale) == ((), ())


def test_the_how_to_shows_how_its_page_begins() -> None:
    (block,) = re.findall(r"```yaml\n(# Is a member.*?)```", HOW_TO.replace("\n   ", "\n"), re.DOTALL)
    logic = EXAMPLE.read_text(encoding="utf-8").split("cases:")[0]
    assert block.split("cases:")[0] == logic
