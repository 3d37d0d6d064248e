"""Where the shared test data lies: public samples, read from their own folder and never copied into this one."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("WARMHANDOFF_CORPORA") or Path(__file__).resolve().parents[2] / "shared")


def corpora(name: str) -> Path:
    """The folder of one corpus; the test is skipped when it is not to be found.

    `WARMHANDOFF_CORPORA` names the folder that holds `corpora/`; else `../shared` beside the repository is tried.
    """
    folder = SHARED / "corpora" / name
    if not folder.is_dir():
        pytest.skip(f"no corpus {name!r} in {SHARED}: set WARMHANDOFF_CORPORA to the folder that contains corpora/")
    return folder
