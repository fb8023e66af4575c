"""A clock for tests: nobody has to wait for it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that moves on by a millisecond each time it is read, and as it is told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now
