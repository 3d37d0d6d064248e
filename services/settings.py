"""The settings of an installation: one YAML file, checked before anything starts.

The first document may hold the keys of `Settings`; documents with `feeds:` or `profile:` speak of feeds.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from models.errors import FileIsWrong, Problem
from models.pages import Page, host_and_port, nearest, problems_of, zone_name

DEFAULT_ZONE = "America/Los_Angeles"
DATABASES = ("postgresql", "postgres")
"""Schemes of the URLs by which a store may be named."""


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


def is_url(text: str) -> bool:
    """Whether a place is a URL: a slip such as `postgresql:/host` is one, too, and no folder."""
    return "://" in text or text.partition(":/")[0] in DATABASES


def _store(text: str) -> str:
    """A folder, or the URL of a database. Errors never show a URL: it may hold a password."""
    if not is_url(text):
        return _path(text)
    scheme = text.partition(":")[0]
    if scheme not in DATABASES:
        raise ValueError(f"No store can be kept in {scheme!r}.\nName a folder, or write {_URL}.")
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(text)
    except ProgrammingError:
        parts = {}
    ports = str(parts.get("port") or "5432").split(",")
    if not (parts and all(port.isascii() and port.isdigit() for port in ports)):
        what = "This is no URL of a database (it is not shown: it may hold a password)."
        raise ValueError(f"{what}\nWrite {_URL}; in a password, %40 stands for @, %2F for /, %25 for %.")
    if not all(0 < int(port) < 65536 for port in ports):
        raise ValueError(f"The port in this URL is none of 1 to 65535 (it is not shown).\nWrite {_URL}.")
    return text


_URL = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"


def _brokers(text: str) -> str:
    """Addresses of brokers, each HOST:PORT."""
    for each in text.split(","):
        if not host_and_port(each.strip()):
            raise ValueError(f"{each.strip()!r} is no address.\nWrite HOST:PORT, several separated by commas.")
    return ",".join(each.strip() for each in text.split(","))


def _topic(name: str) -> str:
    """A topic of ours, without the prefix that a store's name gives it."""
    from topics.declared import TOPICS

    known = sorted(topic.name for topic in TOPICS)
    if name not in known:
        raise ValueError(f"{name!r} is no topic.\n{nearest(name, known)}Write any of {', '.join(known)}.")
    return name


Address = Annotated[str, BeforeValidator(_address)]
Place = Annotated[str, AfterValidator(_path)]
Store = Annotated[str, AfterValidator(_store)]


class Kafka(BaseModel):
    """The cluster's brokers.

    Args:
        bootstrap: HOST:PORT of some brokers, separated by commas; they tell of the others.
        replication: on how many brokers each topic is kept. partitions: of topics, where another number is wanted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    bootstrap: Annotated[str, AfterValidator(_brokers)]
    replication: Annotated[int, Field(ge=1, le=15)] = 3
    partitions: dict[Annotated[str, AfterValidator(_topic)], Annotated[int, Field(ge=1, le=10_000)]] = {}


class Settings(BaseModel):
    """What an operator may set. Folders and files are relative to the working directory.

    Args:
        store: folder of the store, or URL of the database that holds it. kafka: the brokers; with them the work is
            shared among workers, and the store must be a database. time_zone: where due days fall and calendars hold.
        rules: folders of rule pages beside the shipped ones; a file of the same name replaces the shipped rule.
        value_sets: folders or files (CSV, FHIR JSON) of value sets, beside `WARMHANDOFF_VALUE_SETS`.
        calendars: YAML files of custom business-day calendars.
        return_maps: folders or pages of plans' return files, beside the shipped ones and before them.
        submissions: folders or pages of rounds beside the shipped ones; one of the same name replaces it.
        measures: folders or measure pages beside the shipped ones; one of the same name replaces it.
        programs: payment programs that apply: names of shipped ones, pages, folders of pages.
        mllp, http: addresses of `serve`; an empty one is not listened on. drop: the drop folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    store: Annotated[Store | None, Field(repr=False)] = None
    kafka: Kafka | None = None
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

    @property
    def database(self) -> str | None:
        """The URL of the database that holds the store; None: a folder does. It may hold a password."""
        return self.store if self.store and is_url(self.store) else None


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
    problems += _alone(pages[0])
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


def _alone(page: Page) -> Iterator[Problem]:
    """Brokers without a database: workers on several machines cannot share a folder."""
    store = page.data.get("store")
    if page.data.get("kafka") is not None and not (isinstance(store, str) and is_url(store)):
        what = "Workers share their store, and a folder belongs to one process."
        yield page.problem(("kafka",), what, f"Add 'store: {_URL}', or remove 'kafka'.")
