"""Read the payment programs that an installation lists: shipped ones by name, its own by file or folder."""

from collections.abc import Collection, Sequence
from importlib import resources
from pathlib import Path

from models.errors import FileIsWrong, Problem
from models.pages import nearest, parse_pages
from services.programs.loading import Loaded, check_programs


def read_programs(listed: Sequence[str], measures: Collection[str] | None = None, config: Path | None = None) -> Loaded:
    """The programs that apply.

    Args:
        listed: `programs:` of the settings: names of shipped programs, files, folders.
        measures: ids that the installation knows; None asks no such question.
        config: where they are listed, for errors.

    Raises:
        FileIsWrong: every problem of every page, by line, and every case that does not hold.
    """
    shipped = {Path(path).stem: (path, text) for path, text in shipped_programs()}
    found: dict[str, tuple[str, str]] = {}
    problems: list[Problem] = []
    for name in listed:
        if name in shipped:
            found[name] = shipped[name]
        elif Path(name).exists():
            found |= {Path(path).stem: (path, text) for path, text in program_files(Path(name))}
        else:
            problems.append(_absent(name, shipped, config))
    loaded = check_programs(list(found.values()), measures)
    if problems or loaded.problems:
        raise FileIsWrong([*problems, *loaded.problems])
    return loaded


def _absent(name: str, shipped: Collection[str], config: Path | None) -> Problem:
    what = f"There is no program, file or folder {name!r}."
    remedy = f"{nearest(name, shipped)}Shipped: {', '.join(shipped)}."
    for page in parse_pages(str(config), config.read_text("utf-8")) if config else ():
        listed = page.data.get("programs")
        if isinstance(listed, list) and name in listed:
            return page.problem(("programs", listed.index(name)), what, remedy)
    return Problem(name, 1, "", what, remedy)


def shipped_programs() -> list[tuple[str, str]]:
    """(path, text) of every program that is shipped as an example."""
    catalog = resources.files("services.programs").joinpath("catalog")
    pages = sorted((entry for entry in catalog.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name)
    return [(f"services/programs/catalog/{entry.name}", entry.read_text("utf-8")) for entry in pages]


def program_files(path: Path) -> list[tuple[str, str]]:
    """(path, text) of a file, or of every page in a folder.

    Raises:
        FileIsWrong: there is no such file or folder, or one of the files cannot be read.
    """
    if not path.exists():
        raise FileIsWrong([Problem(str(path), 1, "", "There is no such file or folder.", "Correct the path.")])
    found: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for file in sorted(path.glob("*.yaml")) if path.is_dir() else [path]:
        try:
            found.append((str(file), file.read_text("utf-8")))
        except OSError as error:
            what = f"It cannot be read: {error.strerror}."
            problems.append(Problem(str(file), 1, "", what, "Correct the path, or the permissions."))
        except UnicodeDecodeError:
            problems.append(Problem(str(file), 1, "", "It is not UTF-8.", "Save it as plain UTF-8 text."))
    if problems:
        raise FileIsWrong(problems)
    return found
