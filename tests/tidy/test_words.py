"""What a row or message is set aside for, and which words a column knows, stands in the reference."""

import re
from pathlib import Path

import pytest

from connectors.tabular import words
from connectors.tabular.decisions import TASK_ACTIONS

ROOT = Path(__file__).parents[2]
REASON = re.compile(r"(?:MessageIsWrong|wrong)\(\s*\"([a-z_]+)\"")
PAGES = ("files", "feed-profiles", "mllp")
TOLD_TO_SENDERS = {"framing_bytes"}  # by `send`, before anything is sent


def reference(page: str) -> str:
    return (ROOT / f"docs/reference/{page}.md").read_text(encoding="utf-8")


def test_every_reason_of_quarantine_is_in_the_reference() -> None:
    sources = (ROOT / "connectors").rglob("*.py")
    reasons = {reason for path in sources for reason in REASON.findall(path.read_text(encoding="utf-8"))}
    told = set(re.findall(r"`([a-z_]+)`", "".join(map(reference, PAGES))))
    assert len(reasons) > 20
    assert reasons - told - TOLD_TO_SENDERS == set()


@pytest.mark.parametrize(
    ("column", "known"),
    [
        ("`risk_tier`", words.RISK_TIERS),
        ("`ecm_status`", words.ECM_STATUSES),
        ("`type`", words.CARE_EVENTS),
        ("`outcome`", words.OUTCOMES),
        ("`mode`", words.MODES),
        ("`detail` of a `task_note`", sorted(TASK_ACTIONS)),
    ],
)
def test_every_word_of_a_column_is_in_the_reference(column: str, known: tuple[str, ...]) -> None:
    (row,) = re.findall(rf"^\| {re.escape(column)} \| (.*) \|$", reference("files"), re.MULTILINE)
    assert set(known) <= set(re.findall(r"\w+", row))
