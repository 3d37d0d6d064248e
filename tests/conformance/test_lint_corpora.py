"""`feed lint` survives whatever anybody sends: public samples, whole and damaged, and drafts a file that loads."""

import random
import warnings
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from connectors.hl7v2.batch import split_messages
from connectors.hl7v2.book import read_book
from models.pages import parse_pages
from services.onboarding.drafting import draft
from services.onboarding.linting import Lint
from services.onboarding.report import Report
from services.onboarding.sample import Line
from services.onboarding.telling import told
from tests.corpora import corpora

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOOK = read_book()


def lint(*bodies: bytes, strict: int = 0) -> Report:
    linter = Lint("corpus", BOOK.profile_of("corpus"), registry={}, strict=strict)
    linter.read((Line("hl7v2", part) for body in bodies for part in split_messages(body).messages or (body,)), NOW)
    return linter.report()


def check(report: Report) -> None:
    assert max(map(len, told(report))) <= 100
    assert msgspec.json.encode(report)
    default = BOOK.profiles["default"]
    read_book(parse_pages("draft.yaml", draft(report, default, default)))


def damaged(body: bytes, dice: random.Random) -> bytes:
    spoilt = bytearray(body)
    for _ in range(12):
        spoilt[dice.randrange(len(spoilt))] = dice.choice(b'|^~\\&\r\n\x00\xff"A1Z ')
    return bytes(spoilt)


def sources() -> list[list[Path]]:
    """The files of each public source."""
    folders = sorted(path for path in corpora("hl7v2").iterdir() if path.is_dir())
    return [sorted(folder.rglob("*.hl7")) for folder in folders]


def test_samples_of_every_source_make_a_report_and_a_draft_that_loads() -> None:
    for paths in sources():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check(lint(*(path.read_bytes() for path in paths), strict=20))


def test_so_does_each_file_alone_and_damaged() -> None:
    dice = random.Random(6)
    for path in (path for paths in sources() for path in paths[::6]):
        body = path.read_bytes()
        check(lint(body))
        check(lint(damaged(body, dice)))
