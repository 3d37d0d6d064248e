"""What subscribers hear: `alerts`, the outbox as JSON lines."""

import contextlib
import sys
import time
from collections.abc import Callable
from typing import Annotated, get_args

import typer

from models.errors import WorldIsAway
from models.owner import Owner
from models.view import Alert, Effect
from services.cli.context import command, place, print_line, words_of
from services.runtime.store.locking import stands
from services.runtime.store.sqlite_connecting import FILE_NAME
from services.status.shapes import effect_json
from services.wiring.opening import Where, open_reader

CHUNK = 500
LOOK_AGAIN_S = 0.2
ALERTS = get_args(Alert)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(alerts)


@command
def alerts(
    after: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, metavar="SEQ", help="Only what stands behind this position.")
    ] = 0,
    follow: Annotated[bool, typer.Option("--follow", help="Go on with what comes, until Ctrl-C.")] = False,
    mcp: Annotated[str, typer.Option(help="Only tasks of this plan.")] = "",
    provider: Annotated[str, typer.Option(help="Only tasks of this ECM provider.")] = "",
    rule: Annotated[str, typer.Option(help="Only tasks of this rule.")] = "",
    alert: Annotated[str, typer.Option(help=f"Any of {', '.join(ALERTS)}, separated by commas.")] = "",
) -> None:
    """The outbox, one JSON object a line, in order of position. A reader goes on from the last position it has seen.

    A line that hands a task from one owner to another is shown to both. With --alert, retractions of these are shown.

    Example: warmhandoff alerts --follow --after 1200 --mcp PLANA --alert opened,overdue,escalated
    """
    wanted = words_of("--alert", alert, ALERTS, "alert")
    setup = place.setup()
    where = place.where(setup)
    its_end = (KeyboardInterrupt,) if follow else ()  # whoever follows has no other end than Ctrl-C
    with open_reader(where) as reader, contextlib.suppress(*its_end):
        is_here = _presence(where)
        if after and not reader.outbox(after - 1, 1):
            what = f"the outbox ends before position {after}. If the store is another one, read it from 0."
            print(f"warmhandoff: {what}", file=sys.stderr)
        while True:
            rows = reader.outbox(after, CHUNK)
            for row in rows:
                after, effect = row.position, row.effect
                is_asked_for = rule in ("", effect.rule) and (not wanted or effect.alert in wanted)
                if is_asked_for and concerns(effect, mcp, provider):
                    print_line(effect_json(row.position, effect, setup.zone))
            sys.stdout.flush()
            if not rows:
                if not follow:
                    return
                if not is_here():
                    raise WorldIsAway(f"{where}: the store was moved or replaced. The last position read is {after}.")
                time.sleep(LOOK_AGAIN_S)


def _presence(where: Where) -> Callable[[], bool]:
    """Tells whether the store that was opened is still there; a database that is away says so when it is asked."""
    if where.url:
        return lambda: True
    file = where.folder / FILE_NAME
    opened = file.stat()
    return lambda: stands(file, opened)


def concerns(effect: Effect, mcp: str = "", provider: str = "") -> bool:
    """Whether a plan and a provider must hear of an effect: it is, or was until now, theirs."""

    def theirs(owner: Owner) -> bool:
        return mcp in ("", owner.mcp_id) and provider in ("", owner.ecm_provider_id)

    return theirs(effect.owner) or (effect.previous_owner is not None and theirs(effect.previous_owner))
