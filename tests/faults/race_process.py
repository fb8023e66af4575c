"""What a process does that asks the ledger for offers in the same instant as others do."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import NamedTuple
from unittest.mock import patch

import msgspec

from faults.processes import wait_until
from loyalty_ledger import clock
from loyalty_ledger.domain.events.customers import CustomerErased
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.streams import customer_of
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.identity import Reference
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.offer_requests import USER_OFFER_ID, Basket, Lookup
from loyalty_ledger.store.log import Appended, Commit, Conflict, Log
from loyalty_ledger.wire import read_transaction
from sample_ledger import ledger_on

STORE = "s1"
PATIENCE_S = 60
WON = "won"


class Lock(NamedTuple):
    """Lock an offer for a sale of ten dollars."""

    offer_id: str
    transaction_id: str


class Buy(NamedTuple):
    """Buy one of what the reward store sells."""

    customer_id: str
    store_offer: str


class Claim(NamedTuple):
    """Enter a promo code."""

    customer_id: str
    code: str


class Enrol(NamedTuple):
    """Enrol a customer under an e-mail address."""

    email: str


class ClaimReceipt(NamedTuple):
    """Claim a sale by the code on its receipt."""

    customer_id: str
    code: str


class Merge(NamedTuple):
    """Let a customer go on as another."""

    customer_id: str
    into: str


class Send(NamedTuple):
    """Send a version of a sale."""

    body: bytes


class PayUntilErased(NamedTuple):
    """Send sales, one after the other; the last one as soon as this customer is erased."""

    bodies: tuple[bytes, ...]
    customer_id: str


class PayWithoutEnd(NamedTuple):
    """Send sales that this customer pays for, until he is erased; their ids begin with `name`."""

    name: str
    user: str
    customer_id: str


class EraseAmidst(NamedTuple):
    """Forget a customer once so many of his sales have come in, while others go on coming."""

    customer_id: str
    sales: int


class Erase(NamedTuple):
    """Forget a customer."""

    customer_id: str


Erasing = Erase | EraseAmidst | PayUntilErased | PayWithoutEnd
Ask = Lock | Buy | Claim | Enrol | ClaimReceipt | Merge | Send | Erasing


class Answer(NamedTuple):
    """`WON`, or why not; and how often somebody else was faster at the commit."""

    outcome: str
    beaten: int


def race(url: str, start: Barrier, parent: Connection) -> None:
    """Asks come as lists of rounds; each round all processes begin together."""
    with ledger_on(url, clock.now) as ledger, counted_conflicts() as beaten:
        while asks := parent.recv():
            parent.send([_answer(ledger, ask, start, beaten) for ask in asks])


def buy_for_ever(url: str, customer_ids: Sequence[str], store_offer: str) -> None:
    """Buy for one customer after the other until none has points left."""
    with ledger_on(url, clock.now) as ledger:
        able = list(customer_ids)
        while able:
            able = [one for one in able if _bought(ledger, Buy(one, store_offer))]


def claim_for_each(url: str, customer_ids: Sequence[str], code: str) -> None:
    """Enter a promo code for one customer after the other, whatever is answered."""
    with ledger_on(url, clock.now) as ledger:
        for customer_id in customer_ids:
            with suppress(Rejected):
                ledger.promotions.claim(customer_id, code, Actor(client_id="app"))


def _bought(ledger: Ledger, ask: Buy) -> bool:
    try:
        ledger.offers.buy(*ask, Actor(client_id="app"))
    except Rejected as refusal:
        if refusal.code is not Reason.INSUFFICIENT_POINTS:
            raise
        return False
    return True


def _answer(ledger: Ledger, ask: Ask, start: Barrier, beaten: Callable[[], int]) -> Answer:
    act = _ready(ledger, ask)
    before = beaten()
    start.wait(PATIENCE_S)
    try:
        act()
    except Rejected as refusal:
        return Answer(refusal.code.value, beaten() - before)
    return Answer(WON, beaten() - before)


def _ready(ledger: Ledger, ask: Ask) -> Callable[[], object]:
    if isinstance(ask, Buy):
        return lambda: ledger.offers.buy(*ask, Actor(client_id="app"))
    if isinstance(ask, Claim):
        return lambda: ledger.promotions.claim(*ask, Actor(client_id="app"))
    if isinstance(ask, Enrol):
        return lambda: ledger.customers.enrol([Reference("email", "", ask.email)])
    if isinstance(ask, ClaimReceipt):
        return lambda: ledger.receipts.claim(*ask, Actor(client_id="app"))
    if isinstance(ask, Merge):
        return lambda: ledger.merging.merge(*ask)
    if isinstance(ask, Erasing):
        return lambda: _about_erasing(ledger, ask)
    if isinstance(ask, Send):
        return lambda: ledger.intake.receive([ask.body])
    payload = {
        "transaction_id": ask.transaction_id,
        "open_time": clock.now().isoformat(),
        "items": [{"line_id": "1", "item_id": "tea", "subtotal": "10.00"}],
    }
    basket = Basket(STORE, read_transaction(payload))
    lookup = Lookup(USER_OFFER_ID, ask.offer_id)
    return lambda: ledger.offers.lock(lookup, basket, Actor(client_id="till"))


def _about_erasing(ledger: Ledger, ask: Erasing) -> None:
    match ask:
        case PayUntilErased():
            _pay(ledger, ask)
        case PayWithoutEnd():
            _pay_without_end(ledger, ask)
        case EraseAmidst():
            wait_until(lambda: len(ledger.log.personal(ask.customer_id)) > ask.sales)
            ledger.erasing.erase(ask.customer_id)
        case Erase():
            ledger.erasing.erase(ask.customer_id)


def _pay(ledger: Ledger, ask: PayUntilErased) -> None:
    *first, last = ask.bodies
    for body in first:
        ledger.intake.receive([body])
    wait_until(lambda: _erased(ledger, ask.customer_id))
    ledger.intake.receive([last])


def _erased(ledger: Ledger, customer_id: str) -> bool:
    stream = ledger.log.stream(customer_of(customer_id))
    return any(isinstance(one.event, CustomerErased) for one in stream)


def _pay_without_end(ledger: Ledger, ask: PayWithoutEnd) -> None:
    numbers = count()
    while not _erased(ledger, ask.customer_id):
        ledger.intake.receive([paid_by(ask.user, f"{ask.name}-{next(numbers)}")])


def paid_by(user: str, transaction_id: str) -> bytes:
    """A sale of ten dollars, a part of which nobody is named for, with something beside it."""
    payload = {
        "transaction_id": transaction_id,
        "open_time": clock.now().isoformat(),
        "items": [{"line_id": "1", "item_id": "tea", "subtotal": "10.00"}],
        "payments": [{"amount": 6, "user_id": user}, {"amount": 4, "cardholder": f"by {user}."}],
        "custom_data": {"note": f"for {user}."},
    }
    envelope = {"store_id": STORE, "client_id": "till", "request_id": transaction_id}
    return msgspec.json.encode(envelope | {"request_payload": payload})


@contextmanager
def counted_conflicts() -> Iterator[Callable[[], int]]:
    """How many commits of this process came too late."""
    late, append = 0, Log.append

    def counting(log: Log, commit: Commit) -> Appended:
        nonlocal late
        try:
            return append(log, commit)
        except Conflict:
            late += 1
            raise

    with patch.object(Log, "append", counting):
        yield lambda: late
