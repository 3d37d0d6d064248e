"""Files of an installation, as text: those that are shipped, and those that an operator names."""

from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from models.errors import FileIsWrong, Problem

Text = tuple[str, str]
"""A file's path, as errors name it, and its content."""


def shipped(room: str, folder: str) -> list[Text]:
    """Every YAML page in a folder of one of our rooms, in order of name; folders in it are left out."""
    entries = resources.files(room).joinpath(folder).iterdir()
    within = f"{room.replace('.', '/')}/{folder}"
    pages = [entry for entry in entries if entry.name.endswith(".yaml")]
    return [(f"{within}/{page.name}", page.read_text("utf-8")) for page in sorted(pages, key=lambda page: page.name)]


def files_of(path: Path, pattern: str = "*.yaml") -> list[Path]:
    """A file itself, or those of a folder that have a name of this pattern, in order.

    Raises:
        FileIsWrong: there is neither.
    """
    if path.is_dir():
        return sorted(path.glob(pattern))
    if path.is_file():
        return [path]
    raise FileIsWrong([Problem(str(path), 1, "", "There is no such file or folder.", "Correct the path, or make it.")])


def text_of(path: Path) -> str:
    """A file's content.

    Raises:
        FileIsWrong: it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text("utf-8")
    except OSError as error:
        what = f"It cannot be read: {error.strerror}."
        raise FileIsWrong([Problem(str(path), 1, "", what, "Correct the path, or the permissions.")]) from None
    except UnicodeDecodeError:
        raise FileIsWrong([Problem(str(path), 1, "", "It is not UTF-8.", "Save it as plain UTF-8 text.")]) from None


def texts_of(paths: Iterable[Path]) -> list[Text]:
    """The content of each file, once.

    Raises:
        FileIsWrong: some cannot be read; all of them are told.
    """
    found: list[Text] = []
    problems: list[Problem] = []
    for path in dict.fromkeys(paths):
        try:
            found.append((str(path), text_of(path)))
        except FileIsWrong as wrong:
            problems += wrong.problems
    if problems:
        raise FileIsWrong(problems)
    return found
