"""Two parts of one sale that are one customer's from here on: what either had is had together.

Nothing is given or taken by it: a later version is worked out from all of it.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from loyalty_ledger.domain.events.settlement import Asked
from loyalty_ledger.domain.sale_record import (
    Counted,
    Lost,
    Refused,
    SaleRecord,
    Standing,
    Tender,
)

Key = tuple[str, str]
NOTHING = Standing()


# --- one of each --------------------------------------------------------------------------------


def counted(one: Counted, other: Counted) -> Counted:
    """Both shares of the one sale, that counts once."""
    total = max(one.total, other.total)
    return Counted(one.spend + other.spend, total, one.times + other.times)


def standing(one: Standing, other: Standing) -> Standing:
    """All that stands of a grant; it counts once for whatever both counted for."""
    return Standing(
        (*one.awards, *other.awards),
        {**one.offers, **other.offers},
        tuple(dict.fromkeys((*one.counted, *other.counted))),
        {**one.codes, **other.codes},
    )


def asked(one: Asked, other: Asked) -> Asked:
    """What others than this sale had come to, for both."""
    others = [mine + yours for mine, yours in zip(one.others, other.others, strict=False)]
    counts = [mine or yours for mine, yours in zip(one.counts, other.counts, strict=False)]
    return replace(other, others=others, counts=counts)


def refused(one: Refused, other: Refused) -> Refused:
    """What there was room for, for either."""
    return one if one.room > other.room else other


def lost(one: Lost, other: Lost) -> Lost:
    """What was taken back of the awards of both."""
    out_of = {
        account: one.out_of.get(account, 0) + other.out_of.get(account, 0)
        for account in dict.fromkeys((*one.out_of, *other.out_of))
    }
    return Lost(out_of, one.written_off + other.written_off, one.already_gone + other.already_gone)


def tender(one: Tender, other: Tender) -> Tender:
    """The points that both paid, as if the one who paid last had paid after the other."""
    first, last = sorted((one, other), key=lambda paid: paid.at)
    return Tender(
        (*first.paid, *last.paid), one.asked + other.asked, (*first.lots, *last.lots), last.at
    )


def lots(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """Every lot once."""
    return tuple(dict.fromkeys((*one, *other)))


# --- what limits left ---------------------------------------------------------------------------


def caps(record: SaleRecord, pair: tuple[str, str]) -> dict[Key, Refused]:
    """What a limit kept one of two from is kept from both, for the second of them.

    Together they have room for what the one had, and for what stands of the other's.
    """
    found = {}
    for rule in _rules(pair, record.grants):
        sides = [(who, rule) for who in pair]
        limit = next((name for side in sides if (name := _limit(record, side))), "")
        if limit:
            found[sides[1]] = Refused(limit, sum(_room(record, side) for side in sides))
    return found


def _rules(pair: tuple[str, str], found: Mapping[Key, object]) -> dict[str, None]:
    return dict.fromkeys(rule for who, rule in found if who in pair)


def _limit(record: SaleRecord, side: Key) -> str:
    told = record.capped.get(side)
    if told is None and side not in record.grants:
        told = record.refused.get(side)
    return "" if told is None else told.limit


def _room(record: SaleRecord, side: Key) -> int:
    if side in record.capped:
        return record.capped[side].room
    return sum(record.grants.get(side, NOTHING).points.values())


def ceilings(record: SaleRecord, pair: tuple[str, str]) -> dict[Key, dict[str, int]]:
    """The most that full balances left both of, by account, for the second of them."""
    found = {}
    for rule in _rules(pair, record.ceilings):
        sides = [(who, rule) for who in pair]
        accounts = [name for side in sides for name in record.ceilings.get(side, ())]
        found[sides[1]] = {
            name: sum(_most(record, side, name) for side in sides)
            for name in dict.fromkeys(accounts)
        }
    return found


def _most(record: SaleRecord, side: Key, account: str) -> int:
    """What a full balance left; where none was full, what stands."""
    awards = record.grants.get(side, NOTHING).awards
    stands = sum(one.points for one in awards if one.account == account)
    return record.ceilings.get(side, {}).get(account, stands)
