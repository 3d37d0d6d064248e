"""What is logged is one line an event, of fields on the list; nothing a sender wrote gets through."""

import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from services.wiring import logs

ROOM = "services.anything"
CANARY = "CANARYFAMILY"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """Where this process logs during the test; afterwards everything is as it was."""
    root = logging.getLogger()
    before = (
        root.handlers[:],
        root.level,
        sys.excepthook,
        threading.excepthook,
        sys.unraisablehook,
        logging.raiseExceptions,
    )
    stream = io.StringIO()
    logs.set_up("debug", stream)
    yield stream
    root.handlers, root.level = before[0], before[1]
    sys.excepthook, threading.excepthook, sys.unraisablehook, logging.raiseExceptions = before[2:]
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def events(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_words_of_ours_with_fields_from_the_list(stream: io.StringIO) -> None:
    before = logs.fields_dropped()
    fields = {"feed": "west", "port": 2575, "error": "", "patient": CANARY, "control_id": CANARY}
    logging.getLogger(ROOM).info("listening", extra=fields)
    (event,) = events(stream)
    assert event.keys() == {"at", "level", "event", "room", "feed", "port"}
    assert (event["event"], event["feed"], event["port"]) == ("listening", "west", 2575)
    assert logs.fields_dropped() - before == 2


def test_words_put_into_a_message_are_left_out(stream: io.StringIO) -> None:
    logging.getLogger(ROOM).warning("the name is %s", CANARY)
    assert [event["event"] for event in events(stream)] == ["the name is %s"]


@pytest.mark.parametrize(
    "text", ["a\r\nb", "\x1b[2J", "a\u2028b", "\x00", "\x85", '{"level": "critical"}\n', "\u202e", "x" * 9999]
)
def test_whatever_a_field_holds_an_event_is_one_line(stream: io.StringIO, text: str) -> None:
    logging.getLogger(ROOM).info("taken", extra={"feed": text})
    line = stream.getvalue()
    assert line.isascii()
    assert line.count("\n") == 1
    assert not set(line[:-1]) & set("\r\x1b\0")
    assert len(line) < 600
    assert json.loads(line)["level"] == "info"


def test_of_an_exception_its_type_and_places_are_told(stream: io.StringIO) -> None:
    try:
        {}[CANARY]
    except KeyError:
        logging.getLogger(ROOM).exception("it failed")
    (event,) = events(stream)
    assert event["error"] == "KeyError"
    assert event["where"].startswith(f"{__name__}:")


def test_what_a_library_says_is_left_out(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").error("cannot read %r", CANARY)
    logging.getLogger("asyncio").error(CANARY, exc_info=ValueError(CANARY))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn(CANARY, stacklevel=1)
    found = events(stream)
    assert [(e["event"], e["room"]) for e in found] == [
        ("a library spoke", room) for room in ("uvicorn.error", "asyncio", "py.warnings")
    ]
    assert found[1]["error"] == "ValueError"
    assert CANARY not in stream.getvalue()


def test_structlog_s_own_events_go_the_same_way(stream: io.StringIO) -> None:
    structlog.get_logger(ROOM).info("taken", feed="west", patient=CANARY)
    (event,) = events(stream)
    assert (event["event"], event["feed"], event["room"]) == ("taken", "west", ROOM)
    assert CANARY not in stream.getvalue()


def test_a_thread_that_crashes_says_so_without_its_values(stream: io.StringIO) -> None:
    def crash() -> None:
        raise ValueError(CANARY)

    thread = threading.Thread(target=crash)
    thread.start()
    thread.join()
    (event,) = events(stream)
    assert (event["level"], event["event"], event["error"]) == ("critical", "crashed", "ValueError")


def test_a_process_that_crashes_says_so_without_its_values() -> None:
    program = f"from services.wiring.logs import set_up; set_up(); raise KeyError('{CANARY}')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 1
    assert json.loads(done.stderr)["error"] == "KeyError"
    assert CANARY.encode() not in done.stderr


def test_where_a_person_looks_on_it_is_text(stream: io.StringIO) -> None:
    terminal = Terminal()
    logs.set_up("info", terminal)
    logging.getLogger(ROOM).info("listening", extra={"feed": "we\x1b[2Jst", "patient": CANARY})
    logging.getLogger(ROOM).debug("not this")
    (line,) = terminal.getvalue().splitlines()
    assert line.split(maxsplit=1)[1] == "info    listening feed=we\\x1b[2Jst"
