"""Read the pages of submissions: the shipped rounds, and an operator's in place of those of the same name."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from models.errors import FileIsWrong, Problem
from services.submissions.loading import Directions, Loaded, load_rounds


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


def round_files(folders: Sequence[Path]) -> list[tuple[str, str]]:
    """(path, text) of every page, in order of name.

    Raises:
        FileIsWrong: a folder is not there, or a file cannot be read.
    """
    shipped = resources.files("services.submissions").joinpath("rounds")
    found = {
        entry.name: (f"services/submissions/rounds/{entry.name}", entry.read_text("utf-8"))
        for entry in shipped.iterdir()
        if entry.name.endswith(".yaml")
    }
    problems: list[Problem] = []
    for path in (
        path for folder in folders for path in (sorted(folder.glob("*.yaml")) if folder.is_dir() else [folder])
    ):
        try:
            found[path.name] = (str(path), path.read_text("utf-8"))
        except OSError as error:
            what = f"It cannot be read: {error.strerror}."
            problems.append(Problem(str(path), 1, "", what, "Correct the path, or the permissions."))
        except UnicodeDecodeError:
            problems.append(Problem(str(path), 1, "", "It is not UTF-8.", "Save it as plain UTF-8 text."))
    if problems:
        raise FileIsWrong(problems)
    return [found[name] for name in sorted(found)]
