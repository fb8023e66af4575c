"""Sales as tests send them to a ledger, and what became of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from cli.bad_lines import envelope
from loyalty_ledger.answers import Moment
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.domain.events.sales import TransactionReceived
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.identity import Reference
from loyalty_ledger.intake import Receipt
from loyalty_ledger.ledger import Ledger
from sample_ledger import GROCER, MovingClock, ledger_at, read_program

NOW = datetime(2017, 6, 1, 12, tzinfo=UTC)
ANN = Reference("external", "", "ANN")
STORE = Store(store_id="319", name="Main Street", time_zone="America/New_York")


OTHERS: list[Ledger] = []


def another(ledger: Ledger) -> Ledger:
    """A ledger as another process has it, over the same database."""
    OTHERS.append(ledger_at(ledger.log.engine.url, ledger.clock))
    return OTHERS[-1]


def at(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def body(transaction: str = "T1", request: str = "", **changes: Any) -> bytes:
    whole = envelope(transaction, payments=[{"amount": 10, "user_id": "ANN"}]) | {
        "request_id": request or f"{transaction}-{msgspec.json.encode(changes).hex()[:80]}"
    }
    whole["request_payload"] |= changes
    return msgspec.json.encode(whole)


def send(ledger: Ledger, *bodies: bytes) -> list[str]:
    """The outcomes, a refusal by its code."""
    receipts = ledger.intake.receive(bodies)
    return [one.refusal.code.value if one.refusal else one.outcome for one in receipts]


def only(ledger: Ledger, sent: bytes) -> Receipt:
    return ledger.intake.receive([sent])[0]


def names(ledger: Ledger) -> list[str]:
    """What happened to sales, by name, in order."""
    wanted = ("TransactionReceived", "TransactionVersionIgnored", "SettlementDeferred")
    return [type(one.event).__name__ for one in ledger.log.read(0, 1_000, names=wanted)]


def received(ledger: Ledger) -> list[TransactionReceived]:
    found = [one.event for one in ledger.log.read(0, 1_000, names=["TransactionReceived"])]
    return [event for event in found if isinstance(event, TransactionReceived)]


def work(ledger: Ledger) -> None:
    ledger.worker.work(lambda: NOW, once=True)


def points(ledger: Ledger, reference: Reference = ANN) -> int:
    profile = ledger.answers.profile(ledger.answers.find(reference), Moment(NOW))
    return next(one.lifetime for one in profile.accounts if one.account == "tier-credits")


@contextmanager
def opened(url: str) -> Iterator[Ledger]:
    """A ledger that knows a store and the grocer's program."""
    made = ledger_at(url, MovingClock(NOW))
    made.administration.load_stores([STORE])
    made.administration.publish(read_program(GROCER))
    yield made
    for one in (made, *OTHERS):
        one.log.engine.dispose()
    OTHERS.clear()


def publish(ledger: Ledger, **changes: Any) -> None:
    document = read_program(GROCER).to_document() | changes
    assert ledger.administration.publish(Program.from_document(document)) is not None
