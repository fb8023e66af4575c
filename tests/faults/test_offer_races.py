"""Many processes want the same offer, the same points, the last one on the shelf: one gets it."""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.process import BaseProcess

import msgspec
import pytest

from faults.processes import PATIENCE_S, seeded, wait_until
from faults.race_process import STORE, WON, Buy, Lock, buy_for_ever
from faults.racing import CONTEXT, PROCESSES, assert_sound, beaten, events, racers, tell
from loyalty_ledger import clock
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events import limits
from loyalty_ledger.domain.events.offers import Actor, OfferIssued, OfferLocked
from loyalty_ledger.domain.events.points import PointsSpent
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.streams import limit
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from sample_ledger import ledger_on
from specification import program, rule

LOCK_ROUNDS = 1_000 if os.environ.get("LOYALTY_LAWS") == "laws" else 200
PURCHASE_ROUNDS = 100
BUYERS, INVENTORY, PRICE = 600, 100, 10
KILLS, BUYERS_AT_ONCE = 12, 4
PRICES = {"tea": 60, "cake": 70}
BY_HAND = Actor(employee_id="e1")


def club() -> Program:
    dollar_off = {"kind": "amount_off_check", "amount": "1.00"}
    treat = {"id": "treat", "title": "A dollar off", "discount": dollar_off}
    sold = [
        *({"id": name, "offer": "treat", "price": price} for name, price in PRICES.items()),
        {"id": "rare", "offer": "treat", "price": PRICE, "inventory": INVENTORY},
        {"id": "cheap", "offer": "treat", "price": PRICE},
    ]
    shelf = {"id": "rewards", "name": "Rewards", "point_accounts": ["points"], "offers": sold}
    return program(rules=[rule()], offers=[treat], reward_stores=[shelf])


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with ledger_on(database_url, clock.now) as made:
        made.administration.load_stores([Store(store_id=STORE, name="S", time_zone="UTC")])
        made.administration.publish(club())
        yield made


def customers(ledger: Ledger, count: int, points: int) -> list[str]:
    """That many customers, each with so many points."""
    names = [f"C{number}" for number in range(count)]
    receipts = ledger.intake.receive([purchase(name, points) for name in names])
    assert {one.outcome for one in receipts} == {"accepted"}
    ledger.worker.work(clock.now, once=True)
    return [ledger.answers.find(Reference("external", "", name)) for name in names]


def purchase(customer: str, dollars: int) -> bytes:
    payload = {
        "transaction_id": customer,
        "open_time": (clock.now() - timedelta(hours=1)).isoformat(),
        "items": [{"line_id": "1", "item_id": "tea", "subtotal": dollars}],
        "payments": [{"amount": dollars, "user_id": customer}],
    }
    envelope = {"store_id": STORE, "client_id": "till", "request_id": customer}
    return msgspec.json.encode(envelope | {"request_payload": payload})


def test_of_eight_processes_that_lock_an_offer_at_once_one_gets_it(
    ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (ann,) = customers(ledger, 1, 1)
    offers = [
        offer.offer_id
        for _ in range(0, LOCK_ROUNDS, 100)
        for offer in ledger.offers.give(ann, "treat", BY_HAND, "for the race", 100)
    ]
    asked = [[Lock(o, f"{n}-{p}") for p in range(PROCESSES)] for n, o in enumerate(offers)]
    begun = time.perf_counter()
    with racers(database_url) as processes:
        rounds = processes.run(asked)
    outcomes = [Counter(one.outcome for one in answers) for answers in rounds]
    in_all = dict(sum(outcomes, Counter()))
    told = f"{PROCESSES} processes lock one offer, {len(rounds):,} rounds: {in_all}"
    tell(capsys, ledger, f"{told}; {beaten(rounds)}", begun)
    assert outcomes == [{WON: 1, "offer_locked": PROCESSES - 1}] * LOCK_ROUNDS
    assert any(one.beaten for answers in rounds for one in answers)
    winners = [
        Lock(*asks[[one.outcome for one in answers].index(WON)])
        for asks, answers in zip(asked, rounds, strict=True)
    ]
    locked: list[OfferLocked] = events(ledger, "OfferLocked")
    assert [(one.offer_id, one.transaction) for one in locked] == [
        (offer_id, f"{STORE}/{transaction}") for offer_id, transaction in winners
    ]
    assert_sound(ledger)


def test_of_two_purchases_that_together_exceed_the_balance_one_succeeds(
    ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    couples = PROCESSES // 2
    whose = customers(ledger, PURCHASE_ROUNDS, 100)
    begun = time.perf_counter()
    asked = [
        [Buy(customer, what) for customer in whose[first : first + couples] for what in PRICES]
        for first in range(0, PURCHASE_ROUNDS, couples)
    ]
    with racers(database_url) as processes:
        rounds = processes.run(asked)
    pairs = [
        [one.outcome for one in answers[first : first + 2]]
        for answers in rounds
        for first in range(0, PROCESSES, 2)
    ]
    outcomes = Counter(one for pair in pairs for one in pair)
    told = f"{len(pairs)} times two purchases, points for one: {dict(outcomes)}"
    tell(capsys, ledger, f"{told}; {beaten(rounds)}", begun)
    assert [sorted(pair) for pair in pairs] == [["insufficient_points", WON]] * PURCHASE_ROUNDS
    won = dict(zip(whose, (list(PRICES)[pair.index(WON)] for pair in pairs), strict=True))
    issued: list[OfferIssued] = events(ledger, "OfferIssued")
    assert {one.customer_id: one.store_offer for one in issued} == won
    assert len(issued) == len(won) == PURCHASE_ROUNDS
    assert_sound(ledger)
    assert [left(ledger, one) for one in whose] == [100 - PRICES[won[one]] for one in whose]


def test_six_hundred_buyers_get_what_there_is_and_no_more(
    ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whose = customers(ledger, BUYERS, PRICE)
    asked = [
        [Buy(one, "rare") for one in whose[first : first + PROCESSES]]
        for first in range(0, BUYERS, PROCESSES)
    ]
    begun = time.perf_counter()
    with racers(database_url) as processes:
        rounds = processes.run(asked)
    outcomes = Counter(one.outcome for answers in rounds for one in answers)
    told = f"{BUYERS} buyers, inventory {INVENTORY}: {dict(outcomes)}"
    tell(capsys, ledger, f"{told}; {beaten(rounds)}", begun)
    assert outcomes == {WON: INVENTORY, "limit_reached": BUYERS - INVENTORY}
    assert_sold(ledger, whose, PRICE, INVENTORY)


def test_buyers_killed_at_random_moments_have_paid_for_what_they_have(
    ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = seeded()
    points = 200 * PRICE
    whose = customers(ledger, PROCESSES, points)
    begun = time.perf_counter()
    with buying(database_url, whose) as buyers:
        for _ in range(KILLS):
            await_a_moment(ledger, chance)
            chance.choice(buyers).killed_and_followed()
        before = len(events(ledger, "OfferIssued"))
    sold = len(events(ledger, "OfferIssued"))
    told = f"{KILLS} buying processes killed over {before} purchases, {sold} in the end"
    tell(capsys, ledger, told, begun)
    assert_sold(ledger, whose, points, points // PRICE * len(whose))


class Buyer:
    """A process that buys, and another when it is killed."""

    def __init__(self, url: str, customer_ids: list[str]) -> None:
        self._asked = (url, customer_ids, "cheap")
        self.process = self._started()

    def _started(self) -> BaseProcess:
        process = CONTEXT.Process(target=buy_for_ever, args=self._asked)
        process.start()
        return process

    def killed_and_followed(self) -> None:
        self.process.kill()
        self.process.join()
        assert self.process.exitcode == -signal.SIGKILL
        self.process = self._started()


@contextmanager
def buying(url: str, customer_ids: list[str]) -> Iterator[list[Buyer]]:
    """Buyers who go on until no points are left."""
    buyers = [Buyer(url, customer_ids) for _ in range(BUYERS_AT_ONCE)]
    try:
        yield buyers
        for buyer in buyers:
            buyer.process.join(PATIENCE_S)
        assert [buyer.process.exitcode for buyer in buyers] == [0] * BUYERS_AT_ONCE
    finally:
        for buyer in buyers:
            buyer.process.kill()
            buyer.process.join()


def await_a_moment(ledger: Ledger, chance: random.Random) -> None:
    """The log grows by a few commits, and then a little while passes."""
    goal = ledger.log.head().position + chance.randint(1, 30)
    wait_until(lambda: ledger.log.head().position >= goal)
    for _ in range(chance.randrange(25)):
        ledger.log.head()


# --- what must hold afterwards --------------------------------------------------------------------


def assert_sold(ledger: Ledger, whose: Sequence[str], points: int, times: int) -> None:
    """So many were sold, counted, issued and paid, whoever was in the way."""
    issued: list[OfferIssued] = events(ledger, "OfferIssued")
    spent: list[PointsSpent] = events(ledger, "PointsSpent")
    (store_offer,) = {one.store_offer for one in issued}
    subject = limit(limits.sold(store_offer))
    counted = ledger.states.get([subject])[subject]
    assert len(issued) == len({one.offer_id for one in issued}) == counted.times == times
    assert sum(one.points for one in spent) == times * PRICE
    assert [one.reference for one in spent] == [f"offer:{one.offer_id}" for one in issued]
    assert_sound(ledger)
    assert sum(left(ledger, one) for one in whose) == len(whose) * points - times * PRICE


def left(ledger: Ledger, customer_id: str) -> int:
    return ledger.answers.profile(customer_id, Moment(clock.now())).accounts[0].available
