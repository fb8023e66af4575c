"""Customers who pay with points, bring things back, and take them again: the same every time."""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from loyalty_ledger.ledger import Ledger

Body = dict[str, Any]


class BringingBack:
    """Some sales go on: a version after each of the next groups of arrivals."""

    def __init__(self, ledger: Ledger):
        self._ledger = ledger
        self._chance = random.Random("what comes back")
        self._going_on: list[Iterator[bytes]] = []

    def go(self, arrived: Sequence[bytes]) -> None:
        """The next version of every sale that goes on; some of those just arrived will."""
        sent = [body for sale in self._going_on if (body := next(sale, None)) is not None]
        receipts = self._ledger.intake.receive(sent)
        assert {one.outcome for one in receipts} <= {"accepted"}
        for line in arrived:
            if self._chance.random() < 1 / 3:
                self._going_on.append(self._versions(msgspec.json.decode(line)))

    def _versions(self, body: Body) -> Iterator[bytes]:
        """Paid with points, half of it back, all of it back, taken again, and voided."""
        sale = body["request_payload"]
        card = sale["payments"][0]
        points = dict(card, payment_id="2", type="POINTS", amount="6.00")
        half = sale["items"][: len(sale["items"]) // 2]
        lives = [
            {"payments": [card, points]},
            {"payments": [card, points], "items": half},
            {"payments": [], "items": []},
            {"payments": [card]},
            {"payments": [card, points], "is_voided": True},
        ]
        first = self._chance.randrange(2)
        last = self._chance.randint(2, len(lives))
        for number, changes in enumerate(lives[first:last], 1):
            made = (self._ledger.clock() - timedelta(minutes=1)).isoformat()
            version = dict(sale, modified_time=made, **changes)
            request = f"{body['request_id']}-{number}"
            yield msgspec.json.encode(dict(body, request_id=request, request_payload=version))
