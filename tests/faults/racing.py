"""Races: processes that begin together, what they were told, and what must hold afterwards."""

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import pytest

from faults.processes import PATIENCE_S
from faults.race_process import Answer, Ask, race
from loyalty_ledger import verification
from loyalty_ledger.ledger import Ledger

PROCESSES = 8
ROUNDS_AT_ONCE = 100

# Fresh processes that need not import everything again.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["loyalty_ledger.cli.app"])


class Racers:
    """Processes that stay, and begin every round together."""

    def __init__(self, pipes: Sequence[Connection]) -> None:
        self._pipes = pipes

    def run(self, rounds: Sequence[Sequence[Ask]]) -> list[list[Answer]]:
        """The answers by round, as the asks: one for each process."""
        answers: list[list[Answer]] = []
        for first in range(0, len(rounds), ROUNDS_AT_ONCE):
            part = rounds[first : first + ROUNDS_AT_ONCE]
            for number, pipe in enumerate(self._pipes):
                pipe.send([asks[number] for asks in part])
            told = [self._answers(pipe) for pipe in self._pipes]
            answers += [list(one) for one in zip(*told, strict=True)]
        return answers

    def _answers(self, pipe: Connection) -> list[Answer]:
        assert pipe.poll(PATIENCE_S), "a process does not answer"
        answers: list[Answer] = pipe.recv()
        return answers


@contextmanager
def racers(url: str) -> Iterator[Racers]:
    start = CONTEXT.Barrier(PROCESSES)
    pipes = [CONTEXT.Pipe() for _ in range(PROCESSES)]
    with running([CONTEXT.Process(target=race, args=(url, start, pipe[1])) for pipe in pipes]):
        ours = [pipe[0] for pipe in pipes]
        yield Racers(ours)
        for pipe in ours:
            pipe.send([])


@contextmanager
def running(processes: list[BaseProcess]) -> Iterator[None]:
    """They end by themselves, and well; whatever happens, they end."""
    for process in processes:
        process.start()
    try:
        yield
        for process in processes:
            process.join(PATIENCE_S)
        assert [process.exitcode for process in processes] == [0] * len(processes)
    finally:
        for process in processes:
            process.kill()
            process.join()


def beaten(rounds: Sequence[Sequence[Answer]]) -> str:
    """How much of a race it was."""
    close = sum(any(one.beaten for one in answers) for answers in rounds)
    late = sum(one.beaten for answers in rounds for one in answers)
    return f"in {close:,} rounds somebody came late at the commit, {late:,} times in all"


# --- what must hold afterwards --------------------------------------------------------------------


def events(ledger: Ledger, *names: str) -> list[Any]:
    found, position = [], 0
    while batch := ledger.log.read(position, 5_000, names=names):
        found += [one.event for one in batch]
        position = batch[-1].position
    return found


def assert_sound(ledger: Ledger) -> None:
    ledger.projector.catch_up()
    assert verification.verify(ledger, lambda _done, _goal: None).problems == []


def tell(capsys: pytest.CaptureFixture[str], ledger: Ledger, what: str, begun: float) -> None:
    with capsys.disabled():
        took = time.perf_counter() - begun
        print(f"\n  {ledger.log.engine.name}: {what}; {took:.0f} s", flush=True)
