"""A sender's sample, told as messages; what the report says of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.hl7v2.batch import split_messages
from models.events import Facility
from services.onboarding.linting import Lint
from services.onboarding.report import Gate, Question, Report
from services.onboarding.sample import Line
from tests.unit.hl7v2.support import adt, book

NOW = datetime(2025, 6, 1, tzinfo=UTC)
FEED = "west"


def lint(
    *bodies: bytes, config: str = "", feed: str = FEED, registry: Mapping[str, Facility] | None = None, strict: int = 0
) -> Report:
    """The report on messages, each a line of its own."""
    linter = Lint(feed, book(config).profile_of(feed), registry=registry or {}, strict=strict)
    parts = (part for body in bodies for part in split_messages(body).messages)
    linter.read((Line("hl7v2", part) for part in parts), NOW)
    return linter.report([("sample.hl7", len(bodies))])


def message(trigger: str, *, patient: int = 1, visit: str | None = None, number: int = 0, **more: Any) -> bytes:
    """An ADT message of the n-th patient, with MSH-10 of its own; `pid`, `pv1`, `evn` are fields by number."""
    pid = {3: f"M{patient:04}^^^H1^MR", 5: f"Rivera^Ana{'abcdefghij'[patient % 10]}", 7: f"19800{1 + patient % 9}14"}
    pv1 = {2: "I", 3: "MED^1^A^H1", 19: visit or f"V{patient}", 44: "202503030800"}
    fields = {"pid": pid | more.pop("pid", {}), "pv1": pv1 | more.pop("pv1", {})}
    return adt(trigger, **fields, **{"f10": f"{trigger}-{patient}-{number}", **more})


def gate(report: Report, name: str) -> Gate:
    return next(one for one in report.gates if one.name == name)


def question(report: Report, word: str) -> Question:
    return next(one for one in report.questions if word in one.ask)
