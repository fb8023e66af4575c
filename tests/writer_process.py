"""What a process that writes to a log does in the test of many writers."""

from datetime import UTC, datetime

from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.log import Commit, Conflict, Log, NewEvent
from store_examples import enrolled

COMMITS = 12
SHARED = "limit/shared"


def write(url: str, writer: int) -> None:
    """Append commits to a stream of its own and to one that all writers share."""
    engine = create_engine(url)
    log = Log(engine, lambda: datetime.now(UTC))
    own = f"customer/{writer}"
    for number in range(COMMITS):
        _append(log, own, number, 1 + (writer + number) % 5)
    engine.dispose()


def _append(log: Log, own: str, number: int, count: int) -> None:
    while True:
        loaded = log.load([own, SHARED])
        events = [NewEvent(own, enrolled(f"{own}/{number}/{n}"), (own,)) for n in range(count)]
        events.append(NewEvent(SHARED, enrolled(f"{own}/{number}")))
        expected = {stream: tail.version for stream, tail in loaded.streams.items()}
        try:
            log.append(Commit(events, expected, loaded.position))
        except Conflict:
            continue
        return
