"""What we aim for, each against a figure of the same run; the table says which are met."""

from collections.abc import Iterable, Mapping

import msgspec

from bench.measuring import Figure


class Aim(msgspec.Struct, frozen=True):
    """A bound of a figure, or of its ratio to another."""

    figure: str
    at_least: float | None = None
    at_most: float | None = None
    against: str = ""

    def __str__(self) -> str:
        bound = f"≥ {self.at_least:,g}" if self.at_least is not None else f"≤ {self.at_most:,g}"
        return f"{bound} × {self.against}" if self.against else bound

    def met(self, figure: Figure) -> bool | None:
        """Whether it is; None where it was not measured."""
        value = figure.against.get(self.against) if self.against else figure.median
        if value is None:
            return None
        return not (
            (self.at_least is not None and value < self.at_least) or (self.at_most is not None and value > self.at_most)
        )


AIMS = (
    Aim("reader.fields", at_least=25_000),
    Aim("reader.fields", at_least=10, against="python-hl7"),
    Aim("load", at_least=0.25, against="bare"),
    Aim("served.processed", at_least=0.25, against="bare"),
    Aim("ack.journal", at_least=1, against="hapi_file"),
    Aim("ack.journal.p99", at_most=20),
    Aim("ack.serve", at_least=1, against="hapi_file"),
    Aim("ack.serve.p99", at_most=20),
    Aim("derive.600", at_most=3_000),
    Aim("warm.600", at_most=200),
    Aim("rebuild", at_least=3, against="live"),
    Aim("event.many", at_most=1.2, against="few"),
    Aim("memory.idle", at_most=400),
    Aim("memory.after", at_most=400),
    Aim("counted.warm.600", at_most=1_000),
    Aim("evaluate.facts", at_most=600),
    Aim("published.facts", at_most=600),
    Aim("counted.load", at_least=0.2, against="bare"),
    Aim("visible.p99", at_most=1_000),
    Aim("cluster.one", at_least=0.6, against="floors"),
    Aim("cluster.visible.p99", at_most=150),
    Aim("cluster.killed", at_most=15),
    Aim("cluster.ended", at_most=5),
)


def judged(figures: Iterable[Figure]) -> Mapping[str, list[str]]:
    """What to say of the aims of each figure, by its id."""
    said: dict[str, list[str]] = {}
    for figure in figures:
        for aim in AIMS:
            if aim.figure == figure.id and (met := aim.met(figure)) is not None:
                said.setdefault(figure.id, []).append(f"{aim}: {'met' if met else 'NOT met'}")
    return said
