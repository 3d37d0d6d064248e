"""Reads the map pages of an installation: the operator's, then the shipped ones, which hold for any other plan."""

from collections.abc import Collection, Sequence
from importlib import resources
from pathlib import Path

from models.errors import FileIsWrong
from services.returns.loading import load_maps
from services.returns.maps import ReturnMap

ROOM, CATALOG = "services.returns", "catalog"


def read_maps(pages: Sequence[tuple[str, str]], calendars: Collection[str] | None) -> tuple[ReturnMap, ...]:
    """Compile the operator's map pages, and the shipped ones after them.

    Args:
        pages: (path, text) of the operator's. calendars: by name; None while they could not be read.

    Raises:
        FileIsWrong: with every problem of every page.
    """
    loaded = load_maps([*pages, *shipped_maps()], calendars=calendars)
    if loaded.problems:
        raise FileIsWrong(loaded.problems)
    return loaded.maps


def shipped_maps() -> list[tuple[str, str]]:
    """(path, text) of every shipped page that holds for any plan; examples to copy are not among them."""
    catalog = resources.files(ROOM).joinpath(CATALOG)
    pages = sorted((entry for entry in catalog.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name)
    folder = Path(*ROOM.split("."), CATALOG)
    return [(str(folder / entry.name), entry.read_text("utf-8")) for entry in pages]
