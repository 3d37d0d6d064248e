# ruff: noqa: INP001 - a script beside its picture, no package
"""Draws demo.svg: plays the demo at its own pace, and keeps the frame that is shown at three fifths of the story.

Run from the checkout: .venv/bin/python docs/images/draw_demo.py
"""

import asyncio
import io
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from services.cli.demo.performing import Performance
from services.cli.demo.staging import recipe_until

PICTURE = Path(__file__).with_name("demo.svg")
COLUMNS, LINES = 120, 32
MEMBERS, DAYS, SEED = 250, 30, 1  # as `demo` has them
SHARE = 0.6
LOOK_EVERY = 40
"""Moments between two looks: a second of the demo, about."""
FONTS = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace'


async def play_until(share: float) -> Console:
    """The console on which the demo's frame was printed at a share of the story."""
    now = datetime.now(UTC)
    recipe = recipe_until(now, MEMBERS, DAYS, SEED)
    until = recipe.begins_at + (recipe.ends_at - recipe.begins_at) * share
    console = Console(record=True, width=COLUMNS, height=LINES, force_terminal=True, file=io.StringIO())
    with tempfile.TemporaryDirectory() as folder:
        async with Performance(Path(folder), recipe, now, 1) as performance:
            number = 0
            async for moment in performance.play():
                number += 1
                if number % LOOK_EVERY == 0:
                    await performance.look()
                if moment.at > until:
                    await performance.look()
                    console.print(performance.screen())
                    return console
    raise AssertionError("the story ended before its end")


def drawn(console: Console) -> str:
    """The frame as SVG, in fonts that readers have: nothing is fetched."""
    svg = console.export_svg(title="warmhandoff demo")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", FONTS)


if __name__ == "__main__":
    PICTURE.write_text(drawn(asyncio.run(play_until(SHARE))), "utf-8")
