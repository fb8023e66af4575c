"""Many processes act for two customers in the instant they are merged: nothing is lost."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from faults.race_process import STORE, WON, Ask, Buy, Lock, Merge, Send
from faults.racing import PROCESSES, assert_sound, beaten, events, racers, tell
from loyalty_ledger import clock
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.points import PointsAwarded, PointsSpent
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from sample_ledger import ledger_on
from specification import program, rule

PAIRS = 15
PRICE, DOLLARS = 10, 15


def club() -> Program:
    """A point for a dollar; a treat for ten of them, so that both together can pay for three."""
    dollar_off = {"kind": "amount_off_check", "amount": "1.00"}
    treat = {"id": "treat", "title": "A dollar off", "discount": dollar_off}
    sold = [{"id": "one", "offer": "treat", "price": PRICE}]
    shelf = {"id": "rewards", "name": "Rewards", "point_accounts": ["points"], "offers": sold}
    return program(rules=[rule()], offers=[treat], reward_stores=[shelf])


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with ledger_on(database_url, clock.now) as made:
        made.administration.load_stores([Store(store_id=STORE, name="S", time_zone="UTC")])
        made.administration.publish(club())
        yield made


def sale(number: int, user: str, *, more: bool = False) -> bytes:
    name = f"{user}{number}"
    payload = {
        "transaction_id": f"{name}-{more}",
        "open_time": (clock.now() - timedelta(hours=1)).isoformat(),
        "items": [{"line_id": "1", "item_id": "tea", "subtotal": DOLLARS}],
        "payments": [{"amount": DOLLARS, "user_id": name}],
    }
    envelope = {"store_id": STORE, "client_id": "till", "request_id": f"{name}-{more}"}
    return msgspec.json.encode(envelope | {"request_payload": payload})


def customers(ledger: Ledger) -> tuple[list[tuple[str, str]], list[str]]:
    """The internal ids of each Ann and Bob, and a treat of every Bob."""
    names = [(f"Ann{number}", f"Bob{number}") for number in range(PAIRS)]
    sales = [sale(number, user) for number in range(PAIRS) for user in ("Ann", "Bob")]
    assert {one.outcome for one in ledger.intake.receive(sales)} == {"accepted"}
    ledger.worker.work(clock.now, once=True)
    pairs = [(_found(ledger, ann), _found(ledger, bob)) for ann, bob in names]
    gifts = [ledger.offers.give(bob, "treat", Actor(), "a gift")[0] for _, bob in pairs]
    return pairs, [one.offer_id for one in gifts]


def asks(number: int, ann: str, bob: str, offer_id: str) -> list[Ask]:
    """What the processes ask of one pair at once."""
    return [
        Merge(bob, ann),
        Merge(ann, bob),
        Buy(ann, "one"),
        Buy(bob, "one"),
        Lock(offer_id, f"L{number}"),
        Send(sale(number, "Bob", more=True)),
        Send(sale(number, "Ann", more=True)),
        Merge(bob, ann),
    ]


def _found(ledger: Ledger, name: str) -> str:
    return ledger.answers.find(Reference("external", "", name))


def test_whatever_is_asked_while_two_are_merged_happens_to_one(
    ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs, offers = customers(ledger)
    rounds = [asks(number, *pair, offers[number]) for number, pair in enumerate(pairs)]
    assert {len(one) for one in rounds} == {PROCESSES}
    begun = time.perf_counter()
    with racers(database_url) as processes:
        told = processes.run(rounds)
    outcomes = dict(sum((Counter(one.outcome for one in answers) for answers in told), Counter()))
    tell(capsys, ledger, f"{PAIRS} pairs merged: {outcomes}; {beaten(told)}", begun)
    for answers in told:
        merges = [answers[0], answers[1], answers[7]]
        assert [one.outcome for one in merges].count(WON) == 1
        assert answers[4].outcome == answers[5].outcome == answers[6].outcome == WON
    ledger.worker.work(clock.now, once=True)
    assert_sound(ledger)
    assert len(events(ledger, "CustomerMerged")) == PAIRS
    awarded = [one for one in events(ledger, "PointsAwarded") if isinstance(one, PointsAwarded)]
    spent = [one for one in events(ledger, "PointsSpent") if isinstance(one, PointsSpent)]
    assert sum(one.points for one in awarded) == PAIRS * 4 * DOLLARS
    for number, offer_id in enumerate(offers):
        (one,) = {_found(ledger, f"{user}{number}") for user in ("Ann", "Bob")}
        found = ledger.answers.profile(one, Moment(clock.now()))
        paid = sum(each.points for each in spent if each.customer_id in pairs[number])
        assert found.accounts[0].available == 4 * DOLLARS - paid
        assert {each.offer_id: each.state for each in found.offers}[offer_id] == "LOCKED"
