"""The settings of an installation: one YAML file, checked before anything starts.

The first document may hold the keys of `Settings`; documents with `feeds:` or `profile:` speak of feeds.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from models.errors import FileIsWrong, Problem
from models.pages import Page, problems_of, zone_name

DEFAULT_ZONE = "America/Los_Angeles"


class Settings(BaseModel):
    """What an operator may set. Folders and files are relative to the working directory.

    Args:
        store: folder of the store. time_zone: where due days fall and calendars hold.
        rules: folders of rule pages beside the shipped ones; a file of the same name replaces the shipped rule.
        value_sets: folders or CSV files of value sets, beside `WARMHANDOFF_VALUE_SETS`.
        calendars: YAML files of custom business-day calendars.
        mllp, http: addresses of `serve`; an empty one is not listened on. drop: the drop folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    store: str | None = None
    time_zone: Annotated[str, AfterValidator(zone_name)] = DEFAULT_ZONE
    rules: tuple[str, ...] = ()
    value_sets: tuple[str, ...] = ()
    calendars: tuple[str, ...] = ()
    mllp: str | None = None
    http: str | None = None
    drop: str | None = None


def settings_of(pages: Sequence[Page]) -> Settings:
    """Read the settings page, if there is one.

    Raises:
        FileIsWrong: a key or value is wrong, or there are two pages of settings; every problem is listed.
    """
    if not pages:
        return Settings()
    problems: list[Problem] = [
        page.problem((), "A second page of settings.", "Put all settings into one document.") for page in pages[1:]
    ]
    try:
        found = Settings.model_validate(pages[0].data)
    except ValidationError as error:
        problems += problems_of(pages[0], error)
    if problems:
        raise FileIsWrong(problems)
    return found
