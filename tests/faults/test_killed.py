"""Power cuts: a process is killed at any moment, and the next one goes on as if it had not been."""

import multiprocessing
import os
import random
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select

from faults import processes
from faults.processes import FINISH, KEEP_UP, Process, end, run, sales, start, wait_until
from loyalty_ledger import verification
from loyalty_ledger.cli.app import main
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.settlement import READER
from loyalty_ledger.store.schema import requests
from sample_ledger import (
    SECRET,
    all_lines,
    both_databases,
    configured,
    digests,
    ledger_on,
)

KILLS_OF_WORKERS = 20
KILLS_OF_LOADS = 4

# Fresh processes of the command line that need not import everything again.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["loyalty_ledger.cli.app"])

Undisturbed = tuple[dict[str, str], list[tuple[str, int, str, bytes]]]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The digests and events when nothing goes wrong; they are the same on every database."""
    return told_undisturbed(tmp_path_factory.mktemp("undisturbed"), [sales()])


@pytest.fixture(scope="session")
def undisturbed_year(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The same of the whole sample, with returns."""
    return told_undisturbed(tmp_path_factory.mktemp("year"), processes.year())


def told_undisturbed(folder: Path, groups: Iterable[Sequence[bytes]]) -> Undisturbed:
    with configured("sqlite", folder) as url:
        processes.told_undisturbed(url, groups)
        with ledger_on(url) as ledger:
            return digests(ledger), processes.facts(ledger)


def assert_undisturbed(ledger: Ledger, undisturbed: Undisturbed) -> None:
    assert processes.facts(ledger) == undisturbed[1]
    assert digests(ledger) == undisturbed[0]
    assert verification.verify(ledger, lambda _done, _goal: None).problems == []


@both_databases
def test_a_worker_killed_at_random_moments_leaves_no_trace(
    backend: str, tmp_path: Path, undisturbed_year: Undisturbed
) -> None:
    chance = processes.seeded()
    groups = processes.year()
    doomed = set(chance.sample(range(len(groups)), KILLS_OF_WORKERS))
    with configured(backend, tmp_path) as url, ledger_on(url) as ledger:
        with Victim(url) as victim:
            for number, group in enumerate(groups):
                before = ledger.log.head().position
                ledger.intake.receive(group)
                if number in doomed:
                    await_a_moment(ledger, before, victim, chance)
                    victim.killed_and_followed()
                elif number % 3 == 0:
                    head = ledger.log.head().position
                    victim.wait_until(lambda: ledger.log.position_of(READER) >= head)  # noqa: B023
            assert victim.kills == KILLS_OF_WORKERS
        assert run(url, *FINISH).returncode == 0
        assert_undisturbed(ledger, undisturbed_year)


class Victim:
    """A worker that is killed again and again."""

    _process: BaseProcess

    def __init__(self, url: str) -> None:
        self._url = url
        self.kills = 0

    def killed_and_followed(self) -> None:
        self._end()
        assert self._process.exitcode == -signal.SIGKILL
        self.kills += 1
        self._process = self._started()

    def wait_until(self, done: Callable[[], bool]) -> None:
        def done_or_over() -> bool:
            assert self._process.exitcode is None, "the worker ended by itself"
            return done()

        wait_until(done_or_over)

    def __enter__(self) -> "Victim":
        self._process = self._started()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _started(self) -> BaseProcess:
        process = _CONTEXT.Process(target=keep_up, args=(self._url,))
        process.start()
        return process

    def _end(self) -> None:
        self._process.kill()
        self._process.join()


def keep_up(url: str) -> None:
    """`loyalty work` in a process that is one already."""
    os.environ["LOYALTY_SECRET_KEY"] = SECRET
    sys.argv = ["loyalty", "--database", url, *KEEP_UP]
    with Path(os.devnull).open("w") as sys.stdout:
        main()


def await_a_moment(ledger: Ledger, before: int, victim: Victim, chance: random.Random) -> None:
    """Some reader, or the head, passes some position behind `before`; and a little later."""
    names = [READER, *(one.reader for one in ledger.projector.status()), "head"]
    watched = chance.choice(names)
    goal = chance.randint(before + 1, ledger.log.head().position)
    if watched == "head":
        goal = ledger.log.head().position + chance.randint(1, processes.GROUP)

    def passed() -> bool:
        place = ledger.log.head().position if watched == "head" else ledger.log.position_of(watched)
        return place >= goal

    victim.wait_until(passed)
    for _ in range(chance.randrange(25)):
        ledger.log.head()


@both_databases
def test_a_load_killed_at_random_moments_misses_nothing_and_takes_nothing_twice(
    backend: str, tmp_path: Path
) -> None:
    chance = processes.seeded()
    lines = all_lines()
    file = processes.sales_file(tmp_path, lines)
    with configured(backend, tmp_path) as url, ledger_on(url) as ledger:
        empty = ledger.log.head().position
        kept = 0
        for _ in range(KILLS_OF_LOADS):
            kept = killed_load(url, ledger, file, chance)
        again = run(url, "load", "transactions", str(file), "--json")
        counts = msgspec.json.decode(again.stdout)
        assert again.returncode == 0, again.stderr
        assert counts == {
            "accepted": len(lines) - kept,
            "repeated": kept,
            "refused": 0,
            "refused_file": None,
            "reasons": [],
        }
        assert list(received(ledger)) == list(ids_of(lines))
        assert ledger.log.head().position > empty + len(lines)
        assert ledger.log.verify_chain() is None
        with ledger.log.engine.connect() as connection:
            assert connection.execute(select(func.count()).select_from(requests)).scalar() == len(
                lines
            )


def killed_load(url: str, ledger: Ledger, file: Path, chance: random.Random) -> int:
    """Kill a load while it goes on; how many sales were accepted by then in all."""
    head = ledger.log.head().position
    process = start(url, "load", "transactions", str(file))
    goal = head + chance.randint(1, 900)
    wait_until(lambda: ledger.log.head().position >= goal or process.poll() is not None)
    end(process)
    return len(list(received(ledger)))


def received(ledger: Ledger) -> Iterator[str]:
    position = 0
    while batch := ledger.log.read(position, 5_000, names=["TransactionReceived"]):
        yield from (one.stream.rpartition("/")[2] for one in batch)
        position = batch[-1].position


def ids_of(lines: Sequence[bytes]) -> Iterator[str]:
    for line in lines:
        yield msgspec.json.decode(line)["request_payload"]["transaction_id"]


@both_databases
def test_two_loaders_and_two_workers_at_once_do_what_one_of_each_does(
    backend: str, tmp_path: Path, undisturbed: Undisturbed
) -> None:
    file = processes.sales_file(tmp_path, sales())
    with configured(backend, tmp_path) as url, ledger_on(url) as ledger:
        with several(url, *KEEP_UP) as workers:
            with several(url, "load", "transactions", str(file), "--json") as loaders:
                told = [loader.communicate(timeout=processes.PATIENCE_S) for loader in loaders]
            counts = [msgspec.json.decode(out) for out, _ in told]
            assert [loader.returncode for loader in loaders] == [0, 0], told
            assert sum(one["accepted"] for one in counts) == len(sales())
            assert all(one["accepted"] + one["repeated"] == len(sales()) for one in counts)
            wait_until(lambda: processes.caught_up(ledger), workers[0])
            for worker in workers:
                worker.terminate()
            ended = [worker.communicate(timeout=10) for worker in workers]
            assert [worker.returncode for worker in workers] == [0, 0], ended
        assert run(url, *FINISH).returncode == 0
        assert_undisturbed(ledger, undisturbed)


@contextmanager
def several(url: str, *arguments: str) -> Iterator[list[Process]]:
    with ExitStack() as stack:
        yield [stack.enter_context(processes.running(url, *arguments)) for _ in range(2)]
