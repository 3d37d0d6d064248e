"""A mistake in the settings is told with its file, line and field, and with what would fix it."""

from pathlib import Path

import pytest

from models.errors import FileIsWrong
from models.pages import host_and_port, parse_pages
from services.settings import Kafka, Settings, settings_of

URL = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
ADD = f"Add 'store: {URL}', or remove 'kafka'."
DATABASE = "store: postgresql://h/d\n"


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
        ("store: mysql://h/d", f"w.yaml:1: store No store can be kept in 'mysql'. Name a folder, or write {URL}."),
        (f"{DATABASE}kafka: {{}}", "w.yaml:2: kafka.bootstrap 'bootstrap' is missing. Add 'bootstrap: ...'."),
        (f"{DATABASE}kafka: {{bootstrap: h}}",
         "w.yaml:2: kafka.bootstrap 'h' is no address. Write HOST:PORT, several separated by commas."),
        (f"{DATABASE}kafka: {{bootstrap: h:1, replication: 0}}",
         "w.yaml:2: kafka.replication 0 does not fit here. Input should be greater than or equal to 1."),
        ("kafka: {bootstrap: h:1}",
         f"w.yaml:1: kafka Workers share their store, and a folder belongs to one process. {ADD}"),
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


def test_brokers_are_listed_once_and_a_topic_may_have_a_number_of_its_own() -> None:
    text = f"{DATABASE}kafka: {{bootstrap: 'a:9092, b:9092', partitions: {{feeds.raw.v1: 64}}}}"
    kafka = settings_of(parse_pages("w.yaml", text)).kafka
    assert kafka == Kafka(bootstrap="a:9092,b:9092", replication=3, partitions={"feeds.raw.v1": 64})


def test_a_topic_that_is_not_ours_is_named_with_the_one_that_was_meant() -> None:
    (problem,) = told(f"{DATABASE}kafka: {{bootstrap: h:1, partitions: {{feeds.row.v1: 4}}}}")
    assert "w.yaml:2: kafka.partitions" in problem
    assert "Did you mean 'feeds.raw.v1'?" in problem


@pytest.mark.parametrize("port", ["0", "65536", "99999"])
def test_a_database_has_a_port_that_there_can_be(port: str) -> None:
    for text in (
        f"postgresql://u:s3cret@h:{port}/d",
        f"postgresql://h:5432,g:{port}/d",
        f"postgresql://h/d?port={port}",
    ):
        (problem,) = told(f"store: {text}")
        assert problem.startswith("w.yaml:1: store The port in this URL is none of 1 to 65535")
    assert settings_of(parse_pages("w.yaml", "store: postgresql://h:65535/d")).database


SECRETS = [
    "store: postgresql://u:s3cret@h:port/d",
    "store: postgresql://u:s3cret@h:99999/d",
    "store: postgresql:/u:s3cret@h/d",
    "store: postgresql://u:s3%cret@h/d",
    "store: postgresql://u:s3cret@h/d?unknown=1",
    "store: mysql://u:s3cret@h/d",
    "http: postgresql://u:s3cret@h/d",
    "kafka: postgresql://u:s3cret@h/d",
    f"{DATABASE}kafka: {{bootstrap: 'postgresql://u:s3cret@h/d'}}",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_password_is_never_shown(text: str) -> None:
    assert "s3cret" not in str(told(text))


def test_settings_do_not_tell_the_password_when_they_are_printed() -> None:
    settings = settings_of(parse_pages("w.yaml", "store: postgresql://u:s3cret@h/d"))
    assert settings.database == "postgresql://u:s3cret@h/d"
    assert "s3cret" not in repr(settings)
    assert "s3cret" not in str(settings)


def test_a_folder_is_no_database() -> None:
    assert settings_of(parse_pages("w.yaml", "store: data")).database is None
