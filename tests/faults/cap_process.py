"""What a process does that uses up every cap there is: it sells, settles, buys and gives."""

import time
from collections.abc import Callable, Sequence

from loyalty_ledger import clock
from loyalty_ledger.domain.events.offers import Actor
from loyalty_ledger.domain.values import Reason, Rejected
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.store.log import Busy, Conflict
from sample_ledger import ledger_on

AT_ONCE = 5
SOLD, GIVEN = ("rare", "each"), ("scarce", "two")
PATIENCE_S = 240


def use_up(url: str, bodies: Sequence[bytes], customers: Sequence[str]) -> None:
    """Tell these sales and settle what there is; then buy and give until a cap is reached.

    Told again by a process that follows, nothing happens twice.
    """
    with ledger_on(url, clock.now) as ledger:
        for first in range(0, len(bodies), AT_ONCE):
            for receipt in ledger.intake.receive(bodies[first : first + AT_ONCE]):
                assert receipt.outcome in ("accepted", "repeated"), receipt.refusal
            _surely(ledger.settlement.settle_batch)
        _surely(ledger.settlement.settle_all)
        for customer_id in customers:
            for name in SOLD:
                _until_the_cap(ledger, lambda: ledger.offers.buy(customer_id, name, BY))  # noqa: B023
            for name in GIVEN:
                give = ledger.offers.give
                _until_the_cap(ledger, lambda: give(customer_id, name, BY, "a race"))  # noqa: B023


BY = Actor(employee_id="e1")


def _until_the_cap(ledger: Ledger, act: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            _surely(act)
        except Rejected as refusal:
            if refusal.code is Reason.LIMIT_REACHED:
                return
            if refusal.code is not Reason.INSUFFICIENT_POINTS:
                raise
            _surely(ledger.settlement.settle_all)  # somebody who was to settle it was killed
    raise AssertionError("no cap was reached")


def _surely(act: Callable[[], object]) -> None:
    while True:
        try:
            act()
            return
        except (Busy, Conflict):
            continue
