"""Many processes write; who follows the log misses nothing and sees nothing twice."""

import multiprocessing
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from multiprocessing.connection import wait

import pytest

import databases
from clocks import Clock
from loyalty_ledger.domain.events.program import ProgramPublished
from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.log import Commit, Log, NewEvent, Recorded
from loyalty_ledger.store.recorder import LedgerApplicationRecorder
from store_examples import NOON
from writer_process import COMMITS, SHARED, write

WRITERS = 8


def test_eight_writing_processes_and_one_that_follows(log: Log, database_url: str) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write, args=(database_url, n)) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    followed: list[Recorded] = []
    while True:
        # Until there may be something new: a little while, or until the next writer ends.
        wait([writer.sentinel for writer in writers if writer.is_alive()], timeout=0.02)
        writing = any(writer.is_alive() for writer in writers)
        found = log.read(followed[-1].position if followed else 0, 50)
        followed += found
        if not writing and not found:
            break
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    check_followed(followed)
    assert log.verify_chain() is None


def check_followed(followed: list[Recorded]) -> None:
    written = Counter(one.stream for one in followed)
    assert written[SHARED] == WRITERS * COMMITS
    assert len(written) == WRITERS + 1
    assert len({repr(one.event) for one in followed}) == len(followed)
    assert [one.position for one in followed] == list(range(1, len(followed) + 1))
    assert all(a.recorded_at <= b.recorded_at for a, b in pairwise(followed))
    for stream, count in written.items():
        versions = [one.version for one in followed if one.stream == stream]
        assert versions == list(range(1, count + 1))


@pytest.mark.parametrize("size", [2_000, 20_000])
def test_five_hundred_large_events_go_in_one_append_over_a_unix_socket(size: int) -> None:
    with databases.fresh_postgres(over_socket=True) as url:
        engine = create_engine(url)
        log = Log(engine, Clock())
        document = {"text": "x" * size}
        large = ProgramPublished(at=NOON, program="p", version=1, document=document)
        log.append(Commit([NewEvent("program", large)] * 500, {"program": 0}, 0))
        recorder = LedgerApplicationRecorder(engine, Clock())
        stored = recorder.select_events("program")
        other = [replace(each, originator_id="other") for each in stored]
        assert recorder.insert_events(other) == list(range(501, 1001))
        assert [one.event for one in log.read(0, 10)] == [large] * 10
        assert sum(1 for _ in log.stream("other")) == 500
        engine.dispose()
