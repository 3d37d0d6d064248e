"""The pipeline in a process of its own, so that no answer to a sender waits for deriving.

`WorkerProcess` starts `python -m services.wiring.process`, which shares the store with it and inherits its lock. Down
the child's standard input each byte says that there is news, and the last one to finish the batch under way; the end of
the input means that the parent is gone. Up its standard output it tells how it is, one JSON line a change.
"""

import contextlib
import logging
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec

from models.errors import FileIsWrong, WorldIsAway
from services.runtime.store.sqlite import SqliteStore
from services.wiring.clock import Clock
from services.wiring.collecting import seldom_collecting
from services.wiring.logs import LEVEL, set_up
from services.wiring.setup import Setup, read_setup
from services.wiring.working import RETRY_S, Condition, Worker, worker_of

log = logging.getLogger(__name__)

NEWS, FINISH = b".", b"Q"
LOOK_S = 0.2
"""How late a change of condition is told, at most."""
GATHER_S = 0.001
"""News within this time of each other are one."""
PATIENCE_S = 30.0
CHANGED = 5
"""The child's exit code when the configuration is another than its parent's."""
_JSON = msgspec.json.Decoder(Condition)


class WorkerProcess:
    """A `Worker` in a child process. A child that ends is replaced, and takes up what the cursor has not passed.

    Args:
        store: open for writing; its lock is inherited.
    """

    def __init__(self, store: SqliteStore, folder: Path, setup: Setup) -> None:
        self._store, self._setup = store, setup
        self._command = [sys.executable, "-P", "-m", __name__, str(folder), str(setup.config or ""),
                         setup.reference.digest]  # fmt: skip
        self._child: subprocess.Popen[bytes] | None = None
        self._stopping, self._guard = threading.Event(), threading.Lock()
        self._keeper = threading.Thread(target=self._run, name="pipeline-process", daemon=True)
        self.condition = Condition()

    def start(self) -> None:
        """Begin working."""
        self._spawn()
        self._keeper.start()

    def notify(self) -> None:
        """There is a new line."""
        self._tell(NEWS)

    def stop(self) -> None:
        """Let it finish the batch under way, then end it."""
        self._stopping.set()
        self._tell(FINISH)
        self._keeper.join(timeout=PATIENCE_S)
        if self._child and self._keeper.is_alive():
            self._child.kill()
            self._keeper.join()

    @property
    def is_well(self) -> bool:
        """It runs, and its last batch did not fail."""
        return self._keeper.is_alive() and not self.condition.failure

    def _tell(self, word: bytes) -> None:
        # It may have more news than it can count, or be about to be replaced: then it looks by itself.
        with self._guard, contextlib.suppress(BlockingIOError, BrokenPipeError):
            child = self._child
            if child and child.stdin and not child.stdin.closed:
                os.write(child.stdin.fileno(), word)

    def _spawn(self) -> None:
        lock = self._store.lock
        inherited = (lock.descriptor,) if lock and lock.descriptor is not None else ()
        child = subprocess.Popen(  # noqa: S603 - our own program, with our own words
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=inherited, bufsize=0,
            start_new_session=True,
        )  # fmt: skip  # a session of its own: Ctrl-C is for the parent, which lets it finish
        assert child.stdin
        os.set_blocking(child.stdin.fileno(), False)
        self._child = child

    def _run(self) -> None:
        while True:
            child = self._child
            assert child
            assert child.stdin
            assert child.stdout
            for line in child.stdout:
                with contextlib.suppress(msgspec.DecodeError):  # cut off where it was killed
                    self.condition = _JSON.decode(line)
            code = child.wait()
            with self._guard:  # nobody writes to what stands behind this number next
                child.stdin.close()
            child.stdout.close()
            if self._stopping.is_set():
                return
            self.condition = Condition(failure=_ended(code))
            log.error("the pipeline is started again", extra={"problem": self.condition.failure})
            if self._stopping.wait(RETRY_S * (10 if code == CHANGED else 1)):
                return
            while not self._spawned():
                if self._stopping.wait(RETRY_S):
                    return
            if self._stopping.is_set():
                self._tell(FINISH)  # what was told before went to the one before

    def _spawned(self) -> bool:
        """Start a child, unless the machine has no room for one now."""
        try:
            self._spawn()
        except OSError as error:
            self.condition = Condition(failure=f"the pipeline's process cannot be started: {error.strerror}")
            return False
        return True


def _ended(code: int) -> str:
    if code == CHANGED:
        return "the configuration changed while the service runs: start it again"
    return f"the pipeline's process ended with {code}"


def main(folder: Path, config: Path | None, digest: str) -> int:
    """The child: work until told to finish, end at once when the parent is gone."""
    try:
        setup, clock = read_setup(config), Clock()
    except FileIsWrong:
        return CHANGED
    if setup.reference.digest != digest:
        return CHANGED
    try:
        with SqliteStore.join(folder) as store:
            worker = worker_of(store, setup, clock)
            seldom_collecting()
            worker.start()
            _listen(worker)
            worker.stop()
    except WorldIsAway as error:
        log.error("the store is away", extra={"problem": str(error)})  # noqa: TRY400 - the cause is in the text
        return 1
    return 0


def _listen(worker: Worker) -> None:
    source, told = sys.stdin.fileno(), None
    while True:
        ready, _, _ = select.select([source], [], [], LOOK_S)
        if ready:
            heard = os.read(source, 65536)
            if not heard:
                os._exit(1)  # the store is safe at any moment, and its lock must be free at once
            worker.notify()
            if FINISH in heard:
                return
            time.sleep(GATHER_S)
        if (condition := worker.condition) != told:
            told = condition
            os.write(sys.stdout.fileno(), msgspec.json.encode(condition) + b"\n")


if __name__ == "__main__":
    set_up(os.environ.get(LEVEL, "info"))
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None, sys.argv[3]))
