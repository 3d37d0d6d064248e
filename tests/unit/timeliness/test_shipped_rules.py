"""The rules that are shipped: they load, their cases play, and they are documented; nothing else is."""

import re
from pathlib import Path
from textwrap import dedent
from typing import Literal, get_args, get_origin
from zoneinfo import ZoneInfo

import pytest

from models.rule import Rule
from services.timeliness import vocabulary
from services.timeliness.custom import calendars
from services.timeliness.loading import Loaded, check
from services.timeliness.pages import KEYS

ROOT = Path(__file__).parents[3]
PACIFIC = ZoneInfo("America/Los_Angeles")
FILES = sorted((ROOT / "services/timeliness/rules").glob("*.yaml"))
REFERENCE = (ROOT / "docs/reference/rules.md").read_text()
TABLE = re.findall(r"^\| `([a-z_]+\.[a-z0-9_]+)` \|", REFERENCE, re.MULTILINE)
LOADED: Loaded = check([(file.name, file.read_text()) for file in FILES], PACIFIC)
BY_ID = {rule.id: rule for rule in LOADED.rules}


def test_every_shipped_rule_loads_and_its_cases_play() -> None:
    assert LOADED.problems == ()
    assert set(BY_ID) == {file.stem for file in FILES}


@pytest.mark.parametrize("rule", LOADED.rules, ids=lambda rule: rule.id)
def test_a_rule_can_be_read_and_has_cases_of_its_own(rule: Rule) -> None:
    assert rule.doc
    assert 2 <= sum(case.rule.id == rule.id for case in LOADED.cases) <= 6


def test_the_table_of_the_reference_names_the_shipped_rules_and_no_others() -> None:
    assert sorted(TABLE) == sorted(BY_ID)


def test_the_reference_has_every_word_and_every_key() -> None:
    literals = [value for value in vars(vocabulary).values() if get_origin(value) is Literal]
    words = {word for literal in literals for word in get_args(literal)}
    quoted = " ".join(re.findall(r"`([^`\n]+)`", REFERENCE))
    written = set(re.findall(r"(?:business|calendar) days|\w+", quoted))
    assert {"level_changed", "business days", "assignment_receipt", "robocall"} <= words
    assert (words | KEYS) - written == set()


@pytest.mark.parametrize("rule", LOADED.rules, ids=lambda rule: rule.id)
def test_pregnant_members_share_the_rules_of_high_risk_and_never_those_of_lower(rule: Rule) -> None:
    if rule.risk:
        assert ("pregnancy" in rule.risk) == ("high" in rule.risk)
        assert not {"pregnancy", "lower"} <= set(rule.risk)


def test_each_follow_up_begins_at_home_and_ends_with_the_next_stay() -> None:
    for rule in LOADED.rules:
        assert ("next_stay" in rule.ends) == (rule.to == "community")


def test_the_examples_in_the_documents_load_and_play() -> None:
    how_to = (ROOT / "docs/how-to/write-a-rule.md").read_text()
    (page,) = re.findall(r"```yaml\n(.*?)```", how_to, re.DOTALL)
    (calendar,) = re.findall(r"```yaml\n(.*?)```", REFERENCE, re.DOTALL)
    known = calendars([("calendars.yaml", calendar)])
    assert "plan_a" in known
    assert check([("plan_a.pharmacy_call_3bd.yaml", dedent(page))], PACIFIC, calendars=known).problems == ()
