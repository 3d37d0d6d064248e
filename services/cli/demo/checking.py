"""Is what the demo shows right? Everything is computed again, and compared with what the made-up world knows."""

import tempfile
from pathlib import Path

import msgspec

from services.cli.simulating import scored
from services.runtime.recount import Recount
from services.runtime.store.contract import Reader
from services.runtime.store.sqlite import SqliteStore
from services.simulation.scoring import Score
from services.simulation.truth import TruthFile, label_line
from services.simulation.world import World
from services.status.questions import Questions
from services.wiring.clock import Clock
from services.wiring.setup import Setup

TRUTH = "truth.ndjson"
DIFFERENCES_SHOWN = 5


class Verdict(msgspec.Struct, frozen=True):
    """`differences` and `broken` chains are of computing everything again from the raw log; `score` is by the truth."""

    differences: int
    broken: int
    score: Score

    @property
    def is_clean(self) -> bool:
        """Nothing differs."""
        return self.is_reproduced and self.score.is_clean

    @property
    def is_reproduced(self) -> bool:
        """The raw log gives the same again."""
        return not (self.differences or self.broken)


def judged(reader: Reader, setup: Setup, clock: Clock, world: World, folder: Path) -> Verdict:
    """Compute every member again, in a store that goes away afterwards, and score; the truth stays in `folder`."""
    with (folder / TRUTH).open("wb") as file:
        for at in world.instants:
            file.writelines(map(label_line, world.labels(at)))
    with TruthFile(folder / TRUTH) as labels:
        score = scored(Questions(reader, setup.reference), labels, DIFFERENCES_SHOWN)
    with (
        tempfile.TemporaryDirectory(prefix="warmhandoff-") as spare,
        SqliteStore.open(Path(spare), now=clock) as fresh,
    ):
        recount = Recount(reader, fresh, setup.readers, setup.reference, clock)
        return Verdict(len(list(recount.compare())), len(reader.broken_chain()), score)
