"""`python -m tests.long`, or `make test-long`: what only time and chance find. Under an hour on two cores.

`make test-long SEED=7 ONLY=kills` replays one part. A part that fails keeps its folder, and the others go on.
"""

import argparse
import sys
from pathlib import Path
from random import randrange

from tests.long.asked import Asked
from tests.long.playing import PARTS, failures


def main(arguments: list[str] | None = None) -> int:
    """Run the parts asked for; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.long", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {', '.join(PARTS)} (default: all)")
    parser.add_argument("--seed", type=int, help="replay (default: another one each time)")
    parser.add_argument("--brief", action="store_true", help="seconds instead of minutes: it runs, and proves little")
    parser.add_argument("--number", type=int, action="append", default=[], help="only these mutants; may be repeated")
    parser.add_argument("--folder", type=Path, help="on which disk (default: the temporary folder)")
    asked = parser.parse_args(arguments)
    if strange := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(strange))}; there are {', '.join(PARTS)}")
    run = Asked(randrange(10**6) if asked.seed is None else asked.seed, asked.brief, tuple(asked.number))
    print(f"seed {run.seed}", flush=True)
    failed = list(failures(asked.parts or list(PARTS), run, asked.folder))
    for part in failed:
        print(f"FAILED {part}: replay with `make test-long ONLY={part} SEED={run.seed}`", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
