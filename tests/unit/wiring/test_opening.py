"""Where a store is, and by which name it goes in a database."""

from hashlib import sha256
from os import fsdecode
from pathlib import Path

import pytest

from models.errors import FileIsWrong
from services.cli.context import Place
from services.runtime.store.contract import NoStore
from services.settings import Settings
from services.wiring.clock import Clock
from services.wiring.opening import Where, open_reader, open_store, where_of
from services.wiring.setup import read_setup

URL = "postgresql://u:s3cret@db.example:5433/care"


def test_a_namespace_is_made_of_the_folder_as_it_is_written() -> None:
    """The first eight hex digits of SHA-256: scripts outside may work them out."""
    assert Where(Path("warmhandoff-data"), URL).namespace == "w732df8b8"
    assert Where(Path("/srv/care"), URL).namespace != Where(Path("/srv/other"), URL).namespace
    assert Where(Path("/srv/zürich"), URL).namespace == "w" + sha256("/srv/zürich".encode()).hexdigest()[:8]
    assert Where(Path(fsdecode(b"/srv/\xff")), URL).namespace == "w" + sha256(b"/srv/\xff").hexdigest()[:8]


def test_a_database_is_named_without_user_and_password() -> None:
    where = Where(Path("data"), URL)
    assert str(where) == f"db.example:5433/care schema {where.namespace}"
    assert "s3cret" not in repr(where)


def test_a_folder_is_named_in_full() -> None:
    assert str(Where(Path("data"))) == str(Path("data").resolve())


def test_the_settings_decide_between_a_folder_and_a_database() -> None:
    assert where_of(Path("data"), Settings()).url is None
    assert where_of(Path("data"), Settings(store=URL)).url == URL


def test_a_store_in_a_folder_is_made_by_its_writer_and_then_read(tmp_path: Path) -> None:
    where = Where(tmp_path / "store")
    with pytest.raises(NoStore):
        open_reader(where)
    with open_store(where, Clock()) as store:
        assert store.head() == 0
    with open_reader(where) as reader:
        assert reader.cursor() == 0


@pytest.mark.parametrize("told", ["postgresql://u:s3cret@h/d", "postgres://u:s3cret@h/d"])
def test_a_url_in_place_of_the_folder_is_refused_and_not_shown(told: str) -> None:
    with pytest.raises(FileIsWrong) as wrong:
        Place(store=Path(told)).folder(read_setup(None))
    assert "Write it into the configuration" in str(wrong.value)
    assert "s3cret" not in str(wrong.value)


def test_with_a_database_the_default_folder_names_the_store(tmp_path: Path) -> None:
    config = tmp_path / "w.yaml"
    config.write_text(f"store: {URL}\n")
    where = Place(config=config).where(read_setup(config))
    assert (where.folder, where.url) == (Path("warmhandoff-data"), URL)
