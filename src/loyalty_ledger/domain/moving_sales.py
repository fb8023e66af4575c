"""Sales that move with their customer; one in which the other has a part, too, is one for both."""

from collections.abc import Iterator

from msgspec.structs import replace

from loyalty_ledger.domain.counting import uncount
from loyalty_ledger.domain.draft import Draft
from loyalty_ledger.domain.events.merging import SaleMoved
from loyalty_ledger.domain.events.settlement import JudgedCustomer, PurchaseRecounted
from loyalty_ledger.domain.limits import Usage
from loyalty_ledger.domain.mergeable import Merge
from loyalty_ledger.domain.program.document import Program
from loyalty_ledger.domain.sale_record import SaleRecord
from loyalty_ledger.domain.streams import cause, tiers_of, usage_of
from loyalty_ledger.domain.transaction import Sale


def counted_by_both(merge: Merge, draft: Draft) -> set[str]:
    """The sales, by name, that count for both of them."""
    both = {merge.customer_id, merge.into}
    records = {stream: draft.state(stream).record for stream in merge.sales}
    return {_name(stream) for stream, one in records.items() if both <= one.counted.keys()}


def _name(stream: str) -> str:
    return stream.partition("/")[2]


def move_sales(merge: Merge, numbering: int, draft: Draft) -> None:
    """Each sale is told; what counted for both counts once, since it is one customer's now."""
    for stream in merge.sales:
        before: Sale = draft.state(stream)
        moved = SaleMoved(
            at=merge.at,
            customer_id=merge.customer_id,
            into=merge.into,
            transaction=_name(stream),
            numbering=numbering,
            judged=_judged(merge, before.record),
        )
        draft.emit(stream, moved, merge.customer_id, merge.into)
        after: Sale = draft.state(stream)
        follows = cause(stream, after.events)
        _count_purchase(merge, before.record, after.record, moved, follows, draft)
        _count_grants(merge, before.record, follows, draft)


def _judged(merge: Merge, record: SaleRecord) -> JudgedCustomer | None:
    """The best of what both are judged by, so that a later version takes back nothing of it."""
    gone, there = (record.members.get(one) for one in (merge.customer_id, merge.into))
    if gone is None or there is None:
        return None
    return replace(
        there,
        levels=_highest(gone, there, merge.programs[record.program_version]),
        tags=sorted({*gone.tags, *there.tags}),
        opted_in=gone.opted_in or there.opted_in,
    )


def _highest(gone: JudgedCustomer, there: JudgedCustomer, program: Program) -> dict[str, str]:
    levels = {**gone.levels, **there.levels}
    for system in program.tier_systems:
        held = [one.levels[system.id] for one in (gone, there) if system.id in one.levels]
        if held:
            levels[system.id] = max(held, key=system.rank)
    return levels


def _count_purchase(
    merge: Merge,
    before: SaleRecord,
    after: SaleRecord,
    moved: SaleMoved,
    follows: str,
    draft: Draft,
) -> None:
    """The one's share is added to the other's: it is one purchase."""
    was, now = before.counted.get(merge.into), after.counted.get(merge.into)
    if was is None or now is None or was == now or before.sale_time is None:
        return
    recounted = PurchaseRecounted(
        at=merge.at,
        customer_id=merge.into,
        transaction=moved.transaction,
        total=now.total,
        spend=now.spend,
        times=now.times,
        was_total=was.total,
        was_spend=was.spend,
        was_times=was.times,
        counted_at=before.sale_time,
        program_version=before.program_version,
        cause=follows,
    )
    draft.emit(tiers_of(merge.into), recounted, merge.into)


def _count_grants(merge: Merge, record: SaleRecord, follows: str, draft: Draft) -> None:
    """What a rule gave both for one sale is one grant: it counts for one customer once."""
    for subject in _counted_twice(merge, record):
        usage: Usage = draft.state(usage_of(merge.into))
        if usage.of(subject).times > 1 and record.sale_time is not None:
            told = merge.at, record.sale_time
            uncount(draft, merge.into, subject, 0, at=told[0], counted_at=told[1], cause=follows)


def _counted_twice(merge: Merge, record: SaleRecord) -> Iterator[str]:
    for (customer_id, rule), mine in record.grants.items():
        theirs = record.grants.get((merge.into, rule))
        if customer_id == merge.customer_id and theirs is not None:
            yield from (subject for subject in mine.counted if subject in theirs.counted)
