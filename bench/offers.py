"""How long a till waits for an offer: lock, redeem, unlock, reinstate, and a purchase.

    python bench/offers.py [--clients N] [--rounds N] [--customers N] [--threads] [--pause MS]
                           [--out FILE]

On a durable PostgreSQL: a catalog is loaded, each client serves customers of its own who hold fifty
offers each, and every basket has twenty lines. All clients ask at the same time, by default without
a pause. Milliseconds from the asking to the answer, the commit included.

Purchases come after the rest: all of them count the same offer, and so wait for each other.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import secrets
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from offers_program import PROGRAM

from loyalty_ledger import clock
from loyalty_ledger.collector import spare_the_collector
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.program.reading import read_document
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.offer_requests import USER_OFFER_ID, Basket, Lookup
from loyalty_ledger.store import migrate
from loyalty_ledger.store.engine import create_engine
from loyalty_ledger.store.log import CatalogItem
from loyalty_ledger.wire import read_transaction
from postgres import private_postgres

CLIENTS, OFFERS, LINES, PRODUCTS = 4, 50, 20, 2_000
ROUNDS, CUSTOMERS = 200, 10
WARM_UP = PRODUCTS // (2 * LINES)  # so many rounds see every product once
PAUSE_MS = 100.0  # on average, from an answer to the next asking: ten a second and till
BAR_P50_MS, BAR_P99_MS = 5.0, 20.0
BARRED = ("lock", "redeem")
SECRET = secrets.token_hex(32).encode()
STORE = "S1"
TILL, APP = Actor(client_id="till"), Actor(client_id="app")


class Customer(NamedTuple):
    """A customer and his offers."""

    customer_id: str
    offer_ids: list[str]


class Till:
    """A client: it serves its customers one by one and notes how long each thing took."""

    def __init__(
        self, number: int, ledger: Ledger, customers: Sequence[Customer], pause_ms: float = 0
    ):
        self._number = number
        self._pause_s = pause_ms / 1000
        self._ledger = ledger
        self._customers = customers
        self.taken: dict[str, list[float]] = {}
        self._baskets: dict[int, tuple[Basket, Basket]] = {}

    def fill(self, turns: Iterable[int]) -> None:
        """Make the baskets before anything is measured: to read them off the wire is not asked."""
        for number in turns:
            sale = f"{self._number}-{number}"
            first, second = basket(f"{sale}a", 2 * number), basket(f"{sale}b", 2 * number + 1)
            self._baskets[number] = first, second

    def serve(self, number: int) -> None:
        """Lock an offer, give it free, redeem another, take that back."""
        offers = self._ledger.offers
        customer = self._customers[number % len(self._customers)]
        turn = number // len(self._customers)
        locked, redeemed = (customer.offer_ids[(2 * turn + n) % OFFERS] for n in range(2))
        first, second = self._baskets.pop(number)
        self._timed("lock", lambda: offers.lock(Lookup(USER_OFFER_ID, locked), first, TILL))
        self._timed("unlock", lambda: offers.unlock(locked, TILL))
        self._timed("redeem", lambda: offers.redeem(Lookup(USER_OFFER_ID, redeemed), second, TILL))
        self._timed("reinstate", lambda: offers.reinstate(redeemed, TILL))

    def sell(self, number: int) -> None:
        """Sell an offer for points."""
        customer = self._customers[number % len(self._customers)].customer_id
        self._timed("purchase", lambda: self._ledger.offers.buy(customer, "treat-10", APP))

    def _timed(self, what: str, act: Callable[[], object]) -> None:
        if self._pause_s:
            time.sleep(random.uniform(0, 2 * self._pause_s))
        begun = time.perf_counter()
        act()
        self.taken.setdefault(what, []).append((time.perf_counter() - begun) * 1000)


def basket(transaction_id: str, number: int) -> Basket:
    """A sale in the making, as a till sends it; no product comes again before all have come."""
    begin = number * LINES
    items = [
        {"line_id": str(line), "item_id": f"P{(begin + line) % PRODUCTS}", "subtotal": "3.49"}
        for line in range(1, LINES + 1)
    ]
    payload = {
        "transaction_id": transaction_id,
        "open_time": clock.now().isoformat(),
        "items": items,
    }
    return Basket(STORE, read_transaction(payload))


def prepare(url: str, clients: int, customers: int) -> list[list[Customer]]:
    """A ledger with a catalog and customers who hold offers and points: some for each client."""
    engine = create_engine(url)
    migrate.create(engine)
    ledger = Ledger(engine, SECRET, clock.now)
    ledger.administration.load_stores([Store(store_id=STORE, name=STORE, time_zone="UTC")])
    ledger.administration.load_catalog(
        lambda: sorted(
            CatalogItem(f"P{n}", f"Product {n}", None, (f"D{n % 7}", f"K{n % 5}"))
            for n in range(PRODUCTS)
        )
    )
    ledger.administration.publish(read_document(PROGRAM))
    names = [f"C{number}" for number in range(clients * customers)]
    ledger.intake.receive([_purchase(name) for name in names])
    ledger.worker.work(clock.now, once=True)
    found = [ledger.answers.find(Reference("external", "", name)) for name in names]
    given = [ledger.offers.give(one, "treat", TILL, "to measure", OFFERS) for one in found]
    engine.dispose()
    made = [
        Customer(one, [offer.offer_id for offer in offers])
        for one, offers in zip(found, given, strict=True)
    ]
    return [made[client::clients] for client in range(clients)]


def _purchase(customer: str) -> bytes:
    payload = {
        "transaction_id": customer,
        "open_time": (clock.now() - timedelta(hours=1)).isoformat(),
        "items": [{"line_id": "1", "item_id": "P1", "subtotal": "90000.00"}],
        "payments": [{"amount": "90000.00", "user_id": customer}],
    }
    envelope = {"store_id": STORE, "client_id": "till", "request_id": customer}
    return json.dumps(envelope | {"request_payload": payload}).encode()


_START: Any = None


def _begin_together(start: Any) -> None:
    global _START
    _START = start


def _client(
    number: int, url: str, customers: Sequence[Customer], rounds: int, pause_ms: float
) -> dict[str, list[float]]:
    spare_the_collector()  # as every process of the product does
    engine = create_engine(url)
    ledger = Ledger(engine, SECRET, clock.now)
    first, till = (Till(number, ledger, customers, pause_ms) for _ in range(2))
    turns = range(WARM_UP, WARM_UP + rounds)
    first.fill(range(WARM_UP))
    till.fill(turns)
    for turn in range(WARM_UP):
        first.serve(turn)
    first.sell(0)
    for act in (till.serve, till.sell):
        _START.wait()
        for turn in turns:
            act(turn)
    engine.dispose()
    return till.taken


def pool(clients: int, *, threads: bool) -> Executor:
    """Clients that are threads of this process, or processes of their own."""
    if threads:
        return ThreadPoolExecutor(
            clients, initializer=_begin_together, initargs=(threading.Barrier(clients),)
        )
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(
        clients, context, initializer=_begin_together, initargs=(context.Barrier(clients),)
    )


def measure(
    url: str,
    *,
    clients: int = CLIENTS,
    rounds: int = ROUNDS,
    customers: int = CUSTOMERS,
    threads: bool = False,
    pause_ms: float = 0,
) -> dict[str, Any]:
    """Milliseconds by what was asked: the median, the 99th percentile, the worst, how many."""
    served = prepare(url, clients, customers)
    with pool(clients, threads=threads) as executor:
        asked = [
            executor.submit(_client, number, url, served[number], rounds, pause_ms)
            for number in range(clients)
        ]
        taken = [one.result() for one in asked]
    report: dict[str, Any] = {"clients": clients, "as": "threads" if threads else "processes"}
    report["pause_ms"] = pause_ms
    for what in taken[0]:
        report[what] = summed_up([ms for one in taken for ms in one[what]])
    report["bars_met"] = all(
        report[what]["p50"] < BAR_P50_MS and report[what]["p99"] < BAR_P99_MS for what in BARRED
    )
    return report


def summed_up(taken: Sequence[float]) -> dict[str, float]:
    """What is told of many measurements, in milliseconds."""
    cuts = statistics.quantiles(taken, n=100, method="inclusive")
    return {
        "p50": round(cuts[49], 2),
        "p99": round(cuts[98], 2),
        "most": round(max(taken), 2),
        "count": len(taken),
    }


def show(report: dict[str, Any]) -> None:
    """A line for each thing that was asked."""
    pause = f", {report['pause_ms']:g} ms between two asks" if report["pause_ms"] else ""
    print(f"{report['clients']} clients at once, as {report['as']}{pause}; milliseconds:")
    for what, one in report.items():
        if isinstance(one, dict):
            bar = f"  (bars: {BAR_P50_MS:g} and {BAR_P99_MS:g})" if what in BARRED else ""
            told = f"p50 {one['p50']:6.2f}  p99 {one['p99']:6.2f}  most {one['most']:6.1f}"
            print(f"  {what:10}{told}{bar}")


def main() -> None:
    """Measure, print, and write down."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="of each client")
    parser.add_argument("--threads", action="store_true", help="clients are threads")
    parser.add_argument("--pause", type=float, default=0, help="mean pause between two asks, in ms")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with private_postgres() as server:
        url = server.create_database("offers")
        report = measure(
            url,
            clients=asked.clients,
            rounds=asked.rounds,
            customers=asked.customers,
            threads=asked.threads,
            pause_ms=asked.pause,
        )
    show(report)
    if asked.out:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
