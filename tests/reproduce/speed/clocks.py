"""Clocks for tests of what is timed."""


class Ticking:
    """A clock that goes on by one tick whenever it is read: a pass between two readings takes one tick."""

    def __init__(self, tick: float) -> None:
        self.tick, self.now = tick, 0.0

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


class Manual:
    """A clock that what is timed sets forward itself."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds
