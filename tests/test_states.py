"""States between decisions: never trusted blindly, and the same with snapshots as without."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from faults.processes import facts
from faults.test_planted_bug import sale
from loyalty_ledger import states
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.settlement import READER
from loyalty_ledger.states import States
from loyalty_ledger.store.schema import snapshots
from sample_ledger import (
    PROGRAM,
    YEAR_ENDS,
    MovingClock,
    configure,
    digests,
    ledger_at,
    ledger_on,
    lines,
)

SALES = 120


@pytest.fixture
def ledgers(database_url: str) -> Iterator[list[Ledger]]:
    """Ledgers as two processes have them over one database."""
    clock = MovingClock(datetime(2017, 12, 1, tzinfo=UTC))
    made = [ledger_at(database_url, clock) for _ in range(2)]
    configure(made[0], PROGRAM)
    yield made
    for one in made:
        one.log.engine.dispose()


def alone(url: str) -> tuple[object, object]:
    with ledger_on(url) as ledger:
        return facts(ledger), digests(ledger)


@pytest.fixture
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, object]:
    """What one process makes of the sales."""
    from databases import fresh_sqlite

    url = fresh_sqlite(tmp_path_factory.mktemp("alone"))
    with ledger_on(url, MovingClock(datetime(2017, 12, 1, tzinfo=UTC))) as ledger:
        configure(ledger, PROGRAM)
        ledger.intake.receive(lines()[:SALES])
        ledger.worker.work(lambda: YEAR_ENDS, once=True)
    return alone(url)


def test_two_that_settle_in_turn_from_what_they_remember_come_to_the_same(
    ledgers: list[Ledger], expected: tuple[object, object]
) -> None:
    for start in range(0, SALES, 10):
        ledgers[start // 10 % 2].intake.receive(lines()[start : start + 10])
    turn = 0
    while ledgers[turn % 2].settlement.settle_batch(7):
        turn += 1
    assert turn > 10
    ledgers[0].worker.work(lambda: YEAR_ENDS, once=True)
    assert (facts(ledgers[1]), digests(ledgers[1])) == expected


def test_a_settlement_overtaken_between_reading_and_writing_is_done_again(
    ledgers: list[Ledger], expected: tuple[object, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = ledgers
    slow.intake.receive(lines()[:SALES])
    append, overtaken = States.append, 0

    def late(mine: States, commit: object, after: object) -> object:
        nonlocal overtaken
        if mine is slow.states and overtaken < 4:
            overtaken += 1
            quick.settlement.settle_batch(5)
        return append(mine, commit, after)  # type: ignore[arg-type]

    monkeypatch.setattr(States, "append", late)
    while slow.settlement.settle_batch(20):
        pass
    assert overtaken == 4
    slow.worker.work(lambda: YEAR_ENDS, once=True)
    assert (facts(slow), digests(slow)) == expected


def test_what_others_wrote_meanwhile_counts_also_where_nothing_is_written(
    ledgers: list[Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tags changed during the commit of somebody else's sale are those of the next sale."""
    slow, operator = ledgers
    sales = [sale("a1", 1, "ANN"), sale("b1", 2, "BOB"), sale("a2", 3, "ANN")]
    slow.intake.receive(sales)
    assert slow.settlement.settle_batch(1) > 0
    append = States.append
    vip = CustomerRecord((Reference("external", "", "ANN"),), None, ("vip",), ())

    def late(mine: States, commit: object, after: object) -> object:
        if mine is slow.states:
            operator.administration.enrol([vip])
        return append(mine, commit, after)  # type: ignore[arg-type]

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(States, "append", late)
        assert slow.settlement.settle_batch(1) > 0
    while slow.settlement.settle_batch(1):
        pass
    settled = [one.event for one in slow.log.read(0, 100, names=["TransactionSettled"])]
    tags = [event.customers[0].tags for event in settled]  # type: ignore[attr-defined]
    assert tags == [[], [], ["vip"]]


@pytest.mark.parametrize("every", [1, 3])
def test_snapshots_change_nothing(
    ledgers: list[Ledger],
    expected: tuple[object, object],
    monkeypatch: pytest.MonkeyPatch,
    every: int,
) -> None:
    monkeypatch.setattr(states, "SNAPSHOT_EVERY", every)
    one, other = ledgers
    one.intake.receive(lines()[:SALES])
    while one.settlement.settle_batch(9):
        one.states.forget()
        other.states.forget()
        other.settlement.settle_batch(9)
    with one.log.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(snapshots)).scalar_one() > 5
    one.worker.work(lambda: YEAR_ENDS, once=True)
    assert (facts(one), digests(one)) == expected


def test_with_little_room_states_are_read_again(
    ledgers: list[Ledger], expected: tuple[object, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = ledgers[0]
    monkeypatch.setattr(one.states, "_most", 3)
    one.intake.receive(lines()[:SALES])
    one.worker.work(lambda: YEAR_ENDS, once=True)
    assert one.log.position_of(READER) == one.log.head().position
    assert (facts(one), digests(one)) == expected
