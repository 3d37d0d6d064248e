"""The shared scenarios: stories with a journal and expectations, read from their own folder."""

from functools import cache

import pytest

from services.wiring.setup import VALUE_SETS, Setup, read_setup
from tests.corpora import SHARED

FILES = sorted((SHARED / "scenarios").glob("*.json"))
CODES = SHARED / "value-sets"
NO_FILES = pytest.mark.skipif(
    not FILES, reason="no scenarios: set WARMHANDOFF_CORPORA to the folder that contains scenarios/"
)


@cache
def setup_with_codes() -> Setup:
    """The shipped rules, with the codes that the stories use."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VALUE_SETS, str(CODES))
        return read_setup(None)
