"""How tests wait, and a clock that waits for them."""

PATIENCE_S = 60.0
"""How long a test waits for what must come; only a failure ever waits so long."""


class Ticks:
    """`time`, as a module under test knows it: it passes when the test says so, or while somebody sleeps."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
