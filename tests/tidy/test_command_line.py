"""Every command explains itself, and the reference page says the same."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from services.cli.main import complete

PAGE = Path(__file__).parents[2] / "docs/reference/cli.md"
OPTION = re.compile(r"--[a-z][a-z-]+")


@cache
def commands() -> dict[str, Any]:
    """`load`, `quarantine list`, ... with what typer made of them."""

    def walk(name: str, found: Any) -> Iterator[tuple[str, Any]]:
        inside = getattr(found, "commands", None)
        if inside is None or found.invoke_without_command:
            yield name, found  # a group that does something by itself is a command, too
        for each in inside or ():
            yield from walk(f"{name} {each}".strip(), inside[each])

    return dict(walk("", typer.main.get_command(complete())))


@cache
def sections() -> dict[str, str]:
    parts = re.split(r"^### `(.+)`$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_page_has_every_command_and_no_other() -> None:
    assert set(sections()) == set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_a_command_shows_an_example_and_its_options_are_in_the_page(name: str) -> None:
    command = commands()[name]
    assert f"Example: warmhandoff {name}" in command.help
    options = {word for each in command.params for word in (*each.opts, *each.secondary_opts) if word.startswith("--")}
    rows = "".join(line.split("|")[1] for line in sections()[name].splitlines() if line.startswith("| "))
    assert set(OPTION.findall(rows)) == options - {"--help"}


def test_every_argument_and_option_says_what_it_is() -> None:
    silent = [(name, each.name) for name, command in commands().items() for each in command.params if not each.help]
    assert silent == []
