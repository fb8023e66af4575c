"""What a sale came to so far: what it is judged by, what stands of its grants, what went back.

Every version of a sale is worked out from scratch by the same facts; what is posted is the
difference to what stands here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from loyalty_ledger.domain.events.points import LotPoints
from loyalty_ledger.domain.events.sales import PointsTendered
from loyalty_ledger.domain.events.settlement import (
    Asked,
    Grant,
    JudgedCustomer,
    PostedAward,
    Taken,
    TransactionSettled,
)
from loyalty_ledger.domain.values import BEGINNING_OF_TIME

EVERYTHING = "*"
"""What a grant counts for that was settled before it was told: all that it can."""


class Counted(Struct, frozen=True, array_like=True, gc=False):
    """How a sale counts for a customer."""

    spend: int = 0
    total: int = 0
    times: int = 0


class Standing(Struct, frozen=True, array_like=True, gc=False):
    """What stands of a grant: its awards, its offers by definition, the sources it counts for.

    `codes` are drawn promo codes by promotion.
    """

    awards: tuple[PostedAward, ...] = ()
    offers: dict[str, str] = {}
    counted: tuple[str, ...] = ()
    codes: dict[str, str] = {}

    @property
    def points(self) -> dict[tuple[str, str], int]:
        """Points by account and source."""
        sums: dict[tuple[str, str], int] = {}
        for award in self.awards:
            key = award.account, award.source
            sums[key] = sums.get(key, 0) + award.points
        return sums

    def counts(self, subject: str) -> bool:
        """Whether it counts for the subject, once."""
        return subject in self.counted or EVERYTHING in self.counted

    @property
    def nothing(self) -> bool:
        """Whether nothing of it is left."""
        return not (self.awards or self.offers or self.codes)


class Lost(Struct, frozen=True, array_like=True, gc=False):
    """What was taken back of a sale's awards in an account, and out of which accounts.

    `written_off` and `already_gone` came from nowhere: they are made up before anything is earned
    anew.
    """

    out_of: dict[str, int] = {}
    written_off: int = 0
    already_gone: int = 0


class Tender(Struct, frozen=True, array_like=True, gc=False):
    """Points a customer paid with: at which total of the sale, and the lots not given back yet.

    `at` is when he paid last.
    """

    paid: tuple[tuple[int | None, int], ...] = ()
    asked: int = 0
    lots: tuple[tuple[str, LotPoints], ...] = ()
    at: datetime = BEGINNING_OF_TIME

    @property
    def spent(self) -> int:
        """The points that are spent now."""
        return sum(part.points for _, part in self.lots)


class Refused(Struct, frozen=True, array_like=True, gc=False):
    """The limit that refused a grant, or its growth, and the points it had room for then."""

    limit: str
    room: int = 0


class SaleRecord(Struct, frozen=True, array_like=True, gc=False):
    """What a sale came to. Nothing before its first settlement.

    `members` are judged by what they were when they were first named; `stands` is the version that
    it stands by, and `total` is what that came to.
    `grants`, `asked`, `refused`, `capped` and `ceilings` are by customer and rule: `refused` are
    grants that a limit refused, `capped` those that it kept from growing, `ceilings` the most that
    a maximum balance left, by account. `lots` are all it ever made, by customer and account: what
    an award lost may be found in the lot of another.
    """

    first: int = 0
    last: int = 0
    stands: int = 0
    sale_time: datetime | None = None
    program_version: int = 0
    catalog_version: int = 0
    first_total: int = 0
    total: int = 0
    members: dict[str, JudgedCustomer] = {}
    counted: dict[str, Counted] = {}
    grants: dict[tuple[str, str], Standing] = {}
    lots: dict[tuple[str, str], tuple[int, ...]] = {}
    asked: dict[tuple[str, str], Asked] = {}
    refused: dict[tuple[str, str], Refused] = {}
    capped: dict[tuple[str, str], Refused] = {}
    ceilings: dict[tuple[str, str], dict[str, int]] = {}
    lost: dict[tuple[str, str], Lost] = {}
    tenders: dict[str, Tender] = {}
    given_back: tuple[str, ...] = ()

    def own_lots(self, customer_id: str, account: str) -> tuple[int, ...]:
        """The lots that the sale made for the customer in the account, taken back or not."""
        return self.lots.get((customer_id, account), ())


NEW = SaleRecord()
CAPPED = "maximum_balance:"
TENDER = "tender"


def tendered(record: SaleRecord, event: PointsTendered) -> SaleRecord:
    """The record after points paid for the sale."""
    before = record.tenders.get(event.customer_id, Tender())
    paid = before.paid if event.again else (*before.paid, (event.total, event.points))
    asked = before.asked if event.again else before.asked + event.asked
    lots = (*before.lots, *((event.account, part) for part in event.lots))
    tender = Tender(paid, asked, lots, max(before.at, event.at))
    return replace(record, tenders={**record.tenders, event.customer_id: tender})


def settled(record: SaleRecord, event: TransactionSettled) -> SaleRecord:
    """The record after a version was settled; one that came too late leaves what stands."""
    record = replace(record, last=event.version)
    if event.outside_return_window:
        return record
    if not record.first:
        record = replace(
            record,
            first=event.version,
            sale_time=event.sale_time,
            program_version=event.program_version,
            catalog_version=event.catalog_version,
            first_total=event.total,
        )
    judged = {one.customer_id: one for one in event.customers}
    grants = _grants(event)
    return replace(
        record,
        stands=event.version,
        members={**judged, **record.members},
        total=event.total,
        counted={name: _counted(one, event) for name, one in judged.items()},
        grants=grants,
        lots=_lots(record.lots, grants),
        asked={**record.asked, **{(one.customer_id, one.rule): one for one in event.asked}},
        refused={**_refused(event, granted=False), **record.refused},
        capped={**_refused(event, granted=True), **record.capped},
        ceilings=_ceilings(record, event),
        lost=lost_after(record.lost, event.taken),
        tenders=_tenders(record, event),
        given_back=(
            *record.given_back,
            *(one.offer_id for one in event.given_back if one.offer_id),
        ),
    )


def _counted(one: JudgedCustomer, event: TransactionSettled) -> Counted:
    times = int(one.first) if one.times is None else one.times
    total = event.total if event.holds else 0
    return Counted(total * one.paid // one.paid_in_all, total, times)


def _grants(event: TransactionSettled) -> dict[tuple[str, str], Standing]:
    """What stands; what levels gave is not the sale's, and stands with the levels."""
    found = {
        (one.customer_id, one.rule): _standing(one, event.sale_time)
        for one in event.grants
        if not one.rule.startswith("tier:")
    }
    return {key: standing for key, standing in found.items() if not standing.nothing}


def _lots(
    before: Mapping[tuple[str, str], tuple[int, ...]], grants: Mapping[tuple[str, str], Standing]
) -> dict[tuple[str, str], tuple[int, ...]]:
    """All lots the sale ever made: what of one has expired stays gone when it is earned again."""
    found = dict(before)
    for (customer_id, _), standing in grants.items():
        for award in standing.awards:
            key = customer_id, award.account
            found[key] = tuple(dict.fromkeys((*found.get(key, ()), award.lot)))
    return found


def _standing(grant: Grant, sale_time: datetime) -> Standing:
    """What stands of a grant; the first settlements told it by account and lot only."""
    awards, counted = tuple(grant.awards), tuple(grant.counted)
    offers = grant.held or dict.fromkeys(grant.offers, "")
    if not (grant.awards or grant.held or grant.drawn or grant.granted):
        counted = (EVERYTHING,)
        told = zip(grant.deserved.items(), grant.lots, strict=False)
        awards = tuple(
            PostedAward(account=account, source="", lot=lot, points=points, earned_at=sale_time)
            for (account, points), lot in told
        )
    return Standing(awards, offers, counted, grant.drawn)


def _refused(event: TransactionSettled, *, granted: bool) -> dict[tuple[str, str], Refused]:
    """What limits refused of grants that stand, or of those that do not: it stays refused.

    Whatever is freed later, a version gets no more than there was room for.
    """
    standing = {(one.customer_id, one.rule) for one in event.grants}
    return {
        (cut.customer_id, cut.rule): Refused(cut.limit, cut.kept)
        for cut in event.cuts
        if ((cut.customer_id, cut.rule) in standing) is granted and not cut.limit.startswith(CAPPED)
    }


def _ceilings(
    record: SaleRecord, event: TransactionSettled
) -> dict[tuple[str, str], dict[str, int]]:
    found = dict(record.ceilings)
    for cut in event.cuts:
        if cut.limit.startswith(CAPPED):
            key = cut.customer_id, cut.rule
            account = cut.limit.removeprefix(CAPPED)
            found[key] = {account: cut.kept, **found.get(key, {})}
    return found


def lost_after(
    lost: Mapping[tuple[str, str], Lost], taken: Sequence[Taken]
) -> dict[tuple[str, str], Lost]:
    """What was lost, by customer and account, with what was taken now."""
    found = dict(lost)
    for one in taken:
        key = one.customer_id, one.account
        before = found.get(key, Lost())
        from_there = before.out_of.get(one.out_of, 0) + one.points - one.already_gone
        found[key] = Lost(
            {**before.out_of, one.out_of: from_there},
            before.written_off + one.written_off,
            before.already_gone + one.already_gone,
        )
    return found


def _tenders(record: SaleRecord, event: TransactionSettled) -> dict[str, Tender]:
    found = dict(record.tenders)
    for one in event.given_back:
        if one.how == TENDER:
            tender = found[one.customer_id]
            found[one.customer_id] = replace(tender, lots=_without_last(tender.lots, one.points))
    return found


def _without_last(
    lots: Sequence[tuple[str, LotPoints]], points: int
) -> tuple[tuple[str, LotPoints], ...]:
    """The lots without the last points of them: those went back first."""
    left = list(lots)
    while points and left:
        account, part = left.pop()
        if part.points > points:
            left.append((account, replace(part, points=part.points - points)))
        points -= min(points, part.points)
    return tuple(left)
