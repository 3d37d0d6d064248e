"""What every command shares: the store's folder, the configuration, how errors end and how data is printed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import msgspec
import typer

from models.errors import FileIsWrong, MessageIsWrong, WorldIsAway
from models.time import Instant
from services.runtime.store.contract import StoreIsStrange
from services.wiring.clock import Clock
from services.wiring.setup import Setup, read_setup

P = ParamSpec("P")
R = TypeVar("R")

WRONG, AWAY = 2, 3
DEFAULT_CONFIG = Path("warmhandoff.yaml")
DEFAULT_STORE = Path("warmhandoff-data")

AsOf = Annotated[str | None, typer.Option("--as-of", metavar="T", help="ISO 8601 with offset; default: now.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Place(msgspec.Struct):
    """Where the command works, as the global options say."""

    store: Path | None = None
    config: Path | None = None

    def setup(self) -> Setup:
        """Read and check the configuration."""
        config = self.config or (DEFAULT_CONFIG if DEFAULT_CONFIG.exists() else None)
        return read_setup(config)

    def folder(self, setup: Setup) -> Path:
        """The store's folder: the option, else the environment, else the configuration, else the default."""
        return self.store or Path(setup.settings.store or DEFAULT_STORE)


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
        sys.stderr.close()  # the reader has seen enough: no complaint
        raise typer.Exit(0) from None


def command(function: Callable[P, R]) -> Callable[P, R]:
    """A command whose errors are explained."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with explained():
            return function(*args, **kwargs)

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
    if at is None or at.tzinfo is None:
        raise fail(f"--as-of: {text!r} is no time with an offset.\nWrite ISO 8601, such as 2025-06-10T12:00:00-07:00.")
    return at


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n")
    sys.stdout.flush()


def print_line(value: Any) -> None:
    """One JSON line on stdout."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
