"""Finding what a command's argument names: a task by the beginning of its id, a name that was perhaps a slip."""

import sys
from collections.abc import Iterable

from services.cli.context import fail
from services.runtime.store.contract import Reader
from services.status.finding import CANDIDATES, SHORTEST, near, owners, tasks_named
from services.status.questions import Questions
from services.wiring.setup import Setup


def task_named(reader: Reader, setup: Setup, text: str) -> str:
    """The id of the one task that a full or shortened id names.

    Raises:
        typer.Exit: none is, or several are: these are listed.
    """
    found = tasks_named(reader, Questions(reader, setup.reference), text)
    if not found:
        short = f" {SHORTEST} characters of an id are enough, fewer are not." if len(text) < SHORTEST else ""
        raise fail(f"No task has the id {text!r}.\n`warmhandoff tasks` lists them.{short}")
    if len(found) == 1:
        return found[0].task_id
    listed = "".join(
        f"\n  {one.task_id}  {one.said.rule}  {one.said.member_id}  {one.said.state}" for one in found if one.said
    )
    more = "\n  ..." if len(found) == CANDIDATES else ""
    raise fail(f"Several tasks have an id that begins with {text!r}: write more of it.{listed}{more}")


def say_unknown_rule(setup: Setup, rule: str) -> None:
    """A word on stderr when no rule is called so: an empty list would look like good news."""
    known = [each.id for each in setup.reference.rules]
    if rule and rule not in known:
        print(f"warmhandoff: there is no rule {rule!r}.{near(rule, known)}", file=sys.stderr)


def say_unknown_owners(reader: Reader, provider: str, mcp: str) -> None:
    """A word on stderr when no roster ever named this plan or this provider."""
    if not provider and not mcp:
        return
    plans, providers = owners(reader)
    _say_unknown("ECM provider", provider, providers)
    _say_unknown("plan", mcp, plans)


def _say_unknown(what: str, name: str, known: Iterable[str]) -> None:
    if name and name not in known:
        print(f"warmhandoff: no roster ever named the {what} {name!r}.{near(name, known)}", file=sys.stderr)
