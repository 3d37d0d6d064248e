"""Where the shared test data lies: public samples, read from their own folder and never copied into this one."""

import os
from pathlib import Path

import pytest


def corpora(name: str) -> Path:
    """The folder of one corpus; the test is skipped when it is not to be found.

    `WARMHANDOFF_CORPORA` names the folder that holds `corpora/`; else `../shared` beside the repository is tried.
    """
    root = Path(__file__).resolve().parents[1]
    shared = Path(os.environ.get("WARMHANDOFF_CORPORA") or root.parent / "shared")
    folder = shared / "corpora" / name
    if not folder.is_dir():
        pytest.skip(f"no corpus {name!r} in {shared}: set WARMHANDOFF_CORPORA to the folder that contains corpora/")
    return folder
