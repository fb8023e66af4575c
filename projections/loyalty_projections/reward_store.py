"""What can a customer buy with points? The stores open to him, what they sell, and why not."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from loyalty_ledger.domain.events import limits
from loyalty_ledger.domain.events.limits import GrantCounted, GrantUncounted
from loyalty_ledger.domain.events.merging import UsageMovedIn, UsageMovedOut
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.program.offers import RewardStore, StoreOffer
from loyalty_ledger.domain.reward_store import (
    Obstacle,
    Shopper,
    Sold,
    balance,
    obstacles,
    shut,
    spendable,
)
from loyalty_projections.projection import Projection, Recorded
from loyalty_projections.rows import Reader, Rows
from loyalty_projections.tables import Table


class TakenRow(NamedTuple):
    """How often a customer was issued an offer, or bought it in a reward store."""

    customer_id: str
    subject: str
    times: int = 0


class TotalRow(NamedTuple):
    """How often everybody was."""

    subject: str
    times: int = 0


_TIMES = frozenset({"times"})
TAKEN = Table("reward_store_taken", TakenRow, keys=2, sums=_TIMES, gone=("times",))
TOTALS = Table("reward_store_total", TotalRow, keys=1, sums=_TIMES, gone=("times",))
_COUNTED = (limits.issued(""), limits.sold(""))


def _counted(rows: Rows, event: GrantCounted | GrantUncounted, recorded: Recorded) -> None:
    """A grant is counted in two streams; the customer's own counts here."""
    if event.subject.startswith(_COUNTED) and recorded.stream.startswith("usage/"):
        times = event.times if isinstance(event, GrantCounted) else -event.times
        rows.merge(TAKEN, (event.customer_id, event.subject), times=times)
        rows.merge(TOTALS, (event.subject,), times=times)


def _moved(rows: Rows, event: UsageMovedOut | UsageMovedIn, _recorded: Recorded) -> None:
    """Over all customers nothing changes."""
    sign = 1 if isinstance(event, UsageMovedIn) else -1
    for one in event.counts:
        if one.subject.startswith(_COUNTED) and one.times:
            rows.merge(TAKEN, (event.customer_id, one.subject), times=sign * one.times)


PROJECTION = Projection(
    "reward_store",
    3,
    (TAKEN, TOTALS),
    {
        GrantCounted: _counted,
        GrantUncounted: _counted,
        UsageMovedOut: _moved,
        UsageMovedIn: _moved,
    },
)


# --- the view -----------------------------------------------------------------------------------


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class WhyNot(_View):
    """A reason of the closed list, in words, with what would have to be different."""

    code: str
    message: str
    details: dict[str, Any]


class StoreOfferView(_View):
    """What a reward store sells. `left` is the inventory; null is without end."""

    id: str
    offer: str
    title: str
    price: int
    starts: datetime | None
    ends: datetime | None
    left: int | None
    affordable: bool
    can_buy: bool
    why_not: tuple[WhyNot, ...]


class StoreView(_View):
    """A reward store; `why_not` says what keeps the customer out of it."""

    id: str
    name: str
    point_accounts: tuple[str, ...]
    balance: int
    starts: datetime | None
    ends: datetime | None
    is_open: bool
    why_not: tuple[WhyNot, ...]
    offers: tuple[StoreOfferView, ...]


# --- queries ------------------------------------------------------------------------------------


def subjects(program: Program) -> list[str]:
    """All that sales in reward stores are counted under."""
    sold = [one for store in program.reward_stores for one in store.offers]
    return list(dict.fromkeys(name for one in sold for name in _subjects_of(one)))


def issued(reader: Reader, offers: Collection[str]) -> dict[str, int]:
    """How often each of these offers was issued, less what was taken back; 0 is left out."""
    subjects_of = {limits.issued(name): name for name in offers}
    rows = reader.select(TOTALS, subject=list(subjects_of))
    return {subjects_of[row.subject]: row.times for row in rows}


def shelves(
    reader: Reader,
    customer_id: str,
    now: datetime,
    program: Program,
    shopper: Shopper,
    in_all: Mapping[str, int] | None = None,
) -> list[StoreView]:
    """Every reward store with what it sells, as it stands for the customer at `now`.

    `in_all` counts everybody's by subject, where the rows hold this customer's alone.
    """
    names = subjects(program)
    taken = {
        row.subject: row.times
        for row in reader.select(TAKEN, customer_id=customer_id, subject=names)
    }
    if in_all is None:
        in_all = {row.subject: row.times for row in reader.select(TOTALS, subject=names)}
    return [_store(store, shopper, now, program, taken, in_all) for store in program.reward_stores]


def _subjects_of(sold: StoreOffer) -> tuple[str, str]:
    return limits.sold(sold.id), limits.issued(sold.offer)


def _store(
    store: RewardStore,
    shopper: Shopper,
    now: datetime,
    program: Program,
    taken: Mapping[str, int],
    in_all: Mapping[str, int],
) -> StoreView:
    why_not = shut(store, shopper, now, program)
    offers = []
    for sold in store.offers:
        as_sold, as_issued = _subjects_of(sold)
        counts = Sold(
            taken.get(as_sold, 0),
            in_all.get(as_sold, 0),
            taken.get(as_issued, 0),
            in_all.get(as_issued, 0),
        )
        in_the_way = obstacles(store, sold, shopper, counts, now, program)
        affordable = sold.price <= balance(store, shopper, program)
        offers.append(_offer(sold, counts, in_the_way, program, affordable=affordable))
    return StoreView(
        id=store.id,
        name=store.name,
        point_accounts=tuple(spendable(store, program)),
        balance=balance(store, shopper, program),
        starts=store.starts and program.instant(store.starts),
        ends=store.ends and program.instant(store.ends),
        is_open=not why_not,
        why_not=_told(why_not),
        offers=tuple(offers),
    )


def _offer(
    sold: StoreOffer,
    counts: Sold,
    in_the_way: list[Obstacle],
    program: Program,
    *,
    affordable: bool,
) -> StoreOfferView:
    stock = sold.inventory
    return StoreOfferView(
        id=sold.id,
        offer=sold.offer,
        title=program.offer(sold.offer).title,
        price=sold.price,
        starts=sold.starts and program.instant(sold.starts),
        ends=sold.ends and program.instant(sold.ends),
        left=None if stock is None else max(0, stock - counts.in_all),
        affordable=affordable,
        can_buy=not in_the_way,
        why_not=_told(in_the_way),
    )


def _told(found: list[Obstacle]) -> tuple[WhyNot, ...]:
    return tuple(
        WhyNot(code=one.code.value, message=one.message, details=one.details) for one in found
    )
