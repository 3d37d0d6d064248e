"""All feeds and profiles of an installation, read from pages; every mistake is listed at once."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

from pydantic import ValidationError

from connectors.hl7v2.profile import FeedProfile, ProfileWords, compiled
from connectors.hl7v2.settings import FeedSettings
from models.errors import FileIsWrong, Problem
from models.names import NAME_BYTES, size_of
from models.pages import Page, parse_pages, problems_of
from models.reference import FeedHabits


class FeedBook:
    """The feeds that are declared, and a profile for any feed: an undeclared one is read by the default profile."""

    def __init__(self, feeds: Mapping[str, FeedSettings], profiles: Mapping[str, ProfileWords]) -> None:
        self.feeds = dict(feeds)
        self.profiles = dict(profiles)
        self._compiled: dict[str, FeedProfile] = {}

    def settings_of(self, feed: str) -> FeedSettings:
        """The settings of a feed; an undeclared one has the defaults and admits any MSH-11."""
        return self.feeds.get(feed, _UNDECLARED)

    def profile_of(self, feed: str) -> FeedProfile:
        """The compiled profile of a feed."""
        found = self._compiled.get(feed)
        if found is None:
            settings = self.settings_of(feed)
            found = self._compiled[feed] = compiled(self.profiles[settings.profile], settings)
        return found

    def habits(self) -> dict[str, FeedHabits]:
        """What `derive` must know of the declared feeds."""
        return {
            name: FeedHabits(feed.time_zone or "", self.profile_of(name).auto_close_hours, feed.shadow)
            for name, feed in self.feeds.items()
        }


_UNDECLARED = FeedSettings()


def is_ours(page: Page) -> bool:
    """Say whether a page speaks of feeds or of a profile."""
    return "feeds" in page.data or "profile" in page.data


def read_book(pages: Iterable[Page] = ()) -> FeedBook:
    """Read `feeds:` and `profile:` pages; what a profile leaves out is as in the default one.

    Raises:
        FileIsWrong: every problem of every page, by line.
    """
    feeds: dict[str, FeedSettings] = {}
    profiles = {"default": _default()}
    where: dict[str, tuple[Page, str]] = {}
    problems: list[Problem] = []
    for page in pages:
        if "profile" in page.data:
            problems.extend(_take_profile(page, profiles, where))
        elif "feeds" in page.data:
            problems.extend(_take_feeds(page, feeds, where))
        else:
            problems.append(page.problem((), "This page has neither 'feeds' nor 'profile'.", "Add one, or remove it."))
    problems.extend(_strangers(feeds, profiles, where))
    if problems:
        raise FileIsWrong(sorted(problems, key=lambda problem: (problem.path, problem.line, problem.field)))
    return FeedBook(feeds, profiles)


@cache
def _default() -> ProfileWords:
    return ProfileWords.model_validate(_default_data())


@cache
def _default_data() -> dict[str, object]:
    text = resources.files("connectors.hl7v2").joinpath("profiles/default.yaml").read_text("utf-8")
    (page,) = parse_pages("connectors/hl7v2/profiles/default.yaml", text)
    return page.data


def _take_profile(
    page: Page, profiles: dict[str, ProfileWords], where: dict[str, tuple[Page, str]]
) -> Iterable[Problem]:
    merged = dict(_default_data())
    for key, value in page.data.items():
        base = merged.get(key)
        merged[key] = {**base, **value} if isinstance(base, dict) and isinstance(value, dict) else value
    try:
        words = ProfileWords.model_validate(merged)
    except ValidationError as error:
        profiles.setdefault(str(page.data["profile"]), _default())  # known, so that its feeds are not wrong as well
        return problems_of(page, error)
    key = f"profile {words.profile}"
    if key in where:
        return [_twice(page, ("profile",), words.profile, where[key][0])]
    where[key] = (page, words.profile)
    profiles[words.profile] = words
    return []


def _take_feeds(page: Page, feeds: dict[str, FeedSettings], where: dict[str, tuple[Page, str]]) -> Iterable[Problem]:
    for key in page.data:
        if key != "feeds":
            yield page.problem(
                (key,), f"'{key}' is no key beside 'feeds'.", "Move it to a document of its own ('---')."
            )
    listed = page.data["feeds"]
    if not isinstance(listed, dict):
        yield page.problem(("feeds",), "'feeds' must map names to settings.", "Write 'feeds: {hie-west: {...}}'.")
        return
    for name, data in listed.items():
        at = ("feeds", name)
        if not 0 < size_of(str(name)) <= NAME_BYTES:
            what = f"The name of a feed has {size_of(str(name))} bytes."
            yield page.problem(at, what, f"Give it one of 1 to {NAME_BYTES} bytes.")
            continue
        try:
            settings = FeedSettings.model_validate(data if data is not None else {})
        except ValidationError as error:
            yield from problems_of(page, error, at)
            continue
        if (key := f"feed {name}") in where:
            yield _twice(page, at, str(name), where[key][0])
        where[key] = (page, str(name))
        feeds[str(name)] = settings


def _strangers(
    feeds: Mapping[str, FeedSettings], profiles: Mapping[str, ProfileWords], where: Mapping[str, tuple[Page, str]]
) -> Iterable[Problem]:
    """Profiles that nobody declared, and one port for two feeds: each port is one feed."""
    ports: dict[str, str] = {}
    for name, feed in feeds.items():
        page = where[f"feed {name}"][0]
        if feed.profile not in profiles:
            known = ", ".join(sorted(profiles))
            yield page.problem(("feeds", name, "profile"), f"There is no profile '{feed.profile}'.", f"Known: {known}.")
        port = (feed.listen or "").rpartition(":")[2]
        if port in ports and port not in {"", "0"}:
            what = f"Port {port} is taken by feed '{ports[port]}'."
            yield page.problem(("feeds", name, "listen"), what, "Give each feed a port of its own.")
        ports[port] = name


def _twice(page: Page, at: tuple[str, ...], name: str, other: Page) -> Problem:
    return page.problem(at, f"'{name}' is declared twice, first in {other.path}.", "Keep one of them.")
