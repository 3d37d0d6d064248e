"""What every command shares: the store's folder, the configuration, how errors end and how data is printed."""

import os
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import msgspec
import typer

from models.errors import FileIsWrong, MessageIsWrong, Problem, WorldIsAway
from models.time import YEARS, Instant
from services.runtime.store.contract import StoreIsStrange
from services.settings import is_url
from services.wiring.clock import Clock
from services.wiring.logs import LEVEL, LEVELS
from services.wiring.opening import Where, where_of
from services.wiring.setup import Setup, read_setup

P = ParamSpec("P")
R = TypeVar("R")

DIFFERENT, WRONG, AWAY = 1, 2, 3
"""Exit codes: something is not as it should be; what was typed or written is wrong; the world is away."""
_MISNAMED = (FileNotFoundError, FileExistsError, IsADirectoryError, NotADirectoryError)
"""Of a file that a person named: another name helps, waiting does not."""
DEFAULT_CONFIG = Path("warmhandoff.yaml")
DEFAULT_STORE = Path("warmhandoff-data")

AsOf = Annotated[str | None, typer.Option("--as-of", metavar="T", help="ISO 8601 with offset; default: now.")]
LogLevel = Annotated[
    str, typer.Option(metavar="LEVEL", envvar=LEVEL, help=f"What to log at least: {', '.join(LEVELS)}.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Place(msgspec.Struct):
    """Where the command works, as the global options say."""

    store: Path | None = None
    config: Path | None = None

    def file(self) -> Path | None:
        """The configuration file, if there is one."""
        return self.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)

    def setup(self) -> Setup:
        """Read and check the configuration."""
        return read_setup(self.file())

    def where(self, setup: Setup) -> Where:
        """The store that is worked on."""
        return where_of(self.folder(setup), setup.settings)

    def folder(self, setup: Setup) -> Path:
        """The store's folder: the option, else the environment, else the configuration, else the default. With a
        database it is the store's name there.

        Raises:
            FileIsWrong: a file stands there, or it is the URL of a database.
        """
        settings = setup.settings
        folder = self.store or Path(DEFAULT_STORE if settings.database else settings.store or DEFAULT_STORE)
        if is_url(str(folder)):
            what, remedy = "A URL stands where a folder is named.", "Write it into the configuration: 'store: ...'."
            raise FileIsWrong([Problem("--store", 1, "", what, remedy)])
        if folder.exists() and not folder.is_dir():
            what, remedy = "A store is a folder, and this is a file.", "Name the folder that holds the store."
            raise FileIsWrong([Problem(str(folder), 1, "--store", what, remedy)])
        return folder


place = Place()
clock = Clock()


def fail(message: str, code: int = WRONG) -> typer.Exit:
    """Say on stderr why the command ends, and how to go on."""
    sys.stdout.flush()
    print(message, file=sys.stderr)
    return typer.Exit(code)


@contextmanager
def explained() -> Iterator[None]:
    """Turn our errors into messages and exit codes: 2 for what must be corrected, 3 for what may go away."""
    try:
        yield
    except StoreIsStrange as error:
        raise fail(f"warmhandoff: {error}") from None
    except WorldIsAway as error:
        raise fail(f"warmhandoff: {error}", AWAY) from None
    except (FileIsWrong, MessageIsWrong) as error:
        raise fail(str(error)) from None
    except BrokenPipeError:
        _let_go_of_stdout()  # the reader has seen enough: no complaint
        raise typer.Exit(0) from None
    except OSError as error:
        if error.filename is None:
            _let_go_of_stdout()
        where = f"{error.filename}: " if error.filename else ""
        code = WRONG if error.filename and isinstance(error, _MISNAMED) else AWAY
        raise fail(f"warmhandoff: {where}{error.strerror or type(error).__name__}.", code) from None


def _let_go_of_stdout() -> None:
    """What is still to be printed goes nowhere; else the interpreter would try again as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def command(function: Callable[P, R]) -> Callable[P, R]:
    """A command whose errors are explained."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with explained():
            result = function(*args, **kwargs)
            sys.stdout.flush()  # here, where a reader who has left is explained
            return result

    return run


def instant(text: str | None) -> Instant:
    """The `--as-of` given, or now.

    Raises:
        typer.Exit: it is no ISO 8601 time with an offset.
    """
    if text is None:
        return clock()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or at.year not in YEARS:
        raise fail(f"--as-of: {text!r} is no time with an offset.\nWrite ISO 8601, such as 2025-06-10T12:00:00-07:00.")
    return at.astimezone(UTC)


def known_level(text: str) -> str:
    """The `--log-level` given.

    Raises:
        typer.Exit: it is none.
    """
    if text not in LEVELS:
        raise fail(f"--log-level: {text!r} is no level.\nWrite any of {', '.join(LEVELS)}.")
    return text


def words_of(option: str, text: str, known: Collection[str], what: str) -> list[str]:
    """The words that an option lists, separated by commas.

    Raises:
        typer.Exit: one of them is not `known`; `what` says what it should be.
    """
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in known:
            raise fail(f"{option}: {word!r} is no {what}.\nWrite any of {', '.join(known)}.")
    return words


def read_bytes(name: str) -> bytes:
    """What a file holds, or standard input (`-`)."""
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")
    sys.stdout.flush()


def print_line(value: Any) -> None:
    """One JSON line on stdout."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
