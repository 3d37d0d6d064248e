"""The settings of an installation: one YAML file, checked before anything starts.

The first document may hold the keys of `Settings`; documents with `feeds:` or `profile:` speak of feeds.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from models.errors import FileIsWrong, Problem
from models.pages import Page, host_and_port, problems_of, zone_name

DEFAULT_ZONE = "America/Los_Angeles"


def _address(value: object) -> object:
    """An empty text says not to listen. A bare number is what YAML makes of a port alone."""
    if value in ("", None) or (isinstance(value, str) and host_and_port(value)):
        return value
    port = value if isinstance(value, int) and not isinstance(value, bool) else 8080
    raise ValueError(f'{value!r} is no address.\nWrite HOST:PORT, such as 127.0.0.1:{port}, or "" for none.')


def _path(text: str) -> str:
    if not text.strip():
        raise ValueError("The path is empty.\nWrite one, or leave the key out.")
    return text


Address = Annotated[str, BeforeValidator(_address)]
Place = Annotated[str, AfterValidator(_path)]


class Settings(BaseModel):
    """What an operator may set. Folders and files are relative to the working directory.

    Args:
        store: folder of the store. time_zone: where due days fall and calendars hold.
        rules: folders of rule pages beside the shipped ones; a file of the same name replaces the shipped rule.
        value_sets: folders or files (CSV, FHIR JSON) of value sets, beside `WARMHANDOFF_VALUE_SETS`.
        calendars: YAML files of custom business-day calendars.
        return_maps: folders or pages of plans' return files, beside the shipped ones and before them.
        submissions: folders or pages of rounds beside the shipped ones; one of the same name replaces it.
        measures: folders or measure pages beside the shipped ones; one of the same name replaces it.
        programs: payment programs that apply: names of shipped ones, pages, folders of pages.
        mllp, http: addresses of `serve`; an empty one is not listened on. drop: the drop folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: Place | None = None
    time_zone: Annotated[str, AfterValidator(zone_name)] = DEFAULT_ZONE
    rules: tuple[Place, ...] = ()
    value_sets: tuple[Place, ...] = ()
    calendars: tuple[Place, ...] = ()
    return_maps: tuple[Place, ...] = ()
    submissions: tuple[Place, ...] = ()
    programs: tuple[Place, ...] = ()
    measures: tuple[Place, ...] = ()
    mllp: Address | None = None
    http: Address | None = None
    drop: Place | None = None


def settings_of(pages: Sequence[Page]) -> Settings:
    """Read the settings page, if there is one.

    Raises:
        FileIsWrong: a key or value is wrong, a file or folder does not exist, or there are two pages of settings; every
            problem is listed.
    """
    if not pages:
        return Settings()
    problems: list[Problem] = [
        page.problem((), "A second page of settings.", "Put all settings into one document.") for page in pages[1:]
    ]
    problems += _absent(pages[0])
    try:
        found = Settings.model_validate(pages[0].data)
    except ValidationError as error:
        problems += problems_of(pages[0], error)
    if problems:
        raise FileIsWrong(sorted(problems, key=lambda problem: (problem.line, problem.field)))
    return found


def _absent(page: Page) -> Iterator[Problem]:
    """Files and folders that are named and not there. The store and the drop folder are made: a file is no folder."""
    for key in ("rules", "value_sets", "calendars", "return_maps", "submissions", "measures"):
        listed = page.data.get(key)
        for index, path in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(path, str) and path.strip() and not Path(path).exists():
                what = f"There is no file or folder {path!r}."
                yield page.problem((key, index), what, "Correct the path, or make it.")
    for key in ("store", "drop"):
        path = page.data.get(key)
        if isinstance(path, str) and Path(path).is_file():
            yield page.problem((key,), f"{path!r} is a file.", "Name a folder.")
