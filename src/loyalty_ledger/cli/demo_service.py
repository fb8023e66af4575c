"""The end of the demo: the same ledger served over HTTP, and asked by the Python client."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from loyalty_ledger.cli.journey_stage import ANN, Shop
from loyalty_ledger.cli.output import table
from loyalty_ledger.client.clients import Client
from loyalty_ledger.domain.api_key import Scope
from loyalty_ledger.http.app import Settings, make_app
from loyalty_ledger.http.names import read_names
from loyalty_ledger.http.serve import answering, log_as_json
from loyalty_ledger.keys import Terms

SALE = "HTTP-1"


def show_over_http(shop: Shop, secret: bytes) -> None:
    """Serve the shop's ledger on a free port of this machine, and sell Ann something."""
    made = shop.ledger.keys.create(Terms("till", Scope.POS, shop.store.store_id))
    app = make_app(shop.ledger.log.engine, secret, shop.clock, Settings(read_names()))
    log_as_json(logging.WARNING)
    with (
        answering(app) as url,
        Client(url, made.key.key_id, made.secret, store_id=shop.store.store_id) as till,
    ):
        table(
            "The same over HTTP: a till asks the service by the Python client",
            ("call", "what comes back"),
            _sell(shop, till),
        )


def _sell(shop: Shop, till: Client) -> Iterator[tuple[str, str]]:
    yield "lookup", _who(till)
    sale = _sale(shop)
    first = till.send_transaction(sale, request_id=SALE)
    yield "send_transaction", str(first["status"])
    again = till.send_transaction(sale, request_id=SALE)
    yield "the same again", f"{again['status']}: the first answer, and nothing else happens"
    shop.clock.move_to(shop.clock.now + timedelta(minutes=1))
    shop.settle()
    yield "lookup, once it is settled", _who(till)


def _sale(shop: Shop) -> dict[str, Any]:
    opened = shop.wall(shop.clock.now)
    goods = [{"line_id": "1", "item_id": "BOWL", "quantity": 1, "subtotal": "28.00"}]
    payments = [{"amount": "28.00", "type": "CARD", "user_id": ANN.reference.value}]
    return {
        "transaction_id": SALE,
        "open_time": opened.isoformat(),
        "modified_time": opened.isoformat(),
        "items": goods,
        "payments": payments,
    }


def _who(till: Client) -> str:
    user = till.lookup(external_customer_id=ANN.reference.value)["user"]
    balances = user["point_account_balances"]["details"]
    points = " and ".join(f"{one['available_balance']} {one['account_name']}" for one in balances)
    return f"{user['external_id']}: {points}; level {user['tier']}"
