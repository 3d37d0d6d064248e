"""The drop folder takes a file once it is whole, and puts it where its giver can see what became of it."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from connectors.files.drop import DropFolder
from models.errors import FileIsWrong, Problem, WorldIsAway


class Desk:
    """A drop folder with a clock we turn and a taker that remembers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now, self.took = folder, 0.0, list[tuple[str, bytes]]()
        self.failure: Exception | None = None
        self.watcher = self.restarted()

    def restarted(self) -> DropFolder:
        return DropFolder(self.folder, self.take, quiet_seconds=2, poll_seconds=0.01, clock=lambda: self.now)

    async def take(self, stream: BinaryIO, name: str) -> None:
        if self.failure:
            raise self.failure
        self.took.append((name, stream.read()))

    async def after(self, seconds: float) -> int:
        self.now += seconds
        return await self.watcher.sweep()

    def put(self, name: str, text: str = "x") -> Path:
        self.folder.mkdir(exist_ok=True)
        path = self.folder / name
        path.write_text(text)
        return path

    def lies_in(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.folder / folder).iterdir() if path.is_file())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "drop")


async def test_a_file_is_taken_when_it_has_been_quiet(desk: Desk) -> None:
    desk.put("roster.csv", "a")
    assert [await desk.after(0), await desk.after(1.9), await desk.after(0.1), await desk.after(9)] == [0, 0, 1, 0]
    assert desk.took == [("roster.csv", b"a")]
    assert desk.lies_in("taken") == ["roster.csv"]
    assert desk.lies_in(".") == []


async def test_a_file_that_grows_waits(desk: Desk) -> None:
    path = desk.put("roster.csv", "a")
    await desk.after(0)
    path.write_text("ab")
    assert await desk.after(2) == 0
    assert await desk.after(2) == 1
    assert desk.took == [("roster.csv", b"ab")]


async def test_a_companion_says_that_a_file_is_whole(desk: Desk) -> None:
    desk.put("roster.csv")
    desk.put("roster.csv.done", "")
    assert await desk.after(0) == 1
    assert desk.lies_in(".") == []


async def test_unfinished_and_hidden_files_are_left_alone(desk: Desk) -> None:
    for name in (".roster.csv", "a.tmp", "b.PART", "c~", "d.done"):
        desk.put(name)
    await desk.after(0)
    assert await desk.after(60) == 0
    assert desk.took == []


async def test_links_pipes_and_folders_are_never_followed(desk: Desk, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    desk.put("sub.txt").unlink()
    (desk.folder / "soft.csv").symlink_to(secret)
    os.link(secret, desk.folder / "hard.csv")
    os.mkfifo(desk.folder / "pipe.csv")
    (desk.folder / "inner").mkdir()
    (desk.folder / "inner" / "deep.csv").write_text("d")
    await desk.after(0)
    assert await desk.after(60) == 0
    assert desk.took == []


async def test_a_file_swapped_between_look_and_open_is_not_read(desk: Desk, tmp_path: Path) -> None:
    path = desk.put("a.csv", "honest")
    await desk.after(0)
    ready = desk.watcher._ready
    desk.now += 5

    def swap() -> object:
        found = ready()
        path.unlink()
        path.symlink_to(tmp_path / "elsewhere")
        return found

    desk.watcher._ready = swap  # type: ignore[method-assign, assignment]  # the moment between two system calls
    assert await desk.watcher.sweep() == 0
    assert desk.took == []


async def test_a_refused_file_lies_beside_its_reason(desk: Desk) -> None:
    desk.put("notes.txt")
    desk.failure = FileIsWrong([Problem("notes.txt", 1, "content", "Of no kind we know.", "Send CSV.")])
    await desk.after(0)
    assert await desk.after(2) == 1
    assert desk.lies_in("refused") == ["notes.txt", "notes.txt.reason.txt"]
    assert "Send CSV." in (desk.folder / "refused" / "notes.txt.reason.txt").read_text()


async def test_while_the_journal_is_away_the_file_stays(desk: Desk) -> None:
    desk.put("a.csv")
    desk.failure = WorldIsAway("disk full")
    await desk.after(0)
    with pytest.raises(WorldIsAway):
        await desk.after(2)
    desk.failure = None
    assert await desk.after(2) == 1
    assert desk.lies_in("taken") == ["a.csv"]


async def test_a_name_used_before_gets_a_hash(desk: Desk) -> None:
    for text in ("one", "two", "two"):
        desk.put("a.csv", text)
        await desk.after(0)
        assert await desk.after(2) == 1
    names = desk.lies_in("taken")
    assert len(names) == 2
    assert names[0].startswith("a-")
    assert (desk.folder / "taken" / "a.csv").read_text() == "one"


async def test_after_a_restart_it_goes_on(desk: Desk) -> None:
    desk.put("a.csv")
    await desk.after(0)
    desk.watcher = desk.restarted()
    assert [await desk.after(2), await desk.after(2)] == [0, 1]


async def test_files_are_taken_in_the_order_they_were_written(desk: Desk) -> None:
    for age, name in ((30, "z.csv"), (20, "a.csv"), (10, "m.csv")):
        os.utime(desk.put(name), (1_000_000 - age, 1_000_000 - age))
    await desk.after(0)
    await desk.after(2)
    assert [name for name, _ in desk.took] == ["z.csv", "a.csv", "m.csv"]


async def test_the_watch_goes_on_when_the_folder_is_away_for_a_while(desk: Desk) -> None:
    async def until(holds: Callable[[], bool]) -> None:
        while not holds():
            desk.now += 3
            await asyncio.sleep(0.02)

    desk.failure = WorldIsAway("away")
    desk.put("a.csv")
    async with asyncio.timeout(60):
        watch = asyncio.create_task(desk.watcher.run())
        await until(lambda: desk.watcher.failure != "")
        assert desk.took == []
        desk.failure = None
        await until(lambda: desk.watcher.failure == "" and desk.took != [])
    watch.cancel()
    assert desk.took == [("a.csv", b"x")]
