"""R-13 to R-15: which answers a message gets."""

import pytest

from connectors.mllp.header import read_header
from connectors.mllp.modes import AckMode, Verdict, Wanted, wanted
from tests.unit.mllp.support import adt


def asked(mode: AckMode, accept: str = "", application: str = "") -> Wanted:
    header = read_header(adt(accept=accept, application=application))
    assert header is not None
    return wanted(header, mode)


@pytest.mark.parametrize(
    ("accept", "application", "kept", "unreadable", "refused"),
    [
        ("", "", "AA", "AE", "AR"),
        ("AL", "", "CA", "CA", "CR"),
        ("AL", "NE", "CA", "CA", "CR"),
        ("AL", "AL", "CA AA", "CA AE", "CR"),
        ("AL", "ER", "CA", "CA AE", "CR"),
        ("AL", "SU", "CA AA", "CA", "CR"),
        ("SU", "AL", "CA AA", "CA AE", "AR"),
        ("ER", "AL", "AA", "AE", "CR"),
        ("ER", "ER", "", "AE", "CR"),
        ("SU", "SU", "CA AA", "CA", ""),
        ("NE", "AL", "AA", "AE", "AR"),
        ("", "AL", "AA", "AE", "AR"),
        ("NE", "NE", "", "", ""),
        ("NE", "", "", "", ""),
        ("al", "ne", "CA", "CA", "CR"),
        ("??", "", "CA", "CA", "CR"),
    ],
)
def test_auto_honours_what_msh_15_and_16_ask(
    accept: str, application: str, kept: str, unreadable: str, refused: str
) -> None:
    want = asked("auto", accept, application)
    verdicts: tuple[Verdict, ...] = ("kept", "unreadable", "refused")
    assert [" ".join(want.codes(verdict)) for verdict in verdicts] == [kept, unreadable, refused]


@pytest.mark.parametrize(
    ("mode", "accept", "application", "kept", "refused"),
    [
        ("original", "AL", "AL", ("AA",), ("AR",)),
        ("aa_only", "AL", "AL", ("AA",), ("AA",)),
        ("none", "", "", (), ()),
        ("enhanced", "", "", ("CA",), ("CR",)),
        ("enhanced", "", "AL", ("AA",), ("AR",)),
    ],
)
def test_a_feed_may_overrule(
    mode: AckMode, accept: str, application: str, kept: tuple[str, ...], refused: tuple[str, ...]
) -> None:
    want = asked(mode, accept, application)
    assert (want.codes("kept"), want.codes("refused")) == (kept, refused)


@pytest.mark.parametrize(
    ("mode", "accept", "application", "by_default", "where_ae"),
    [
        ("auto", "", "", False, True),
        ("auto", "AL", "NE", False, False),
        ("auto", "AL", "AL", True, True),
        ("auto", "NE", "AL", False, True),
        ("aa_only", "AL", "AL", False, False),
        ("none", "", "", False, False),
    ],
)
def test_content_is_read_before_the_answer_only_where_the_answer_depends_on_it(
    mode: AckMode, accept: str, application: str, by_default: bool, where_ae: bool
) -> None:
    want = asked(mode, accept, application)
    assert (want.needs_reading("quarantine"), want.needs_reading("AE")) == (by_default, where_ae)
