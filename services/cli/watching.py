"""Commands that watch: `feeds`. They never write."""

from collections.abc import Sequence
from datetime import timedelta

import typer
from rich.table import Table
from rich.text import Text

from models.printing import printable
from models.traffic import ANSWER_BOUNDS_MICROS, DELAY_BOUNDS_S, quantile
from services.cli.context import AsJson, AsOf, command, instant, place, print_json
from services.cli.listing import people_console, short
from services.health.habit import DAY, HOUR
from services.health.judging import Finding, answer_times, recent_delays
from services.health.league import Pair, league
from services.status.feed_shapes import board_json
from services.status.feeds import Board, FeedHealth
from services.status.ourselves import ours
from services.status.shapes import Json
from services.wiring.opening import open_reader
from services.wiring.setup import Setup

LEAGUE = timedelta(days=90)
"""The league compares stays first told of within so long."""
WORDS = ("feed", "state", "since", "last message")
FIGURES = ("last hour", "last day", "delay p50 / p90", "answer p50 / p99", "repeats", "waiting", "parked", "skew")
COLUMNS = WORDS + FIGURES
LEAST_FIRST = ("skew", "repeats", "parked", "answer p50 / p99", "since", "delay p50 / p90", "waiting", "last hour")
PAIRS_SHOWN = 20
"""Pairs of feeds in the table, those with the most stays first: a hundred feeds make five thousand pairs."""


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(feeds)


@command
def feeds(as_of: AsOf = None, as_json: AsJson = False) -> None:
    """How each feed is, and which of two tells first.

    A feed is silent, flooding, slow, quiet or ok; the figures behind it are shown.

    Example: warmhandoff feeds --as-of 2025-06-10T12:00:00-07:00
    """
    at, setup = instant(as_of), place.setup()
    with open_reader(place.where(setup)) as reader:
        found = Board(reader, setup.reference, setup.declared_feeds).feeds(at, is_now=as_of is None)
        pairs = league(reader.tellings(at - LEAGUE, at))
        us = ours(reader, at)
    if as_json:
        print_json(board_json(at, found, us, pairs, setup.zone))
        return
    console = people_console()
    console.print(_table(found, setup, console.width) if found else "No feed was heard yet, and none is declared.")
    for health in found:
        for finding in health.findings:
            console.print(Text(f"{printable(health.feed)}: {_sentence(finding, setup)}"))
    if behind := _behind(us):
        console.print(behind)
    if pairs:
        console.print(f"\nWho tells first, of stays that two feeds told of in {LEAGUE.days} days:")
        console.print(_league(pairs[:PAIRS_SHOWN]))
        if len(pairs) > PAIRS_SHOWN:
            console.print(f"{len(pairs) - PAIRS_SHOWN} more pairs: --json lists them all.")


def _table(found: Sequence[FeedHealth], setup: Setup, width: int) -> Table:
    """The columns that fit into a width; those that tell least go first."""
    rows = [dict(zip(COLUMNS, _row(health, setup), strict=True)) for health in found]
    sizes = {name: max(len(name), *(len(row[name]) for row in rows)) for name in COLUMNS}
    kept = set(COLUMNS)
    for name in LEAST_FIRST:
        if sum(sizes[each] + 2 for each in kept) - 2 > width:
            kept.remove(name)
    table = Table(box=None, pad_edge=False)
    shown = [name for name in COLUMNS if name in kept]
    for name in shown:
        table.add_column(name, no_wrap=True, justify="left" if name in WORDS else "right")
    for row in rows:
        table.add_row(*(Text(row[name]) for name in shown))
    return table


def _row(health: FeedHealth, setup: Setup) -> list[str]:
    seen, habit = health.seen, health.seen.habit
    delays, times = recent_delays(seen), answer_times(health.last_answers)
    wire = sum(each.answers for each in health.day_answers if each.repeat)
    told, parked = health.patients
    ordinary = [f" of {habit.expected(health.at - span, health.at):.0f}" if habit else "" for span in (HOUR, DAY)]
    return [
        printable(health.feed),
        health.state,
        short(health.findings[0].since, setup.zone) if health.findings else "-",
        f"{_span((seen.at - seen.last_at).total_seconds())} ago" if seen.last_at else "never",
        f"{health.last_hour.messages}{ordinary[0]}",
        f"{health.last_day.messages}{ordinary[1]}",
        " / ".join(_span(quantile(delays, share, DELAY_BOUNDS_S)) for share in (0.5, 0.9)),
        " / ".join(_millis(quantile(times, share, ANSWER_BOUNDS_MICROS)) for share in (0.5, 0.99)),
        str(wire + health.last_day.repeated),
        str(sum(health.waiting.values())),
        f"{parked / told:.0%}" if told else "-",
        f"{health.last_day.skewed}, {health.last_day.ahead_s} s" if health.last_day.skewed else "-",
    ]


def _sentence(finding: Finding, setup: Setup) -> str:
    """Why a feed is not ok, in words."""
    figures, since = finding.evidence, short(finding.since, setup.zone)
    if finding.state == "quiet" and finding.since is None:
        return "quiet: declared, and never heard."
    if finding.state == "quiet":
        return f"quiet: nothing for {_span(figures['silent_s'])}, and too new to say whether that is ordinary."
    if finding.state == "silent":
        missed = figures.get("expected_since_the_last")
        expected = f", {missed:.0f} messages are missing" if missed is not None else ", and it is new"
        return f"silent since {since}: nothing for {_span(figures['silent_s'])}{expected}."
    if finding.state == "flooding":
        came = f"{figures['messages']:.0f} messages in {figures['minutes']:.0f} minutes"
        return f"flooding since {since}: {came}, {figures['ordinary']:.0f} are ordinary."
    if "answers" in figures:
        return f"slow, and it is us: one answer in a hundred took over {figures['answers_p99_ms']:.0f} ms."
    late, limit = _span(figures["half_took_s"]), _span(figures["limit_s"])
    return f"slow since {since}: half of its messages come {late} or more after they were sent, the limit is {limit}."


def _behind(us: Json) -> str:
    """How far behind we are, in words; "" when we are not."""
    waiting, longest_s = us["lines_waiting"], us["oldest_waiting_s"]
    if waiting:
        return f"{waiting} lines wait to be processed, the oldest for {_span(longest_s)}."
    if us["state"] == "ok":
        return ""
    if longest_s is None:
        return "Workers have not yet read all that came."
    return f"Workers had read all that came {_span(longest_s)} ago; since then lines wait, or no worker runs."


def _league(pairs: Sequence[Pair]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("feeds", "stays", "the one first", "the other first", "median lead"):
        table.add_column(name, no_wrap=True, justify="left" if name == "feeds" else "right")
    for pair in pairs:
        figures = (str(pair.stays), str(pair.first), str(pair.second), _span(pair.lead_s))
        table.add_row(Text(", ".join(map(printable, pair.feeds))), *figures)
    return table


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _millis(micros: float | None) -> str:
    return "-" if micros is None else f"{micros / 1000:.0f} ms"
