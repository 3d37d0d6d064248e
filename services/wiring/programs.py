"""Read the payment programs that an installation lists: shipped ones by name, its own by file or folder."""

from collections.abc import Collection, Sequence
from pathlib import Path

from models.errors import FileIsWrong, Problem
from models.pages import nearest, parse_pages
from services.programs.loading import Loaded, check_programs
from services.wiring.files import Text, files_of, shipped, texts_of


def read_programs(listed: Sequence[str], measures: Collection[str] | None = None, config: Path | None = None) -> Loaded:
    """The programs that apply.

    Args:
        listed: `programs:` of the settings: names of shipped programs, files, folders.
        measures: ids that the installation knows; None asks no such question.
        config: where they are listed, for errors.

    Raises:
        FileIsWrong: every problem of every page, by line, and every case that does not hold.
    """
    ours = {Path(path).stem: (path, text) for path, text in shipped_programs()}
    found: dict[str, tuple[str, str]] = {}
    problems: list[Problem] = []
    for name in listed:
        if name in ours:
            found[name] = ours[name]
        elif Path(name).exists():
            found |= {Path(path).stem: (path, text) for path, text in program_files(Path(name))}
        else:
            problems.append(_absent(name, ours, config))
    loaded = check_programs(list(found.values()), measures)
    if problems or loaded.problems:
        raise FileIsWrong([*problems, *loaded.problems])
    return loaded


def _absent(name: str, ours: Collection[str], config: Path | None) -> Problem:
    what = f"There is no program, file or folder {name!r}."
    remedy = f"{nearest(name, ours)}Shipped: {', '.join(ours)}."
    for page in parse_pages(str(config), config.read_text("utf-8")) if config else ():
        listed = page.data.get("programs")
        if isinstance(listed, list) and name in listed:
            return page.problem(("programs", listed.index(name)), what, remedy)
    return Problem(name, 1, "", what, remedy)


def shipped_programs() -> list[Text]:
    """(path, text) of every program that is shipped as an example."""
    return shipped("services.programs", "catalog")


def program_files(path: Path) -> list[Text]:
    """(path, text) of a file, or of every page in a folder.

    Raises:
        FileIsWrong: there is no such file or folder, or files cannot be read.
    """
    return texts_of(files_of(path))
