"""Every event that we log is words in the source code, with fields on the list."""

import ast
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.wiring.logs import FIELDS

ROOT = Path(__file__).parents[2]
LOGGERS = {"log", "_LOG"}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
SOURCES = sorted(path for room in ("models", "connectors", "services") for path in (ROOT / room).rglob("*.py"))


@pytest.fixture(scope="module", autouse=True)
def without_garbage() -> None:
    """What earlier tests left may log an error when it is collected, and Python 3.11 parses source lines to print one:
    `ast.parse` cannot be called while it runs (python/cpython#106905).
    """
    gc.collect()


def calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=level)) if (
                name in LOGGERS and level in LEVELS
            ):
                yield node


def test_there_are_events() -> None:
    assert sum(1 for path in SOURCES for _ in calls(path)) > 10


@pytest.mark.parametrize("path", [path for path in SOURCES if any(calls(path))], ids=lambda p: str(p.relative_to(ROOT)))
def test_an_event_is_a_constant_and_its_fields_are_on_the_list(path: Path) -> None:
    for call in calls(path):
        where = f"{path.name}:{call.lineno}"
        assert len(call.args) == 1, where
        assert isinstance(call.args[0], ast.Constant), where
        assert "%" not in call.args[0].value, where
        for keyword in call.keywords:
            assert keyword.arg in ("extra", "exc_info"), where
            if isinstance(keyword.value, ast.Dict):
                assert {key.value for key in keyword.value.keys if isinstance(key, ast.Constant)} <= FIELDS, where
