"""What a row or message is set aside for, and which words a column knows, stands in the reference."""

import re
from pathlib import Path

import pytest

from connectors.tabular import words
from connectors.tabular.decisions import TASK_ACTIONS
from services.returns import vocabulary
from services.returns.pages import KEYS

ROOT = Path(__file__).parents[2]
REASON = re.compile(r"(?:MessageIsWrong|wrong)\(\s*\"([a-z_]+)\"")
PAGES = ("files", "feed-profiles", "fhir", "mllp", "evaluate")
TOLD_TO_SENDERS = {"framing_bytes", "not_in_map"}  # before anything is sent


def reference(page: str) -> str:
    return (ROOT / f"docs/reference/{page}.md").read_text(encoding="utf-8")


def test_every_reason_of_quarantine_is_in_the_reference() -> None:
    sources = [*(ROOT / "connectors").rglob("*.py"), *(ROOT / "services" / "returns").rglob("*.py")]
    reasons = {reason for path in sources for reason in REASON.findall(path.read_text(encoding="utf-8"))}
    told = set(re.findall(r"`([a-z_]+)`", "".join(map(reference, PAGES))))
    assert len(reasons) > 20
    assert reasons - told - TOLD_TO_SENDERS == set()


@pytest.mark.parametrize(
    ("column", "known"),
    [
        ("`risk_tier`", words.RISK_TIERS),
        ("`ecm_status`", vocabulary.ECM_STATUSES),
        ("`type`", words.CARE_EVENTS),
        ("`outcome`", words.OUTCOMES),
        ("`mode`", words.MODES),
        ("`detail` of a `task_note`", sorted(TASK_ACTIONS)),
        ("`sex`", tuple(words.SEXES.values())),
        ("`status` of a fill", words.FILL_STATUSES),
        ("`key`", words.INPUT_KEYS),
    ],
)
def test_every_word_of_a_column_is_in_the_reference(column: str, known: tuple[str, ...]) -> None:
    (row,) = re.findall(rf"^\| {re.escape(column)} \| (.*) \|$", reference("files"), re.MULTILINE)
    assert set(known) <= set(re.findall(r"\w+", row))


def test_every_name_of_a_return_file_and_every_key_of_a_map_is_in_the_reference() -> None:
    page = reference("return-files")
    rows = page.split("## Canonical names")[1]
    assert vocabulary.NAMES - set(re.findall(r"\w+", rows)) == set()
    told = set(re.findall(r"`(\w+)`", page.split("## When")[0]))
    assert KEYS - {"section", "document", "read_on"} - told == set()
