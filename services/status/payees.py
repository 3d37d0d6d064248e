"""Who is paid by which programs, and how they stand."""

from collections.abc import Iterator, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from models.time import Instant, local_day
from services.programs.ledger import Asked, Ledger, gather
from services.programs.periods import Span, span_named, span_of
from services.programs.program import Program
from services.programs.telling import Result, result
from services.programs.what_if import Changes

ANY = "any"


def standings(
    programs: Sequence[Program],
    ledger: Ledger,
    as_of: Instant,
    zone: ZoneInfo,
    *,
    period: str = "",
    provider: str = "",
    changes: Changes | None = None,
) -> Iterator[Result]:
    """How every payee of some programs stands, in order of program and provider.

    Args:
        ledger: answers as of `as_of`.
        period: `2025-Q1` and the like: of each program the periods that end in it; "" for the one at hand.
        provider: only this payee. changes: what is supposed of the inputs.
    """
    for program in programs:
        for span in spans(program, period, local_day(as_of, zone)):
            parties = program.page.parties
            asked = Asked(program.id, parties.mcp_id, "", span, program.page.attribution, as_of)
            payees = ledger.providers(asked) if parties.provider == ANY else [parties.provider or ""]
            for payee in payees:
                if provider in ("", payee):
                    inputs = gather(program, ledger, msgspec.structs.replace(asked, provider=payee))
                    yield result(program, changes.on(inputs) if changes else inputs, payee)


def spans(program: Program, period: str, today: date) -> list[Span]:
    """The periods of a program that are asked for, as far as the program is in force.

    Without a name it is the one that holds today; before and after the program its first and its last.
    """
    word, effective = program.page.period, program.page.effective
    if not period:
        day = max(today, effective.from_)
        found = [span_of(word, min(day, effective.to) if effective.to else day)]
    else:
        found = list(_named(program, period))
    cut = (span.until(effective.from_, effective.to) for span in found)
    return [span for span in cut if span]


def _named(program: Program, period: str) -> Iterator[Span]:
    """The program's own periods inside a named one; a longer one of its own that is named by a part is none."""
    named = span_named(period)
    assert named, "the command line has read it"
    _, wanted = named
    day = wanted.first
    while day <= wanted.last:
        span = span_of(program.page.period, day)
        if span.first >= wanted.first and span.last <= wanted.last:
            yield span
        day = date.fromordinal(span.last.toordinal() + 1)
