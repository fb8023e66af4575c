"""A process that erases is killed at any moment: a customer is erased whole, or not at all."""

import multiprocessing
from collections.abc import Sequence
from functools import partial
from multiprocessing.process import BaseProcess

from faults.processes import seeded, wait_until
from loyalty_ledger import verification
from loyalty_ledger.administration import CustomerRecord
from loyalty_ledger.domain.events.customers import CustomerErased
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from receiving import NOW, at, body, opened, send, work
from sample_ledger import MovingClock, ledger_on

CUSTOMERS, KILLS = 30, 2
KINDS = ("external", "email", "card")
_CONTEXT = multiprocessing.get_context("forkserver")


def erase_all(url: str, customer_ids: Sequence[str]) -> None:
    with ledger_on(url, MovingClock(NOW)) as ledger:
        for customer_id in customer_ids:
            ledger.erasing.erase(customer_id)


def names(number: int) -> list[Reference]:
    return [Reference(kind, "", f"{kind}-{number}") for kind in KINDS]


def sale_of(number: int) -> bytes:
    payment = {"amount": 10, "user_id": f"external-{number}", "holder": f"Ann {number}"}
    return body(f"T{number}", payments=[payment], custom_data={"to": f"Ann {number}"})


def enrolled(ledger: Ledger) -> list[str]:
    """Customers with three identifiers, a name and a sale each."""
    records = [
        CustomerRecord(tuple(names(one)), None, None, (("name", f"Ann {one}"),))
        for one in range(CUSTOMERS)
    ]
    assert set(ledger.administration.enrol(records)) == {True}
    assert set(send(ledger, *map(sale_of, range(CUSTOMERS)))) == {"accepted"}
    work(ledger)
    return [ledger.answers.find(names(one)[0]) for one in range(CUSTOMERS)]


def is_whole(ledger: Ledger, customer_id: str, number: int) -> bool:
    """Whether all of the customer is there; else nothing may be."""
    facts = [one.event for one in ledger.log.history(customer_id)]
    erased = any(isinstance(one, CustomerErased) for one in facts)
    found = ledger.directory
    streams = [found.stream_of(name) for name in names(number)]
    ledger.states.forget()
    named = [state.customers for state in ledger.states.get(streams).values()]
    assert named == [() if erased else (customer_id,)] * len(KINDS)
    assert len(ledger.log.personal(customer_id)) == (0 if erased else 6)
    return not erased


def reached(ledger: Ledger, goal: int, process: BaseProcess) -> bool:
    """Whether so much was written, or there was no more to write."""
    return ledger.log.head().position >= goal or process.exitcode is not None


def test_a_customer_is_erased_whole_or_not_at_all(database_url: str) -> None:
    chance = seeded()
    with opened(database_url) as ledger:
        ids = enrolled(ledger)
        for _ in range(KILLS):
            whole = [one for n, one in enumerate(ids) if is_whole(ledger, one, n)]
            process = _CONTEXT.Process(target=erase_all, args=(database_url, whole))
            process.start()
            goal = ledger.log.head().position + chance.randint(1, 20)
            wait_until(partial(reached, ledger, goal, process))
            process.kill()
            process.join()
        assert not all([is_whole(ledger, one, n) for n, one in enumerate(ids)])
        erase_all(database_url, ids)
        assert not any(is_whole(ledger, one, n) for n, one in enumerate(ids))
        again = body("T0", items=[], payments=[], modified_time=at(1))
        assert send(ledger, again) == ["accepted"]
        work(ledger)
        assert verification.verify(ledger, lambda _done, _goal: None).problems == []
