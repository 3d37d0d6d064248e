"""What a feed changes, before it is trusted: `feed compare`."""

from collections.abc import Iterator
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from models.view import Stay, Task
from services.cli.context import AsJson, AsOf, command, fail, instant, place, print_json
from services.cli.listing import short
from services.status.comparing import Change, Comparison, compare
from services.status.shapes import stay_json, task_json, time_json
from services.wiring.opening import open_reader


@command
def compare_feed(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A feed, declared with `shadow: true` or live.")],
    as_of: AsOf = None,
    limit: Annotated[int, typer.Option(min=0, help="How many changes to list one by one.")] = 20,
    as_json: AsJson = False,
) -> None:
    """What a shadow feed would change if it were live.

    Of a live feed, what it adds, and so what would be lost without it.

    Example: warmhandoff feed compare hie-west --limit 50
    """
    at, setup = instant(as_of), place.setup()
    with open_reader(place.where(setup)) as reader:
        found = compare(reader, setup.reference, name, at)
    if not found.patients and name not in setup.book.feeds:
        declared = ", ".join(sorted(setup.book.feeds))
        raise fail(f"feed {name!r} is not declared, and told of nobody.\nName one that is ({declared}).")
    if as_json:
        print_json(_json(found, setup.zone, limit))
        return
    print("\n".join(_lines(found, setup.zone, limit)))


def _json(found: Comparison, zone: ZoneInfo, limit: int) -> dict[str, Any]:
    return {
        "feed": found.feed,
        "as_of": time_json(found.as_of, zone),
        "shadow": found.is_shadow,
        "patients": found.patients,
        "matched": found.matched,
        "reviews": dict(sorted(found.reviews.items())),
        "members_changed": found.members,
        "shared_stays": found.shared_stays,
        "median_lead_s": found.median_lead_s,
        "counts": found.counts(),
        "changes": [
            {
                "member_id": change.member_id,
                "what": change.what,
                "without": _side(change.without, zone),
                "with": _side(change.with_, zone),
            }
            for change in found.changes[:limit]
        ],
    }


def _side(side: Stay | Task | None, zone: ZoneInfo) -> dict[str, Any] | None:
    if side is None:
        return None
    return stay_json(side, zone) if isinstance(side, Stay) else task_json(side, zone)


def _lines(found: Comparison, zone: ZoneInfo, limit: int) -> Iterator[str]:
    kind = "a shadow: this is what it would change" if found.is_shadow else "live: this is what it adds"
    yield f"Feed {found.feed} is {kind}."
    share = f"{found.matched / found.patients:.1%}" if found.patients else "-"
    yield f"  patients it spoke of: {found.patients}, members of ours: {found.matched} ({share})"
    for reason, number in sorted(found.reviews.items()):
        yield f"    to look at, {reason}: {number}"
    if (lead := found.median_lead_s) is not None:
        minutes = f"{abs(lead) / 60:.0f} min {'before' if lead >= 0 else 'after'}"
        yield f"  stays that others tell of too: {found.shared_stays}, told {minutes} them (median)"
    yield f"  members whose stays or tasks it changes: {found.members}"
    for what, counts in found.counts().items():
        yield f"  {what.replace('_', ' ')}: {sum(counts.values())}"
        yield from (f"    {name}: {number}" for name, number in counts.items())
    if found.changes and limit:
        yield f"The first {min(limit, len(found.changes))} of {len(found.changes)} changes:"
        yield from (f"  {_line(change, zone)}" for change in found.changes[:limit])


def _line(change: Change, zone: ZoneInfo) -> str:
    sides = [_brief(side, zone) for side in (change.without, change.with_) if side]
    return f"{change.member_id}  {change.what.replace('_', ' ')}: {' -> '.join(sides)}"


def _brief(side: Stay | Task, zone: ZoneInfo) -> str:
    if isinstance(side, Task):
        return f"{side.rule} {side.state}, due {short(side.due_at, zone)}"
    times = f"{short(side.admitted_at, zone)} to {short(side.discharged_at, zone)}"
    return f"{side.patient_class} at {side.facility_id} {side.status}, {times}"
