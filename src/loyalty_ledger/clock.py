"""The one place that reads the clock. Everything else is handed the time."""

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The present instant, in UTC."""
    return _EPOCH + timedelta(microseconds=time.time_ns() // 1000)
