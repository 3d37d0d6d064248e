"""A mistake in the settings is told with its file, line and field, and with what would fix it."""

from pathlib import Path

import pytest

from models.errors import FileIsWrong
from models.pages import host_and_port, parse_pages
from services.settings import Settings, settings_of


def told(text: str) -> list[str]:
    with pytest.raises(FileIsWrong) as wrong:
        settings_of(parse_pages("w.yaml", text))
    return [str(problem).replace("\n  ", " ") for problem in wrong.value.problems]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules: folder", "w.yaml:1: rules 'folder' is no list. Write it in brackets: [folder]."),
        ("rules: {a: b}", "w.yaml:1: rules This mapping is no list. Write it in brackets: [...]."),
        ("rules: ['']", "w.yaml:1: rules[0] The path is empty. Write one, or leave the key out."),
        ("rules: [none]", "w.yaml:1: rules[0] There is no file or folder 'none'. Correct the path, or make it."),
        ("http: 8081", "w.yaml:1: http 8081 is no address. Write HOST:PORT, such as 127.0.0.1:8081, or \"\" for none."),
        ("mllp: me", "w.yaml:1: mllp 'me' is no address. Write HOST:PORT, such as 127.0.0.1:8080, or \"\" for none."),
        ("time_zone:", "w.yaml:1: time_zone It is empty. Write a value, or leave the key out."),
        ("store: ''", "w.yaml:1: store The path is empty. Write one, or leave the key out."),
        ("drop: 5", "w.yaml:1: drop 5 is not text. Put it in quotes."),
        ("drop: a-file", "w.yaml:1: drop 'a-file' is a file. Name a folder."),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_line_and_field(
    text: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").touch()
    assert told(text) == [says]


def test_all_mistakes_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fields = [said.split(" ")[1] for said in told("http: h\nrules:\n- none\ncalendars: c\ntypo: 1\n")]
    assert fields == ["http", "rules[0]", "calendars", "typo"]


def test_an_empty_address_says_not_to_listen() -> None:
    assert settings_of(parse_pages("w.yaml", 'mllp: ""\nhttp: 127.0.0.1:0')) == Settings(mllp="", http="127.0.0.1:0")


@pytest.mark.parametrize(
    ("text", "means"),
    [("h:1", ("h", 1)), ("[::1]:80", ("::1", 80)), ("h", None), (":1", None), ("h:65536", None), ("h:x", None)],
)
def test_an_address_is_a_host_and_a_port(text: str, means: tuple[str, int] | None) -> None:
    assert host_and_port(text) == means
