"""Reads the map pages of an installation: the operator's, then the shipped ones, which hold for any other plan."""

from collections.abc import Collection, Sequence

from models.errors import FileIsWrong
from services.returns.loading import load_maps
from services.returns.maps import ReturnMap
from services.wiring.files import Text, shipped


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


def shipped_maps() -> list[Text]:
    """(path, text) of every shipped page that holds for any plan; examples to copy are not among them."""
    return shipped("services.returns", "catalog")
