"""What an offer takes off, in plain Python: every piece is laid out on the counter by itself."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any, NamedTuple

from laws import reference_basket
from loyalty_ledger.domain.events.sales import Discount, Line

Document = dict[str, Any]
Takes = Callable[[Document, str], bool]
"""Whether a selector of the document takes an item."""


class Piece(NamedTuple):
    line_id: str
    item_id: str
    price: Fraction
    place: int


class Answer(NamedTuple):
    amount: int
    lines: dict[str, int]


class Counter:
    """A check with its lines in order of their ids, and all its pieces side by side."""

    def __init__(self, lines: Sequence[Line], discounts: Sequence[Discount], order: int):
        self.lines = sorted(lines, key=lambda line: line.line_id)
        self.money = reference_basket.after_returns(self.lines, [x.subtotal for x in self.lines])
        earlier = [one for one in discounts if one.stack_order <= order]
        self.left = reference_basket.nets(self.lines, earlier, True)
        names = [line.line_id for line in self.lines]
        spare = reference_basket.nets(self.lines, discounts, True)
        free = reference_basket.nets(self.lines, [x for x in discounts if x.lines], True)
        self.spare = dict(zip(names, spare, strict=True))
        self.free = dict(zip(names, free, strict=True))
        counts = reference_basket.quantities(self.lines)
        self.pieces: list[Piece] = []
        for i, line in enumerate(self.lines):
            came_back = line.quantity < 0 or (line.quantity > 0 and counts[i] == 0)
            if self.money[i] > 0 and not came_back:
                used = [
                    quantity
                    for one in earlier
                    for name, quantity in zip(one.lines, one.quantities, strict=False)
                    if name == line.line_id and quantity > 0
                ]
                self._lay_out(line, counts[i], self.money[i], self.left[i], int(sum(used)))

    def _lay_out(self, line: Line, count: Decimal, money: int, left: int, used: int) -> None:
        """Pieces that no earlier discount was of keep their price while there is money left."""
        pieces = int(count) if count >= 1 and count % 1 == 0 else 1
        used = min(used, pieces) if count >= 1 and count % 1 == 0 else 0
        whole = min(left, floor(Fraction(money, pieces) * (pieces - used)))
        for place in range(pieces):
            if place < pieces - used:
                price = Fraction(whole, pieces - used)
            else:
                price = Fraction(left - whole, used)
            self.pieces.append(Piece(line.line_id, line.item_id, price, len(self.pieces)))


def answer(offer: Document, counter: Counter, takes: Takes, cents: Callable[[Any], int]) -> Any:
    """What comes off and off which lines, or nothing when the offer does not apply.

    Nothing, too, where others leave nothing; and never more than they leave.
    """
    found = _alone(offer, counter, takes, cents)
    if found is None or offer["discount"]["kind"] == "manual":
        return found
    discount = offer["discount"]
    wanted = discount.get("get", discount).get("items", {})
    goods = {piece.line_id for piece in counter.pieces if takes(wanted, piece.item_id)}
    named = not discount["kind"].endswith("_check")
    if not any(counter.spare.values()) or (named and not any(counter.free[x] for x in goods)):
        return None
    if not named:
        return Answer(min(found.amount, sum(counter.spare.values())), {})
    lines = {line_id: min(off, counter.spare[line_id]) for line_id, off in found.lines.items()}
    return Answer(sum(lines.values()), lines)


def _alone(offer: Document, counter: Counter, takes: Takes, cents: Callable[[Any], int]) -> Any:
    discount = offer["discount"]
    kind, times = discount["kind"], offer.get("applications_per_check", 1)
    total = sum(counter.left)
    if kind == "manual":
        return Answer(0, {})
    if kind in ("amount_off_check", "percent_off_check"):
        if kind == "amount_off_check":
            off = min(cents(discount["amount"]), total)
        else:
            off = floor(total * Fraction(discount["percent"]) / 100)
            off = min(off, cents(discount.get("maximum", "1000000")))
        return Answer(off, {}) if sum(counter.money) else None
    if kind == "selection":
        return _selection(discount, counter, times, takes, cents)
    chosen = _chosen(discount, counter, times, takes)
    return _off_each(discount.get("get", discount), chosen, cents) if chosen else None


def _chosen(discount: Document, counter: Counter, times: int, takes: Takes) -> list[Piece]:
    if discount["kind"] == "buy_x_get_y":
        return _got(discount, counter, times, takes)
    pieces = [x for x in counter.pieces if takes(discount.get("items", {}), x.item_id)]
    lowest = discount["kind"] != "set_price" and discount.get("pick", "lowest") == "lowest"
    return (_cheapest if lowest else _dearest)(pieces)[:times]


def _cheapest(pieces: Sequence[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: (piece.price == 0, piece.price, piece.line_id))


def _dearest(pieces: Sequence[Piece]) -> list[Piece]:
    return sorted(pieces, key=lambda piece: (-piece.price, piece.line_id))


def _got(discount: Document, counter: Counter, times: int, takes: Takes) -> list[Piece]:
    """Try one application more as long as everything for it can be laid out."""
    x, y = (discount[side].get("quantity", 1) for side in ("buy", "get"))
    buys = {p for p in counter.pieces if takes(discount["buy"].get("items", {}), p.item_id)}
    gets = {p for p in counter.pieces if takes(discount["get"].get("items", {}), p.item_id)}
    queue = [*(buys - gets), *_dearest(list(buys & gets))]
    found: list[Piece] = []
    for applications in range(1, times + 1):
        bought = set(queue[: applications * x])
        free = _cheapest(list(gets - bought))
        if len(bought) < applications * x or len(free) <= (applications - 1) * y:
            break
        found = free[: applications * y]
    return found


def _off_each(way: Document, pieces: Sequence[Piece], cents: Callable[[Any], int]) -> Answer:
    exact: dict[str, Fraction] = {}
    for piece in pieces:
        percent = way.get("percent", way.get("percent_off"))
        amount = way.get("amount", way.get("amount_off"))
        if percent is not None:
            off = piece.price * Fraction(percent) / 100
        elif amount is not None:
            off = min(piece.price, Fraction(cents(amount)))
        else:
            off = max(Fraction(0), piece.price - cents(way.get("price", way.get("set_price"))))
        exact[piece.line_id] = exact.get(piece.line_id, Fraction(0)) + off
    lines = {line_id: floor(off) for line_id, off in exact.items()}
    return Answer(sum(lines.values()), lines)


def _selection(
    discount: Document, counter: Counter, times: int, takes: Takes, cents: Callable[[Any], int]
) -> Answer | None:
    choose, price = discount["choose"], cents(discount["price"])
    pieces = _dearest([x for x in counter.pieces if takes(discount.get("items", {}), x.item_id)])
    bundles = [pieces[i : i + choose] for i in range(0, len(pieces), choose)]
    whole = [bundle for bundle in bundles if len(bundle) == choose][:times]
    if not whole:
        return None
    good = [one for one in whole if sum(piece.price for piece in one) > price] or whole[:1]
    taken = [piece for bundle in good for piece in bundle]
    worth = [
        floor(sum((p.price for p in taken if p.line_id == line.line_id), Fraction(0)))
        for line in counter.lines
    ]
    places = [i for i, size in enumerate(worth) if size]
    off = sum(worth) - price * len(good)
    parts = reference_basket.shared(off, places, worth, counter.lines)
    return Answer(max(0, off), {counter.lines[i].line_id: part for i, part in parts.items()})
