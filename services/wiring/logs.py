"""What the service says while it runs: one line an event, on stderr, with fields from a list and no others.

Our rooms log through the standard library, an event's words as the message and its fields as `extra`, so that a room
needs no set-up to be used. Here every record, also a library's, goes through one chain of structlog processors. An
event is words from our source code; a field that is not on the list is dropped and counted; of an exception its type
and the places in the code are told, never its text; what a library says is left out: it may quote what it was given.
"""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TextIO

from models.printing import printable

LEVELS = ("debug", "info", "warning", "error")
LEVEL = "WARMHANDOFF_LOG_LEVEL"
"""The environment variable by which a helper process hears the level."""

FIELDS = frozenset({
    "feed", "peer", "host", "port", "folder", "lines", "repeated", "rows", "count", "bytes_in_block", "answers_owed",
    "seconds", "code", "reason", "state", "problem", "error", "where",
})  # fmt: skip
"""Each holds a number, a word of ours, or a name that an operator chose; none a text that a sender wrote."""

_OURS = ("services.", "connectors.", "models.", "__main__")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LENGTH_MAX = 400
_PLACES_MAX = 8

Event = MutableMapping[str, Any]


class _Dropped:
    """How many fields were not on the list."""

    total = 0


def fields_dropped() -> int:
    """How many fields were dropped since the start."""
    return _Dropped.total


def leave_out_libraries() -> None:
    """Until `set_up`, stderr is for a command's own words: where something is wrong it says so itself, once."""
    if logging.lastResort:
        logging.lastResort.addFilter(_is_ours)  # twice is once


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.startswith(_OURS)


def set_up(level: str = "info", stream: TextIO | None = None) -> None:
    """Let this process log: JSON lines, or text where a person looks on."""
    import structlog
    from structlog.stdlib import ProcessorFormatter

    target = stream or sys.stderr
    renderer = _text if target.isatty() else _json
    handler = logging.StreamHandler(target)
    handler.setFormatter(ProcessorFormatter(processors=[_told, renderer], foreign_pre_chain=[], use_get_message=False))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False  # a record that cannot be written is lost, and not printed with all it holds
    structlog.configure(
        processors=[ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    sys.excepthook = _crashed
    threading.excepthook = lambda args: _crashed(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: _crashed(args.exc_type, args.exc_value, args.exc_traceback)


def _told(_: object, __: str, event: Event) -> Event:
    """What may be told of a record."""
    record: logging.LogRecord = event["_record"]
    told: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
    }
    if _is_ours(record):
        fields = {key: value for key, value in vars(record).items() if key not in _STANDARD and not key.startswith("_")}
        if event["_from_structlog"]:
            fields |= {key: value for key, value in event.items() if not key.startswith("_") and key != "event"}
        _Dropped.total += len(fields.keys() - FIELDS) + (len(record.args) if record.args else 0)
        told |= {"event": _line(event["event"]), "room": record.name}
        told |= {key: _plain(value) for key, value in fields.items() if key in FIELDS and value != ""}
    else:
        _Dropped.total += 1
        told |= {"event": "a library spoke", "room": record.name, "where": f"{record.module}:{record.lineno}"}
    error = (event.get("exc_info") or record.exc_info or (None, None))[1]
    if error:
        told |= {"error": type(error).__name__, "where": _places(error)}
    return told


def _crashed(kind: type[BaseException], error: BaseException | None, _: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        where = _places(error) if error else ""
        logging.getLogger(__name__).critical("crashed", extra={"error": kind.__name__, "where": where})


def _places(error: BaseException) -> str:
    """Where an exception came from, innermost last: modules and lines, no source text and no values."""
    frames = list(traceback.walk_tb(error.__traceback__))[-_PLACES_MAX:]
    return " ".join(f"{frame.f_globals.get('__name__', '?')}:{number}" for frame, number in frames)


def _plain(value: object) -> str | float | None:
    return value if isinstance(value, int | float | None) else _line(value)


def _line(value: object) -> str:
    return printable(" ".join(str(value).split())[:_LENGTH_MAX])  # a remedy stands on a line of its own, for people


def _json(_: object, __: str, event: Event) -> str:
    return json.dumps(event)


def _text(_: object, __: str, event: Event) -> str:
    return " ".join(_words(event))


def _words(event: Event) -> Iterator[str]:
    at = datetime.fromisoformat(event["at"]).astimezone()
    yield f"{at:%H:%M:%S} {event['level']:8}{event['event']}"
    for key, value in event.items():
        if key in FIELDS:
            yield f"{key}={value}"
