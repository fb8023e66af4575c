"""What a sale comes to, worked out anew from its JSON: customer, instant, and each line's net.

Nothing here is shared with the product. Money is whole cents, quantities are exact.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo


class UnsupportedError(Exception):
    """The input asks for something this reference does not work out."""


class Line(NamedTuple):
    """A line as rules see it. `net` is in cents."""

    item: str
    quantity: Fraction
    net: int


class Sale(NamedTuple):
    """A closed sale of one customer, or of nobody. `at` is UTC, `wall` the store's clock."""

    key: str
    store: str
    customer: str | None
    at: datetime
    wall: datetime
    channel: str | None
    payment_types: frozenset[str]
    lines: list[Line]

    @property
    def total(self) -> int:
        """The sum of the lines' nets, in cents."""
        return sum(line.net for line in self.lines)


def records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the JSON records of a file, packed or not; `path` names it without `.gz`."""
    packed = path.with_name(path.name + ".gz")
    with gzip.open(packed, "rb") if packed.exists() else path.open("rb") as file:
        for line in file:
            yield json.loads(line, parse_float=Decimal)


def read_sales(folder: Path) -> Iterator[Sale]:
    """Yield the sales of a folder in the order of its file. Raises UnsupportedError."""
    zones = {s["store_id"]: ZoneInfo(s["time_zone"]) for s in records(folder / "stores.jsonl")}
    seen = set()
    for body in records(folder / "transactions.jsonl"):
        sale = sale_of(body, zones[body["store_id"]])
        if sale.key in seen:
            raise UnsupportedError(
                f"{sale.key} comes twice: later versions are not worked out here"
            )
        seen.add(sale.key)
        yield sale


def sale_of(body: dict[str, Any], zone: ZoneInfo) -> Sale:
    """Return the sale of a send_transaction body. Raises UnsupportedError."""
    payload = body["request_payload"]
    if payload.get("is_voided") or payload.get("is_closed") is False:
        raise UnsupportedError(f"{payload['transaction_id']} is open or voided")
    at = instant(payload.get("open_time") or payload["modified_time"], zone)
    payments = payload.get("payments") or []
    return Sale(
        key=f"{body['store_id']}/{payload['transaction_id']}",
        store=body["store_id"],
        customer=_customer(payments),
        at=at,
        wall=at.astimezone(zone).replace(tzinfo=None),
        channel=payload.get("channel"),
        payment_types=frozenset(payment.get("type") for payment in payments),
        lines=_lines(payload["items"], payload.get("discounts") or []),
    )


def instant(text: str, zone: ZoneInfo) -> datetime:
    """Return the instant in UTC; without a zone the text is wall time of `zone`.

    With fold 0, zoneinfo moves a time in a gap forward by it and takes the earlier of a fold.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _customer(payments: list[dict[str, Any]]) -> str | None:
    named = {payment.get("user_id") for payment in payments}
    if len(named) > 1 or any(payment.get("type") == "POINTS" for payment in payments):
        raise UnsupportedError("a bill that is split, or paid in points")
    return named.pop() if named else None


@lru_cache(maxsize=65536)
def cents(amount: Any) -> int:
    """Return whole cents. Raises UnsupportedError for an amount finer than that."""
    exact = Decimal(str(amount)) * 100
    if exact != int(exact):
        raise UnsupportedError(f"{amount} is finer than a cent")
    return int(exact)


def _lines(items: list[dict[str, Any]], discounts: list[dict[str, Any]]) -> list[Line]:
    quantities = [_quantity(str(item.get("quantity", 1))) for item in items]
    left = [cents(item["subtotal"]) for item in items]
    names = [item["item_id"] for item in items]
    gone = _net_negative_lines(names, quantities, left)
    _discount([item["line_id"] for item in items], left, discounts)
    for place, item in enumerate(items):
        if item.get("tax_included"):
            tax = Decimal(str(item["tax_included"])) * 100
            left[place] = max(0, left[place] - int(tax.quantize(Decimal(1), ROUND_HALF_EVEN)))
    named = enumerate(zip(names, quantities, left, strict=True))
    return [Line(*line) for place, line in named if place not in gone]


@lru_cache(maxsize=65536)
def _quantity(text: str) -> Fraction:
    return Fraction(text)


def _net_negative_lines(names: list[str], quantities: list[Fraction], left: list[int]) -> set[int]:
    """Take each negative line from the positive ones of its item; return which lines are gone."""
    lines = range(len(names))
    negative = [place for place in lines if left[place] < 0 or quantities[place] < 0]
    gone = set(negative)
    for minus in negative:
        same = [place for place in lines if names[place] == names[minus] and place not in negative]
        for plus in same:
            moved = _move(left, minus, plus), _move(quantities, minus, plus)
            if any(moved) and not left[plus]:
                gone.add(plus)
        left[minus] = 0
    return gone


def _move(values: list[Any], minus: int, plus: int) -> Any:
    """Let what is below zero at one place eat what is above zero at the other; return how much."""
    part = max(0, min(values[plus], -values[minus]))
    values[plus] -= part
    values[minus] += part
    return part


def _discount(line_ids: list[str], left: list[int], discounts: list[dict[str, Any]]) -> None:
    """Lower what is left of the lines, discount by discount; excess is dropped."""
    places = {line_id: place for place, line_id in enumerate(line_ids)}
    numbered = [(d.get("stack_order", n), n, d) for n, d in enumerate(discounts)]
    for _, _, discount in sorted(numbered, key=lambda entry: entry[:2]):
        wanted = discount.get("discounted_line_ids") or line_ids
        targets = [places[line_id] for line_id in wanted if line_id in places]
        shares = _shared(
            cents(discount["amount"]), [(left[place], line_ids[place]) for place in targets]
        )
        for place, share in zip(targets, shares, strict=True):
            left[place] -= share


def _shared(amount: int, parts: list[tuple[int, str]]) -> list[int]:
    """Share an amount over parts in proportion, by largest remainder, ties by line id."""
    whole = sum(size for size, _ in parts)
    amount = min(amount, whole)
    if amount <= 0:
        return [0] * len(parts)
    shares = [amount * size // whole for size, _ in parts]
    order = sorted(range(len(parts)), key=lambda p: (-(amount * parts[p][0] % whole), parts[p][1]))
    for place in order[: amount - sum(shares)]:
        shares[place] += 1
    return shares
