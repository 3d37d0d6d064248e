"""`python -m bench`: measure everything once, print it, keep it in `bench/results.json` and on the page of figures."""

import argparse
import sys
import tempfile
from pathlib import Path

RESULTS = Path(__file__).parent / "results.json"
PARTS = (
    "reading", "storing", "deriving", "counting", "evaluating", "staging", "rebuilding", "recounting", "answering",
    "delaying", "seeing", "scaling", "clustering",
)  # fmt: skip


def main(arguments: list[str] | None = None) -> None:
    """Run the parts asked for."""
    from importlib import import_module

    from bench import page, reporting
    from bench.aims import judged
    from bench.measuring import Figure, Size
    from services.wiring.collecting import seldom_collecting

    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {', '.join(PARTS)} (default: all)")
    parser.add_argument(
        "--quick", action="store_true", help="prove that it runs, within a minute; the figures mean nothing"
    )
    parser.add_argument("--out", type=Path, help="where the results go (default: bench/results.json for a full run)")
    parser.add_argument("--folder", type=Path, help="on which disk to measure (default: the temporary folder)")
    asked = parser.parse_args(arguments)
    if strange := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(strange))}; there are {', '.join(PARTS)}")

    seldom_collecting()  # what is measured here runs in the pipeline's process there
    size, figures = Size(asked.quick), list[Figure]()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=asked.folder) as place:
        folder = Path(place)
        about = reporting.machine(folder)
        if about["file_system"] == "tmpfs":
            print("This folder is in memory: syncing costs nothing there. Name a disk with --folder.", file=sys.stderr)
        for part in asked.parts or PARTS:
            print(f"{part} ...", file=sys.stderr, flush=True)
            run = import_module(f"bench.{part}").run
            figures += run(size) if part == "reading" else run(size, folder)
    if asked.quick:
        print("A quick run: it shows that everything runs. Its figures mean nothing.")
    aims = {} if asked.quick else judged(figures)
    reporting.shown(figures, aims)
    complete = not asked.quick and not asked.parts
    if out := asked.out or (RESULTS if complete else None):
        reporting.written(out, figures, aims, about, quick=asked.quick)
    if out == RESULTS:
        page.refresh(RESULTS)


if __name__ == "__main__":
    main()
