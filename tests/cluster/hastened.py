"""`warmhandoff` whose consumer group loses patience sooner: `python hastened.py SESSION_S SEEK_S ARGUMENT...`.

What takes a worker ten seconds to be given up takes it three; nothing else is changed.
"""

import sys
from pathlib import Path

from services.cli.main import main
from services.runtime.cluster import consuming


def command(session_s: float, seek_s: float) -> list[str]:
    """What to put before the arguments of `warmhandoff`."""
    return [sys.executable, str(Path(__file__)), str(session_s), str(seek_s)]


def _hasten(session_s: float, seek_s: float) -> None:
    consuming.SESSION_S, consuming.HEARTBEAT_S, consuming.SEEK_S = session_s, session_s / 3, seek_s


if __name__ == "__main__":
    _hasten(float(sys.argv[1]), float(sys.argv[2]))
    del sys.argv[1:3]
    main()
