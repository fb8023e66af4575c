"""Payments arrive in the instant their customer is erased: each is his, and forgotten, or new."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from faults.race_process import (
    STORE,
    WON,
    Ask,
    Erase,
    EraseAmidst,
    PayUntilErased,
    PayWithoutEnd,
    paid_by,
)
from faults.racing import PROCESSES, assert_sound, beaten, racers, tell
from loyalty_ledger import clock
from loyalty_ledger.domain.events.customers import CustomerErased
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.streams import sale
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.log import Recorded
from sample_ledger import ledger_on
from specification import program, rule

ROUNDS, DOLLARS, EACH = 10, 15, 3
SALES = (PROCESSES - 1) * EACH
BUSY, AMIDST = 5, 40


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with ledger_on(database_url, clock.now) as made:
        made.administration.load_stores([Store(store_id=STORE, name="S", time_zone="UTC")])
        made.administration.publish(program(rules=[rule()]))
        yield made


def body(number: int, which: int) -> bytes:
    """A sale that Ann of this round pays for, with something beside it."""
    payload = {
        "transaction_id": name(number, which),
        "open_time": (clock.now() - timedelta(hours=1)).isoformat(),
        "items": [{"line_id": "1", "item_id": "tea", "subtotal": DOLLARS}],
        "payments": [{"amount": DOLLARS, "user_id": f"Ann{number}"}],
        "custom_data": {"note": marker(number, which)},
    }
    envelope = {"store_id": STORE, "client_id": "till", "request_id": name(number, which)}
    return msgspec.json.encode(envelope | {"request_payload": payload})


def name(number: int, which: int) -> str:
    return f"{number}-{which}"


def marker(number: int, which: int) -> str:
    return f"for Ann {name(number, which)}."


def ann(ledger: Ledger, number: int) -> str:
    """Whom the identifier of this round names now."""
    return ledger.answers.find(Reference("external", "", f"Ann{number}"))


def asks(number: int, customer_id: str) -> list[Ask]:
    """The erasure stands at another place in each round."""
    bodies = [body(number, which) for which in range(SALES)]
    found: list[Ask] = [
        PayUntilErased((*bodies[n :: PROCESSES - 1],), customer_id) for n in range(PROCESSES - 1)
    ]
    found.insert(number % PROCESSES, Erase(customer_id))
    return found


def received(ledger: Ledger, number: int, which: int) -> Recorded:
    (found,) = (
        one
        for one in ledger.log.stream(sale(STORE, name(number, which)))
        if isinstance(one.event, TransactionReceived)
    )
    return found


def attributed(ledger: Ledger, number: int, erased: str) -> Counter[str]:
    """Whose the sales of a round are: his, from before he was erased, or of somebody new."""
    (gone,) = (one for one in ledger.log.history(erased) if isinstance(one.event, CustomerErased))
    found: Counter[str] = Counter()
    for which in range(SALES):
        one = received(ledger, number, which)
        assert isinstance(one.event, TransactionReceived)
        (payment,) = one.event.payments
        before = one.position < gone.position
        assert payment.customer_id == (erased if before else ann(ledger, number))
        kept = [*ledger.log.personal_holding("sale", marker(number, which))]
        assert [each.customer_id for each in kept] == ([] if before else [payment.customer_id])
        found["before" if before else "after"] += 1
    assert not found["after"] or ann(ledger, number) != erased
    assert ledger.log.personal(erased) == []
    return found


def test_a_payment_in_the_instant_of_an_erasure_is_forgotten_with_him_or_somebody_news(
    ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = [body(number, SALES) for number in range(ROUNDS)]
    assert {one.outcome for one in ledger.intake.receive(first)} == {"accepted"}
    ids = [ann(ledger, number) for number in range(ROUNDS)]
    begun = time.perf_counter()
    with racers(database_url) as processes:
        told = processes.run([asks(number, one) for number, one in enumerate(ids)])
    assert {one.outcome for answers in told for one in answers} == {WON}
    ledger.worker.work(clock.now, once=True)
    found = [attributed(ledger, number, one) for number, one in enumerate(ids)]
    in_all = dict(sum(found, Counter()))
    tell(capsys, ledger, f"{ROUNDS} erased among payments: {in_all}; {beaten(told)}", begun)
    assert sum(in_all.values()) == ROUNDS * SALES
    assert in_all["after"] >= ROUNDS * (PROCESSES - 1) and in_all["before"], "it was no race"
    assert_sound(ledger)


# --- however busy he is -------------------------------------------------------------------------


def endless(number: int, customer_id: str) -> list[Ask]:
    """Seven tills send sales of one customer and stop for nothing, and he is erased amidst them."""
    tills = [f"{number}-{till}" for till in range(PROCESSES - 1)]
    paying = [PayWithoutEnd(till, f"Ann{number}", customer_id) for till in tills]
    return [*paying, EraseAmidst(customer_id, AMIDST)]


def test_an_erasure_ends_while_payments_go_on_coming(
    ledger: Ledger, database_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first = [paid_by(f"Ann{number}", f"{number}-first") for number in range(BUSY)]
    assert {one.outcome for one in ledger.intake.receive(first)} == {"accepted"}
    ids = [ann(ledger, number) for number in range(BUSY)]
    begun = time.perf_counter()
    with racers(database_url) as processes:
        told = processes.run([endless(number, one) for number, one in enumerate(ids)])
    assert {one.outcome for answers in told for one in answers} == {WON}
    assert [answers[-1].beaten for answers in told] == [0] * BUSY, "somebody was faster"
    ledger.worker.work(clock.now, once=True)
    before = 0
    for number, erased in enumerate(ids):
        assert ledger.log.personal(erased) == []
        events = [one for one in ledger.log.history(erased)]
        his = {one.stream for one in events if isinstance(one.event, TransactionReceived)}
        kept = [*ledger.log.personal_holding("sale", f"Ann{number}.")]
        kept += ledger.log.personal_holding("payment", f"Ann{number}.")
        assert not [one for one in kept if one.reference.partition("#")[0] in his]
        before += len(his)
    what = f"{BUSY} erased among {before:,} sales of theirs, with no end of them"
    tell(capsys, ledger, what, begun)
    assert before > BUSY * AMIDST
    assert_sound(ledger)
