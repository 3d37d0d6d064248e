"""Commands around the running service: `serve`, `send`, `export`, `backup`."""

import asyncio
import gc
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.context import AWAY, DIFFERENT, LogLevel, clock, command, fail, known_level, place
from services.runtime.store.contract import walk_lines
from services.wiring.logs import LEVEL, set_up
from services.wiring.opening import open_reader

if TYPE_CHECKING:
    from services.wiring.service import Service

log = logging.getLogger(__name__)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(serve)
    app.command()(send)
    app.command()(export)
    app.command()(backup)


@command
def serve(
    mllp: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Listen for HL7 v2 here; default 127.0.0.1:2575, unless feeds are declared."
        ),
    ] = None,
    http: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Serve HTTP here; default 127.0.0.1:8080.")
    ] = None,
    drop: Annotated[Path | None, typer.Option(metavar="DIR", help="Take files that appear in this folder.")] = None,
    log_level: LogLevel = "info",
) -> None:
    """Receive feeds, answer them, raise tasks, watch the clock.

    Goes on until Ctrl-C or SIGTERM. GET /healthz and /metrics tell how it is.

    Example: warmhandoff serve --mllp 127.0.0.1:2575 --http 127.0.0.1:8080 --drop incoming/
    """
    import uvloop

    from services.wiring.service import Service

    level = known_level(log_level)
    setup = place.setup()
    settings = setup.settings
    declared = any(feed.listen for feed in setup.book.feeds.values())
    service = Service(
        place.where(setup),
        setup,
        clock,
        mllp=_first(mllp, settings.mllp, None if declared else "127.0.0.1:2575"),
        http=_first(http, settings.http, "127.0.0.1:8080"),
        drop=drop or (Path(settings.drop) if settings.drop else None),
        apart=True,
    )
    os.environ[LEVEL] = level  # for the pipeline's process
    set_up(level)
    if setup.warnings:
        log.warning("rules have warnings: `warmhandoff rules check` shows them", extra={"count": len(setup.warnings)})
    gc.freeze()  # what is here by now stays: collections need not look at it again
    uvloop.run(_serve(service))


def _first(*addresses: str | None) -> str | None:
    """The first address that was given; an empty one says not to listen."""
    return next((address for address in addresses if address is not None), None) or None


async def _serve(service: "Service") -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    async with service:
        log.info("the store is open", extra={"folder": service.where})
        for listener in service.listeners:
            for host, port in listener.addresses:
                print(f"mllp {host}:{port} feed {listener.settings.feed}", flush=True)
        if service.http_address:
            print("http {}:{}".format(*service.http_address), flush=True)
        await stopping.wait()


@command
def send(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of HL7 v2 messages.")],
    port: Annotated[int, typer.Option(help="The receiver's port.", min=1, max=65535)],
    host: Annotated[str, typer.Option(help="The receiver.")] = "127.0.0.1",
    timeout: Annotated[float, typer.Option(help="Seconds to wait for an answer.", min=0.001)] = 10,
    retries: Annotated[int, typer.Option(help="How often to send again what got no answer.", min=0)] = 0,
    ca: Annotated[Path | None, typer.Option(help="Speak TLS and trust this certificate (PEM).")] = None,
    cert: Annotated[Path | None, typer.Option(help="Speak TLS and show this certificate (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="Its key (PEM), unless it stands in the same file.")] = None,
) -> None:
    """Send messages over MLLP, each after the last one's answer.

    Example: warmhandoff send --host 127.0.0.1 --port 2575 messages.hl7
    """
    from connectors.mllp.client import send as sending
    from connectors.mllp.trust import client_context

    # A key alone is refused there: it must never end in clear text.
    tls = client_context(*(str(path) if path else None for path in (ca, cert, key))) if ca or cert or key else None
    messages = [message for path in files for message in _messages(path)]

    async def run() -> int:
        refused = 0
        outcomes = sending(host, port, messages, timeout_s=timeout, tls=tls, server_name=host, retries=retries)
        async for outcome in outcomes:
            refused += not outcome.sent
            print(
                f"{outcome.control_id or '-'}  {outcome.code or 'no answer asked'}  {outcome.millis:.1f} ms", flush=True
            )
        return refused

    refused = asyncio.run(run())
    if refused:
        raise fail(f"{refused} of {len(messages)} messages were refused.", DIFFERENT)
    print(f"{len(messages)} message{'s' * (len(messages) != 1)} sent.", file=sys.stderr)


@command
def export(
    since: Annotated[int, typer.Option(min=0, max=2**63 - 1, metavar="SEQ", help="Only lines after this one.")] = 0,
) -> None:
    """The journal of everything received, as NDJSON.

    Example: warmhandoff export > journal.ndjson
    """
    from connectors.files.exporting import exported

    setup = place.setup()
    with open_reader(place.where(setup)) as reader:
        for line in walk_lines(reader, after=since):
            sys.stdout.buffer.write(exported(line.seq, line.received_at, line.feed, line.kind, line.body))
        sys.stdout.flush()


@command
def backup(file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that does not exist yet.")]) -> None:
    """Write a consistent copy of the store, also while it serves.

    Example: warmhandoff backup /backups/2025-06-10.db
    """
    where = place.where(place.setup())
    if where.url:
        tool = f"pg_dump --format=custom --schema={where.namespace} --file={file} URL"
        raise fail(f"The store is in PostgreSQL, whose own tool copies it while it serves:\n  {tool}")
    with open_reader(where) as reader:
        try:
            reader.backup(str(file))
        except FileExistsError:
            raise fail(f"{file} exists already.\nName a new file: a backup overwrites nothing.") from None
        except OSError as error:
            raise fail(f"{file} cannot be written: {error.strerror}.", AWAY) from None
    print("Written. To restore, put it into a new folder as warmhandoff.db: --store FOLDER then opens it.")


def _messages(path: Path) -> list[bytes]:
    from connectors.hl7v2.batch import split_messages

    try:
        found = list(split_messages(path.read_bytes()).messages)
    except OSError as error:
        raise fail(f"{path}: cannot be read: {error.strerror}.") from None
    if not any(message.lstrip().startswith(b"MSH") for message in found):
        raise fail(f"{path}: no HL7 v2 message; one begins with MSH. Nothing was sent.")
    return found
