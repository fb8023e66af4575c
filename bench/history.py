"""Does a sale, or a return, cost more the more sales a customer has had?

Warm, and with nothing in memory.
"""

from __future__ import annotations

import json
import secrets
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from loyalty_ledger import clock
from loyalty_ledger.domain.events.program import Store
from loyalty_ledger.ledger import Ledger
from loyalty_ledger.program_file import load_program
from loyalty_ledger.store import migrate
from loyalty_ledger.store.engine import create_engine

FEW, MANY, ROUNDS = 20, 2_000, 60
SECRET = secrets.token_hex(32).encode()
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def sale(customer: str, number: int, lines: int = 9, *, version: int = 1) -> bytes:
    """A sale of a basket of average size, three hours after the last one; or a later version."""
    opened = BEGIN + timedelta(hours=3) * number
    items = [
        {"line_id": str(line), "item_id": f"I{(number * 7 + line) % 500}", "subtotal": "3.49"}
        for line in range(1, lines + 1)
    ]
    body = {
        "store_id": "S1",
        "client_id": "bench",
        "request_id": f"{customer}-{number}-{version}",
        "request_payload": {
            "transaction_id": f"{customer}-{number}",
            "open_time": opened.isoformat(),
            "modified_time": (opened + timedelta(minutes=version)).isoformat(),
            "items": items,
            "payments": [{"amount": f"{lines * 3.49:.2f}", "user_id": customer}],
        },
    }
    return json.dumps(body).encode()


def settled(ledger: Ledger, bodies: list[bytes]) -> None:
    """Receive and settle these sales."""
    for start in range(0, len(bodies), 500):
        ledger.intake.receive(bodies[start : start + 500])
    while ledger.settlement.settle_batch():
        pass


def milliseconds(ledger: Ledger, body: bytes, *, cold: bool) -> float:
    """What settling one more version of a sale of the customer takes, its commit included."""
    ledger.intake.receive([body])
    if cold:
        ledger.states.forget()
        ledger.settlement.rulebook()
    begun = time.perf_counter()
    ledger.settlement.settle_batch()
    return (time.perf_counter() - begun) * 1000


def measure(url: str, program: Path) -> dict[str, dict[str, float]]:
    """Medians in milliseconds, and their ratio, warm and cold: of a sale, and of its return.

    Of nine lines three come back: points and tier credit go, levels are looked at again.
    """
    engine = create_engine(url)
    migrate.create(engine)
    ledger = Ledger(engine, SECRET, clock.now)
    ledger.administration.load_stores([Store(store_id="S1", name="S1", time_zone="UTC")])
    ledger.administration.publish(load_program(program))
    for customer, count in (("few", FEW), ("many", MANY)):
        settled(ledger, [sale(customer, number) for number in range(count)])
    report = {}
    for name, cold in (("warm", False), ("cold", True)):
        taken: dict[str, list[float]] = {}
        for turn in range(ROUNDS):
            for customer, count in (("few", FEW), ("many", MANY)):
                number = count + turn + (ROUNDS if cold else 0)
                bought, back = sale(customer, number), sale(customer, number, 6, version=2)
                for what, body in (("sale", bought), ("return", back)):
                    took = milliseconds(ledger, body, cold=cold)
                    taken.setdefault(f"{what} {customer}", []).append(took)
        for what in ("sale", "return"):
            few, many = (statistics.median(taken[f"{what} {one}"]) for one in ("few", "many"))
            report[f"{name} {what}"] = {f"{FEW}": few, f"{MANY}": many, "ratio": many / few}
    engine.dispose()
    return report
