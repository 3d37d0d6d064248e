"""Read the pages of submissions: the shipped rounds, and an operator's in place of those of the same name."""

from collections.abc import Sequence
from pathlib import Path

from models.errors import FileIsWrong
from services.submissions.loading import Directions, Loaded, load_rounds
from services.wiring.files import Text, files_of, shipped, texts_of


def read_rounds(folders: Sequence[Path], measures: Directions | None = None) -> Loaded:
    """The rounds of an installation.

    Args:
        folders: folders of pages, or single pages. measures: which there are, and which way each is better.

    Raises:
        FileIsWrong: every problem of every page, by line.
    """
    loaded = load_rounds(round_files(folders), measures)
    if loaded.problems:
        raise FileIsWrong(loaded.problems)
    return loaded


def round_files(folders: Sequence[Path]) -> list[Text]:
    """(path, text) of every page, in order of name.

    Raises:
        FileIsWrong: a folder is not there, or a file cannot be read.
    """
    own = texts_of(file for folder in folders for file in files_of(folder))
    found = {Path(path).name: (path, text) for path, text in (*shipped("services.submissions", "rounds"), *own)}
    return [found[name] for name in sorted(found)]
