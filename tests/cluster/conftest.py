"""What holds for every test of a cluster."""

from collections.abc import Iterator

import pytest

from services.runtime.cluster import seat
from services.runtime.store import postgres_connecting
from services.runtime.store.postgres_connecting import Use


@pytest.fixture(autouse=True)
def patience() -> Iterator[pytest.MonkeyPatch]:
    """A machine may stand still for seconds; the database bears with it when the test's own process does.

    Whoever tests how soon the database loses its patience takes this and undoes it. Other processes are as they are.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postgres_connecting, "_CONNECT_SECONDS", 60)
        patch.setattr(Use.WORK, "_value_", Use.WORK.value.replace("session_timeout=5s", "session_timeout=5min"))
        patch.setattr(Use.GLANCE, "_value_", Use.GLANCE.value.replace("timeout=2s", "timeout=60s"))
        patch.setitem(seat._SETTINGS, "idle_session_timeout", "5min")
        yield patch
