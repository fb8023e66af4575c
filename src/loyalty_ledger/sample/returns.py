"""Sales that come back: `send_transaction` bodies with return versions added, by a seed.

Of all baskets 8 % come back: whole, in part, in pieces, in pieces that arrive out of order, or
thirteen months later. Some households bring everything back. What happens to a basket follows from
the seed and its own body alone, so that a part of a file is told the same as the whole.
"""

import heapq
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

BASKETS, HOUSEHOLDS = 0.08, 0.05
KINDS = {"whole": 30, "part": 25, "pieces": 20, "out of order": 15, "late": 10}
LINES = ("left out", "lower", "negative")
PAYMENTS = ("reduced", "negative", "left out")
SOON, IN_TIME, TOO_LATE = 30, 340, range(396, 411)
CENT = Decimal("0.01")

Body = dict[str, Any]


class Arrival(NamedTuple):
    """A version of a sale: when it is sent in, when it was made, the body as a line of a file."""

    sent: datetime
    made: datetime
    line: bytes


class Basket(NamedTuple):
    """A sale with its returns as they arrive. `kind` is how it comes back, '' when it does not.

    `undone` is when the last of it came back within a year; None when something was kept.
    """

    household: str
    kind: str
    arrivals: list[Arrival]
    undone: datetime | None


def with_returns(lines: Iterable[bytes], seed: int) -> Iterator[bytes]:
    """The sales, which come in order of time, and their returns, in the order they are sent in."""
    waiting: list[tuple[datetime, int, bytes]] = []
    number = 0
    for line in lines:
        basket = returned(line, seed)
        begun = min(one.made for one in basket.arrivals)
        while waiting and waiting[0][0] < begun:
            yield heapq.heappop(waiting)[2]
        for one in basket.arrivals:
            number += 1
            heapq.heappush(waiting, (one.sent, number, one.line))
    while waiting:
        yield heapq.heappop(waiting)[2]


def returned(line: bytes, seed: int) -> Basket:
    """The sale as it was sent, with the returns that the seed gives it."""
    body = json.loads(line)
    sale = body["request_payload"]
    household = str(sale["payments"][0]["user_id"])
    chance = Random(f"{seed}/{body['store_id']}/{sale['transaction_id']}")  # noqa: S311
    first = Arrival(_time(sale["modified_time"]), _time(sale["modified_time"]), line)
    kind = "whole" if brings_all_back(household, seed) else _kind(chance)
    if not kind:
        return Basket(household, kind, [first], None)
    days = chance.choice(TOO_LATE) if kind == "late" else chance.randint(0, SOON)
    if kind != "late" and not brings_all_back(household, seed) and chance.random() < 1 / 4:
        days = chance.randint(SOON, IN_TIME)
    parts = chance.randint(2, 4) if kind in ("pieces", "out of order") else 1
    everything = kind == "whole" or (kind != "part" and chance.random() < 1 / 2)
    gone = _gone(sale, parts, chance, everything=everything)
    versions = [first]
    for number, part in enumerate(gone, 1):
        made = versions[-1].made + timedelta(minutes=chance.randint(1, 600))
        if number == 1:
            made += timedelta(days=days)
        versions.append(Arrival(made, made, _version(body, number, made, part, chance)))
    undone = versions[-1].made if _nothing(gone[-1]) and kind != "late" else None
    if kind == "out of order":
        versions = _shuffled(versions, chance)
    return Basket(household, kind, versions, undone)


def brings_all_back(household: str, seed: int) -> bool:
    """Whether the household is one that brings everything back, each basket at once and soon."""
    return Random(f"{seed}/{household}").random() < HOUSEHOLDS  # noqa: S311


def _kind(chance: Random) -> str:
    if chance.random() >= BASKETS:
        return ""
    return chance.choices([*KINDS], [*KINDS.values()])[0]


def _shuffled(versions: list[Arrival], chance: Random) -> list[Arrival]:
    """All returns come in with the last one, in any order; sometimes the sale does so, too."""
    last = versions[-1].sent
    held = 0 if chance.random() < 1 / 3 else 1
    late = [one._replace(sent=last) for one in versions[held:]]
    chance.shuffle(late)
    return [*versions[:held], *late]


# --- what comes back ----------------------------------------------------------------------------


class Kept(NamedTuple):
    """What is kept of a line."""

    quantity: Decimal
    subtotal: Decimal


def _gone(sale: Body, parts: int, chance: Random, *, everything: bool) -> list[dict[str, Kept]]:
    """What is kept of each line once each of the parts came back."""
    kept = {item["line_id"]: _whole(item) for item in sale["items"]}
    names = [*kept]
    chance.shuffle(names)
    if not everything:
        names = names[: max(1, len(names) // 2)]
    found = []
    for number in range(parts):
        for name in names[number::parts]:
            kept[name] = _less(kept[name], chance, everything=everything)
        if everything and number == parts - 1:
            kept = dict.fromkeys(kept, Kept(Decimal(0), Decimal(0)))
        found.append(dict(kept))
    return found


def _nothing(kept: dict[str, Kept]) -> bool:
    return not any(one.quantity or one.subtotal for one in kept.values())


def _whole(item: Body) -> Kept:
    return Kept(Decimal(str(item["quantity"])), Decimal(item["subtotal"]))


def _less(line: Kept, chance: Random, *, everything: bool) -> Kept:
    """Nothing of the line, or fewer of several pieces."""
    if everything or line.quantity < 2 or chance.random() < 1 / 2:
        return Kept(Decimal(0), Decimal(0))
    left = Decimal(chance.randrange(1, int(line.quantity)))
    return Kept(left, (line.subtotal * left / line.quantity).quantize(CENT))


# --- how it is told -----------------------------------------------------------------------------


def _version(
    body: Body, number: int, made: datetime, kept: dict[str, Kept], chance: Random
) -> bytes:
    """The sale sent again; one of which nothing is left may be voided instead."""
    sale = dict(body["request_payload"], modified_time=made.isoformat(sep=" "))
    if _nothing(kept) and chance.random() < 1 / 3:
        sale["is_voided"] = True
    else:
        sale["items"] = _items(sale["items"], kept, chance.choice(LINES))
        sale["payments"] = _payments(sale["payments"], sale, kept, chance.choice(PAYMENTS))
    request = f"{body['request_id']}-return-{number}"
    told = dict(body, request_id=request, request_payload=sale)
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _items(items: list[Body], kept: dict[str, Kept], how: str) -> list[Body]:
    left = [(item, kept[item["line_id"]]) for item in items]
    if how == "negative":
        return [*items, *(_back(item, one) for item, one in left if one != _whole(item))]
    if how == "left out":
        left = [(item, one) for item, one in left if one.quantity or one.subtotal]
    return [item if one == _whole(item) else _told(item, one) for item, one in left]


def _told(item: Body, kept: Kept) -> Body:
    return dict(item, quantity=int(kept.quantity), subtotal=str(kept.subtotal))


def _back(item: Body, kept: Kept) -> Body:
    """A line of its own, for what came back of this one."""
    bought = _whole(item)
    back = Kept(kept.quantity - bought.quantity, kept.subtotal - bought.subtotal)
    return dict(_told(item, back), line_id=f"{item['line_id']}-back")


def _payments(payments: list[Body], sale: Body, kept: dict[str, Kept], how: str) -> list[Body]:
    """One payment less what was paid back, or with the refund beside it, or none told."""
    if how == "left out":
        return []
    paid = Decimal(payments[0]["amount"])
    left = min(paid, sum((one.subtotal for one in kept.values()), Decimal(0)))
    if how == "reduced":
        return [dict(payments[0], amount=str(left))]
    return [payments[0], dict(payments[0], payment_id="back", amount=str(left - paid))]


def _time(told: str) -> datetime:
    return datetime.fromisoformat(told)
