"""The command that shows everything at work: `demo`."""

import asyncio
import logging
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.live import Live

from services.cli.context import DIFFERENT, clock, command, fail, place

if TYPE_CHECKING:
    from models.time import Instant
    from services.cli.demo.performing import Performance
    from services.simulation.recipe import Recipe

PAUSE_S = 0.5
PLAIN_WIDTH = 100
FRAMES_A_SECOND = 8


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(demo)


@command
def demo(
    context: typer.Context,
    seed: Annotated[int, typer.Option("--seed", help="The same seed, on the same day, tells the same story.")] = 1,
    members: Annotated[int, typer.Option("--members", help="How many people; newborns and twins come on top.")] = 250,
    days: Annotated[int, typer.Option("--days", help="How long the story is.")] = 30,
    speed: Annotated[float, typer.Option(min=0.1, max=1000, help="2 is twice as fast.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="End after the story, and do not go on serving.")] = False,
) -> None:
    """Play a made-up month of three HIE feeds, full of errors.

    It goes through the real listener, and shows what follows. It needs no configuration, and makes a store of its
    own: in a new temporary folder, or in an empty --store DIR. In the end everything is computed again, and compared
    with what the made-up world knows. Exit 1 on any difference.

    Example: warmhandoff demo --speed 4
    """
    from services.cli.demo.staging import recipe_until
    from services.simulation.recipe import ImpossibleRecipe

    if place.config:
        raise fail("demo brings its own configuration.\nLeave out --config.")
    now = clock()
    try:
        recipe = recipe_until(now, members, days, seed)
    except ImpossibleRecipe as error:
        raise fail(str(error)) from None
    folder = _folder(context)
    logging.getLogger().addHandler(logging.NullHandler())  # what a listener says of bad bytes would tear the screen
    if not asyncio.run(_run(folder, recipe, now, speed, once=once or not sys.stdout.isatty())):
        raise typer.Exit(DIFFERENT)


def _folder(context: typer.Context) -> Path:
    """A new temporary folder, or the one named by `--store`; never the user's own by default or environment."""
    source = context.find_root().get_parameter_source("store")
    if place.store is None or source is None or source.name != "COMMANDLINE":
        return Path(tempfile.mkdtemp(prefix="warmhandoff-demo-"))
    if place.store.exists() and (not place.store.is_dir() or any(place.store.iterdir())):
        raise fail(f"{place.store} is not empty.\nThe demo fills a store of its own: name a new or empty folder.")
    return place.store


async def _run(folder: Path, recipe: "Recipe", now: "Instant", speed: float, *, once: bool) -> bool:
    """Play, judge, and go on serving. False when something differs."""
    from services.cli.demo.performing import Performance

    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    console = Console(highlight=False, soft_wrap=not sys.stdout.isatty())
    async with Performance(folder, recipe, now, speed) as performance:
        for name, host, port in performance.addresses:
            console.print(f"{name} {host}:{port}")
        playing = asyncio.create_task(_play_and_judge(performance, console))
        waiting = asyncio.create_task(stopping.wait())
        await asyncio.wait({playing, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if stopping.is_set():
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing
            console.print(f"Stopped before the end. What was played is in {folder}.", soft_wrap=True)
            return True
        is_clean = await playing
        if not once:
            await _serve_on(performance, console, stopping)
        return is_clean


async def _play_and_judge(performance: "Performance", console: Console) -> bool:
    """Play the story, on a terminal as a screen, else as lines; say how it came out. False when something differs."""
    if console.is_terminal:
        with Live(performance.screen(), console=console, auto_refresh=False, screen=True) as live:
            over = asyncio.Event()
            showing = asyncio.create_task(_show(performance, live, over))
            try:
                async for _ in performance.play():
                    pass
            finally:
                over.set()
                await showing
    else:
        async for line in performance.days():
            console.print(line, markup=False, soft_wrap=True)
    with console.status("Computing everything again, and comparing it with the truth ..."):
        verdict = await performance.judged()
    async for line in performance.ending(verdict, console.width if console.is_terminal else PLAIN_WIDTH):
        console.print(line, markup=False, soft_wrap=True)  # a wrapped command could not be copied
    return verdict.is_clean


async def _show(performance: "Performance", live: Live, over: asyncio.Event) -> None:
    """Draw frame after frame, in another thread: no answer waits for a picture."""
    while not over.is_set():
        began = time.monotonic()
        await performance.look()
        live.update(performance.screen())
        await asyncio.to_thread(live.refresh)
        await asyncio.sleep(max(1 / FRAMES_A_SECOND - (time.monotonic() - began), 0.01))


async def _serve_on(performance: "Performance", console: Console, stopping: asyncio.Event) -> None:
    """Go on serving until Ctrl-C, and tell what comes."""
    console.print("\nStill serving, in real time. Ctrl-C ends.", style="bold")
    for name, host, port in performance.addresses:
        console.print(f"  {name} {host}:{port}")
    while not stopping.is_set():
        for event in await performance.since():
            console.print(performance.line_of(event))
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), PAUSE_S)
