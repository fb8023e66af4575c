"""What falls due is recorded once, when it is due; answers do not wait for that."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from freezegun import freeze_time

import databases
from cli.command_line import loyalty
from faults.test_planted_bug import Planted
from loyalty_ledger import clock
from loyalty_ledger.answers import Moment
from loyalty_ledger.ledger import Ledger
from loyalty_projections import profile
from sample_ledger import (
    PROGRAM,
    MovingClock,
    both_databases,
    configure,
    digests,
    ledger_at,
    ledger_on,
    lines,
)

SPRING = datetime(2017, 4, 1, tzinfo=UTC)
SALES = 90


def grocer_told(url: str, until: datetime, **options: object) -> Ledger:
    """Some sales of the spring, settled; time is not kept."""
    ledger = ledger_at(url, MovingClock(SPRING), **options)
    configure(ledger, PROGRAM)
    ledger.intake.receive(lines()[:SALES])
    ledger.worker.work(lambda: until, once=True)
    return ledger


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    made = grocer_told(database_url, datetime(2016, 1, 1, tzinfo=UTC))
    yield made
    made.log.engine.dispose()


def kept(ledger: Ledger, *untils: datetime) -> int:
    return sum(ledger.worker.work(lambda: until, once=True).kept for until in untils)  # noqa: B023


def customers(ledger: Ledger) -> list[str]:
    return ledger.projector.ask(lambda reader: profile.customer_ids(reader, "", 100))


def shown(ledger: Ledger, now: datetime) -> object:
    """All answers about everybody at that moment, but for when things were recorded."""

    def plain(customer: str) -> object:
        moment = Moment(now)
        history = [
            (row.at, row.account, row.points, row.kind)
            for row in ledger.answers.history(customer, moment)
        ]
        tiers = ledger.answers.tiers(customer, moment)
        return ledger.answers.profile(customer, moment), sorted(history), tiers

    return [plain(customer) for customer in customers(ledger)]


MOMENTS = [SPRING + timedelta(days=9 * number) for number in range(30)]


def test_answers_before_time_is_kept_equal_answers_after(ledger: Ledger) -> None:
    counts = []
    for moment in MOMENTS[::3]:
        before = shown(ledger, moment)
        counts.append(kept(ledger, moment))
        assert shown(ledger, moment) == before
        assert kept(ledger, moment) == 0
    assert sum(map(bool, counts)) > 4


def test_one_step_and_many_come_to_the_same(database_url: str, tmp_path: Path) -> None:
    early = datetime(2016, 1, 1, tzinfo=UTC)
    (tmp_path / "one").mkdir()
    one = grocer_told(databases.fresh_sqlite(tmp_path / "one"), early)
    many = grocer_told(database_url, early)
    assert kept(one, MOMENTS[-1]) == kept(many, *MOMENTS)
    assert due_events(one) == due_events(many)
    assert digests(one) == digests(many)
    for each in (one, many):
        each.log.engine.dispose()


DUE = (
    *("PointsExpired", "PointsRolledOver", "TierKept", "TierLeft"),
    *("OfferExpired", "OfferLockLapsed"),
)


def due_events(ledger: Ledger) -> list[tuple[str, int, bytes]]:
    found = [
        one
        for start in range(0, ledger.log.head().position, 5_000)
        for one in ledger.log.read(start, 5_000, names=DUE)
        if one.position <= start + 5_000
    ]
    return sorted((one.stream, one.version, msgspec.json.encode(one.event)) for one in found)


def test_what_is_recorded_bears_the_moment_it_was_due(ledger: Ledger) -> None:
    kept(ledger, MOMENTS[-1])
    for _, _, body in due_events(ledger):
        assert msgspec.json.decode(body)["at"] <= MOMENTS[-1].isoformat()
    awarded = ledger.log.read(0, 5_000, names=["PointsAwarded", "PointsRolledOver"])
    rolled = [one for one in awarded if type(one.event).__name__ == "PointsRolledOver"]
    ends = {
        (one.stream, one.event.lot): one.event.expires_at  # type: ignore[attr-defined]
        for one in awarded
        if type(one.event).__name__ == "PointsAwarded"
    }
    assert len(rolled) > 20
    for one in rolled:
        for part in one.event.lots:  # type: ignore[attr-defined]
            assert ends[one.stream, part.lot] == one.event.at


def test_nobody_is_acted_for_while_a_sale_of_his_waits(database_url: str) -> None:
    middle = msgspec.json.decode(lines()[SALES // 2])["request_payload"]["transaction_id"]
    bug = Planted(middle)
    ledger = grocer_told(database_url, datetime(2016, 1, 1, tzinfo=UTC), settle=bug)
    (failed,) = ledger.log.read(0, 10, names=["SettlementFailed"])
    (waiting,) = failed.event.customers  # type: ignore[attr-defined]
    before = acted_for(ledger)
    assert before[waiting] > 0
    kept(ledger, MOMENTS[3])
    assert acted_for(ledger)[waiting] == before[waiting]
    assert acted_for(ledger) != before
    bug.mend()
    assert ledger.worker.retry() == []
    kept(ledger, MOMENTS[3])
    assert acted_for(ledger)[waiting] > before[waiting]
    ledger.log.engine.dispose()


def acted_for(ledger: Ledger) -> Counter[str]:
    """How much fell due for each customer and was recorded."""
    return Counter(one.stream.partition("/")[2] for one in ledger.log.read(0, 9_999, names=DUE))


def test_a_customer_whose_sale_has_arrived_and_is_not_settled_is_left_alone(
    ledger: Ledger,
) -> None:
    ledger.clock.move_to(MOMENTS[5])  # type: ignore[attr-defined]
    (receipt,) = ledger.intake.receive(lines()[SALES : SALES + 1])
    assert receipt.outcome == "accepted"
    received = ledger.log.read(0, 5_000, names=["TransactionReceived"])[-1].event
    unsettled = received.payments[0].customer_id  # type: ignore[attr-defined]
    before = acted_for(ledger)
    ledger.timekeeper.keep(customers(ledger), MOMENTS[5], {})
    after = acted_for(ledger)
    assert after[unsettled] == before[unsettled]
    assert after != before
    kept(ledger, MOMENTS[5])
    assert acted_for(ledger)[unsettled] > before[unsettled]


def test_what_has_expired_stays_expired_for_sales_that_come_late(ledger: Ledger) -> None:
    kept(ledger, MOMENTS[-1])
    before = due_events(ledger)
    ledger.clock.move_to(MOMENTS[-1])  # type: ignore[attr-defined]
    ledger.intake.receive(lines()[SALES : SALES + 20])
    kept(ledger, MOMENTS[-1])
    after = due_events(ledger)
    assert set(before) <= set(after)
    assert len(after) > len(before)


def test_what_is_due_by_a_sale_is_recorded_before_it(database_url: str) -> None:
    ledger = ledger_at(database_url, MovingClock(SPRING))
    configure(ledger, PROGRAM)
    ledger.intake.receive(lines()[:SALES])
    while ledger.settlement.settle_batch():
        pass
    for customer in {one.stream for one in ledger.log.read(0, 5_000, names=["PointsAwarded"])}:
        moments = [one.event.at for one in ledger.log.stream(customer)]
        assert moments == sorted(moments)
    assert ledger.log.count(0, DUE) > 10
    ledger.log.engine.dispose()


@both_databases
def test_the_worker_keeps_time_by_the_clock_unless_told_otherwise(
    backend: str, tmp_path: Path
) -> None:
    def fill(url: str) -> None:
        grocer_told(url, datetime(2016, 1, 1, tzinfo=UTC)).log.engine.dispose()

    with databases.copy_of(backend, "spring", fill, tmp_path) as url, ledger_on(url) as ledger:
        assert loyalty(url, "work", "--once", "--until", "2017-03-01").code == 0
        head = ledger.log.head().position
        with freeze_time("2017-05-20T12:00:00Z"):
            assert clock.now().year == 2017
            assert loyalty(url, "work", "--once").code == 0
        told = {msgspec.json.decode(body)["at"] for _, _, body in due_events(ledger)}
        assert ledger.log.head().position > head
        assert all(moment <= "2017-05-20T12:00:00Z" for moment in told)
        head = ledger.log.head().position
        assert loyalty(url, "work", "--once", "--until", "2017-05-01").code == 0
        assert ledger.log.head().position == head
