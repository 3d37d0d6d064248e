"""The cluster's own command: `worker`."""

import re
from typing import Annotated

import typer

from services.cli.context import LogLevel, clock, command, fail, known_level, place
from services.wiring.logs import set_up

_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
"""What Kafka takes for a name in a group, and any disk for a name in a folder."""


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(worker)


@command
def worker(
    instance: Annotated[
        str, typer.Option(metavar="NAME", help="Its name among the workers, the same after every restart.")
    ] = "",
    http: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Serve /healthz and /metrics here.")] = None,
    drain: Annotated[
        bool, typer.Option("--drain", help="End when nothing is left to read, derive or publish.")
    ] = False,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep its partitions when it ends: it will be back in a moment.")
    ] = False,
    log_level: LogLevel = "info",
) -> None:
    """Process what listeners put on Kafka, with any number of other workers.

    Goes on until Ctrl-C or SIGTERM; the batch under way is finished.

    Example: warmhandoff worker --instance worker-1 --http 127.0.0.1:9100
    """
    level = known_level(log_level)
    if instance and not _NAME.fullmatch(instance):
        raise fail(f"--instance: {instance!r} is no name.\nWrite 1 to 100 of A-Z a-z 0-9 . _ - (not . or .. alone).")
    if stay and not instance:
        raise fail("--stay: partitions can be kept only for a worker with a name.\nAdd --instance NAME.")
    setup = place.setup()
    if not setup.settings.kafka:
        raise fail(
            "worker: no cluster is declared.\nWrite `store: postgresql://...` and `kafka: {bootstrap: HOST:PORT}`."
        )
    from services.runtime.cluster.ending import Ending
    from services.wiring.clustering import Role, run_worker
    from services.wiring.listening import address

    set_up(level)
    role = Role(instance, address(http, "http") if http else None, drains=drain, leaves=not stay)
    try:
        run_worker(place.where(setup), setup, clock, role)
    except Ending as ending:
        raise fail(f"warmhandoff: {ending}", ending.code) from None
