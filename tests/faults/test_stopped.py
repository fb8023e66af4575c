"""SIGTERM: whatever a command is at, it ends soon, and what was accepted stays."""

import multiprocessing
import os
import signal
import subprocess
from pathlib import Path

import sample_ledger
from faults import processes
from faults.processes import KEEP_UP, Process, running, wait_until
from loyalty_ledger.companion import projecting_beside, working_beside
from loyalty_ledger.settlement import READER
from loyalty_ledger.worker import project
from sample_ledger import SECRET, both_databases, configured, digests, ledger_on

SOON_S = 10


def stopped(process: Process) -> tuple[int, str]:
    """Ask a process to end; how it ended, and what it said about it."""
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=SOON_S)
    return process.returncode, err


@both_databases
def test_a_load_that_waits_for_its_input_ends_and_keeps_what_was_accepted(
    backend: str, tmp_path: Path
) -> None:
    lines = sample_ledger.all_lines()[:700]
    with configured(backend, tmp_path) as url, ledger_on(url) as ledger:
        before = ledger.log.head().position
        process = processes.start(url, "load", "transactions", "-", stdin=subprocess.PIPE)
        assert process.stdin is not None
        for line in lines:
            process.stdin.write(line.decode())
        process.stdin.flush()
        wait_until(lambda: ledger.log.head().position > before, process)
        code, said = stopped(process)
        assert (code, said) == (143, "")
        assert ledger.log.count(0, ["TransactionReceived"]) == 500
        assert ledger.log.verify_chain() is None


@both_databases
def test_a_load_in_full_swing_ends_and_keeps_whole_groups(backend: str, tmp_path: Path) -> None:
    file = processes.sales_file(tmp_path, sample_ledger.all_lines() * 3)
    with configured(backend, tmp_path) as url, ledger_on(url) as ledger:
        before = ledger.log.head().position
        with running(url, "load", "transactions", str(file)) as process:
            wait_until(lambda: ledger.log.head().position > before, process)
            code, said = stopped(process)
        assert (code, said) == (143, "")
        assert ledger.log.count(0, ["TransactionReceived"]) % 500 in (0, 97)
        assert ledger.log.verify_chain() is None


@both_databases
def test_a_worker_in_full_swing_ends_and_keeps_what_it_settled(
    backend: str, tmp_path: Path
) -> None:
    lines = sample_ledger.all_lines()
    with configured(backend, tmp_path) as url, ledger_on(url) as ledger:
        for first in range(0, len(lines), 500):
            ledger.intake.receive(lines[first : first + 500])
        with running(url, *KEEP_UP) as process:
            wait_until(lambda: ledger.log.position_of(READER) > 0, process)
            code, said = stopped(process)
        assert (code, said) == (0, "")
        assert ledger.log.verify_chain() is None
        settled = ledger.log.count(0, ["TransactionSettled"])
        assert (
            0
            < settled
            == len(
                [
                    one
                    for one in ledger.log.read(0, 10_000, names=["TransactionReceived"])
                    if one.position <= ledger.log.position_of(READER)
                ]
            )
        )


@both_databases
def test_a_worker_ends_when_all_of_its_processes_are_told_to_at_once(
    backend: str, tmp_path: Path
) -> None:
    """As a service manager tells them."""
    with configured(backend, tmp_path) as url, ledger_on(url) as ledger:
        ledger.intake.receive(sample_ledger.all_lines()[:500])
        with running(url, "work") as process:
            wait_until(lambda: processes.caught_up(ledger), process)
            os.killpg(process.pid, signal.SIGTERM)
            _, err = process.communicate(timeout=SOON_S)
        assert (process.returncode, err) == (0, "")


@both_databases
def test_a_companion_that_dies_is_followed_by_another(backend: str, tmp_path: Path) -> None:
    """On SQLite it is the one that settles, on PostgreSQL the one that keeps the views up."""
    lines = sample_ledger.all_lines()[:20]
    with configured(backend, tmp_path) as url, ledger_on(url) as ledger:
        engine = ledger.log.engine
        ledger.intake.receive(lines[:10])
        beside = (
            working_beside(engine.url, SECRET.encode())
            if backend == "sqlite"
            else projecting_beside(engine.url)
        )

        def has_come_to() -> int:
            if backend == "sqlite":
                return ledger.log.position_of(READER)
            return min(one.position for one in ledger.projector.status())

        before = {one.pid for one in multiprocessing.active_children()}
        with beside:
            for group in (lines[10:15], lines[15:]):
                wait_until(lambda: has_come_to() == ledger.log.head().position)
                (companion,) = {*multiprocessing.active_children()} - {
                    one for one in multiprocessing.active_children() if one.pid in before
                }
                companion.kill()
                ledger.intake.receive(group)
            wait_until(lambda: has_come_to() == ledger.log.head().position)
        assert {one.pid for one in multiprocessing.active_children()} <= before


def test_a_worker_that_has_nothing_to_do_ends_at_once(sqlite_url: str) -> None:
    with ledger_on(sqlite_url) as ledger, running(sqlite_url, "work") as process:
        wait_until(lambda: processes.caught_up(ledger), process)
        assert stopped(process) == (0, "")


@both_databases
def test_projections_far_behind_do_not_hold_up_the_end(backend: str, tmp_path: Path) -> None:
    with configured(backend, tmp_path) as url, ledger_on(url, batch=50) as ledger:
        ledger.intake.receive(sample_ledger.all_lines()[:200])
        while ledger.settlement.settle_batch():
            pass
        asked = iter([False, False, True])
        project(ledger.projector, lambda: next(asked))
        positions = {one.position for one in ledger.projector.status()}
        assert max(positions) < ledger.log.head().position
        project(ledger.projector, lambda: False)
        assert {one.position for one in ledger.projector.status()} == {ledger.log.head().position}
        rebuilt = {name: ledger.projector.verify(name).built.value for name in digests(ledger)}
        assert rebuilt == digests(ledger)
