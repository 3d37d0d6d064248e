"""The command that shows everything at work: `demo`."""

import asyncio
import logging
import signal
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.live import Live

from services.cli.context import command, fail, place

if TYPE_CHECKING:
    from services.cli.demo.performing import Performance

PAUSE_S = 0.5
PLAIN_WIDTH = 100
FRAMES_A_SECOND = 8


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(demo)


@command
def demo(
    context: typer.Context,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="2 is twice as fast.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="End after the story, and do not go on serving.")] = False,
) -> None:
    """Play two made-up weeks of two HIE feeds through the real listener, and show the tasks that follow.

    It needs no configuration, and makes a store of its own: in a new temporary folder, or in an empty --store DIR.

    Example: warmhandoff demo --speed 4
    """
    if place.config:
        raise fail("demo brings its own configuration.\nLeave out --config.")
    folder = _folder(context)
    logging.getLogger().addHandler(logging.NullHandler())  # what a listener says of bad bytes would tear the screen
    asyncio.run(_run(folder, speed, once=once or not sys.stdout.isatty()))


def _folder(context: typer.Context) -> Path:
    """A new temporary folder, or the one named by `--store`; never the user's own by default or environment."""
    source = context.find_root().get_parameter_source("store")
    if place.store is None or source is None or source.name != "COMMANDLINE":
        return Path(tempfile.mkdtemp(prefix="warmhandoff-demo-"))
    if place.store.exists() and (not place.store.is_dir() or any(place.store.iterdir())):
        raise fail(f"{place.store} is not empty.\nThe demo fills a store of its own: name a new or empty folder.")
    return place.store


async def _run(folder: Path, speed: float, *, once: bool) -> None:
    from services.cli.demo.performing import Performance

    started = datetime.now(UTC)
    performance = Performance(folder, started, speed)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    async with performance:
        for name, where in performance.addresses:
            console.print(f"{name} {where}")
        playing = asyncio.create_task(_play(performance, console))
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.wait({playing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if stopping.is_set():
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing
            console.print(f"Stopped before the story ended. What was played is in {folder}.", soft_wrap=True)
            return
        waiting.cancel()
        await playing
        async for line in performance.ending(console.width if console.is_terminal else PLAIN_WIDTH):
            console.print(line, markup=False, soft_wrap=True)  # a wrapped command could not be copied
        if not once:
            await _serve_on(performance, console, stopping)


async def _play(performance: "Performance", console: Console) -> None:
    """Play the story; on a terminal as a screen, else as lines."""
    if not console.is_terminal:
        async for events in performance.play():
            for event in events:
                console.print(performance.line_of(event))
        return
    screen = performance.screen
    with Live(screen, console=console, auto_refresh=False, transient=True) as live:
        shown = 0.0
        async for events in performance.play():
            screen.events = [*screen.events[-200:], *events]
            if time.monotonic() - shown > 1 / FRAMES_A_SECOND:
                performance.look()
                live.refresh()
                shown = time.monotonic()
        performance.look()
        live.refresh()


async def _serve_on(performance: "Performance", console: Console, stopping: asyncio.Event) -> None:
    """Go on serving until Ctrl-C, and tell what comes."""
    console.print("Still serving, in real time: send something to the addresses above. Ctrl-C ends.", style="bold")
    while not stopping.is_set():
        for event in await performance.since():
            console.print(performance.line_of(event))
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), PAUSE_S)
